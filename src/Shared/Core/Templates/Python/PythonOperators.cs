using NodaTime;
using Sluice.Core.Templates.Rendering;

namespace Sluice.Core.Templates.Python;

/// <summary>Python's operators over all kinds of values.</summary>
internal static class PythonOperators
{
    public static bool Truthy(TemplateValue value) => PythonEquality.Require(value) switch
    {
        NoneValue or UndefinedValue => false,
        BooleanValue x => x.Value,
        IntegerValue x => !x.Value.IsZero,
        FloatValue x => x.Value != 0,
        StringValue x => x.Value.Length > 0,
        ListValue x => x.Items.Count > 0,
        DictionaryValue x => x.Count > 0,
        DurationValue x => x.Value != TimeSpan.Zero,
        _ => true,
    };

    public static TemplateValue Unary(char sign, TemplateValue value)
    {
        PythonEquality.Require(value);
        return value switch
        {
            FloatValue x => TemplateValue.From(sign == '-' ? -x.Value : x.Value),
            DurationValue x => TemplateValue.From(sign == '-' ? -x.Value : x.Value),
            RelativeDeltaValue x => sign == '-' ? x.Negated() : x,
            _ when PythonNumbers.TryInteger(value, out var integer) => TemplateValue.From(sign == '-' ? -integer : integer),
            _ => throw new TemplateException($"'{sign}' does not work on {value.TypeName}."),
        };
    }

    public static TemplateValue Binary(string symbol, TemplateValue left, TemplateValue right, RenderBudget budget)
    {
        PythonEquality.Require(left);
        PythonEquality.Require(right);
        if (symbol == "%" && left is StringValue format)
        {
            return TemplateValue.From(PercentFormat.Format(format.Value, right, budget));
        }

        if (PythonNumbers.IsNumber(left) && PythonNumbers.IsNumber(right))
        {
            return PythonNumbers.Binary(symbol, left, right);
        }

        var result = symbol switch
        {
            "+" => Add(left, right, budget),
            "-" => Subtract(left, right),
            "*" => Multiply(left, right, budget) ?? Multiply(right, left, budget),
            _ => Divide(symbol, left, right),
        };
        return result ?? throw new TemplateException(
            $"'{symbol}' does not work between {left.TypeName} and {right.TypeName}"
            + (symbol == "+" && (left is StringValue || right is StringValue) ? "; '~' joins anything as text." : "."));
    }

    public static bool Contains(TemplateValue item, TemplateValue container, RenderBudget budget)
    {
        PythonEquality.Require(item);
        PythonEquality.Require(container);
        switch (container)
        {
            case StringValue text when item is StringValue part:
                budget.Step(text.Value.Length >> 10);
                return text.Value.Contains(part.Value, StringComparison.Ordinal);
            case StringValue:
                throw new TemplateException($"'in' a string needs a string on its left, not {item.TypeName}.");
            case DictionaryValue dictionary:
                return dictionary.Get(item) is not null;
            default:
                foreach (var candidate in PythonSequences.Iterate(container))
                {
                    if (PythonEquality.AreEqual(item, candidate, budget))
                    {
                        return true;
                    }
                }

                return false;
        }
    }

    public static bool Compare(string symbol, TemplateValue left, TemplateValue right, RenderBudget budget)
    {
        if (symbol is "<" or "<=" or ">" or ">=" && (IsNaN(left) || IsNaN(right)) && PythonNumbers.IsNumber(left) && PythonNumbers.IsNumber(right))
        {
            return false;
        }

        return symbol switch
        {
            "==" => PythonEquality.AreEqual(left, right, budget),
            "!=" => !PythonEquality.AreEqual(left, right, budget),
            "<" => PythonEquality.Compare(left, right, symbol, budget) < 0,
            "<=" => PythonEquality.Compare(left, right, symbol, budget) <= 0,
            ">" => PythonEquality.Compare(left, right, symbol, budget) > 0,
            ">=" => PythonEquality.Compare(left, right, symbol, budget) >= 0,
            "in" => Contains(left, right, budget),
            _ => !Contains(left, right, budget),
        };
    }

    private static bool IsNaN(TemplateValue value) => value is FloatValue { Value: double.NaN };

    private static TemplateValue? Add(TemplateValue left, TemplateValue right, RenderBudget budget)
    {
        switch (left, right)
        {
            case (StringValue a, StringValue b):
                budget.CheckText((long)a.Value.Length + b.Value.Length);
                return TemplateValue.From(a.Value + b.Value);
            case (ListValue a, ListValue b) when a.Kind == b.Kind && a.Kind is SequenceKind.List or SequenceKind.Tuple:
                budget.Items((long)a.Items.Count + b.Items.Count);
                return new ListValue([.. a.Items, .. b.Items], a.Kind);
            case (DurationValue a, DurationValue b):
                return TemplateValue.From(a.Value + b.Value);
            case (DateTimeValue a, DurationValue b):
                return a.Plus(Duration.FromTimeSpan(b.Value));
            case (DurationValue, DateTimeValue):
                return Add(right, left, budget);
            case (DateValue a, DurationValue b):
                return new DateValue(a.Value.PlusDays(PythonText.Parts(b.Value).Days));
            case (DurationValue, DateValue):
                return Add(right, left, budget);
            case (DateTimeValue a, RelativeDeltaValue b):
                return a.WithLocal(b.AddTo(a.Local));
            case (DateValue a, RelativeDeltaValue b):
                return new DateValue(b.AddTo(a.Value.AtMidnight()).Date);
            case (RelativeDeltaValue, DateTimeValue or DateValue):
                return Add(right, left, budget);
            default:
                return null;
        }
    }

    private static TemplateValue? Subtract(TemplateValue left, TemplateValue right) => (left, right) switch
    {
        (DurationValue a, DurationValue b) => TemplateValue.From(a.Value - b.Value),
        (DateTimeValue a, DurationValue b) => a.Plus(-Duration.FromTimeSpan(b.Value)),
        (DateTimeValue a, DateTimeValue b) when a.IsNaive == b.IsNaive => TemplateValue.From((a.Instant - b.Instant).ToTimeSpan()),
        (DateTimeValue, DateTimeValue) => throw new TemplateException("A datetime without a zone cannot be subtracted from one that has a zone, or the reverse."),
        (DateTimeValue a, RelativeDeltaValue b) => a.WithLocal(b.Negated().AddTo(a.Local)),
        (DateValue a, RelativeDeltaValue b) => new DateValue(b.Negated().AddTo(a.Value.AtMidnight()).Date),
        (DateValue a, DurationValue b) => new DateValue(a.Value.PlusDays(-PythonText.Parts(b.Value).Days)),
        (DateValue a, DateValue b) => TemplateValue.From(TimeSpan.FromDays(Period.DaysBetween(b.Value, a.Value))),
        _ => null,
    };

    private static TemplateValue? Multiply(TemplateValue left, TemplateValue right, RenderBudget budget)
    {
        if (left is DurationValue duration && PythonNumbers.IsNumber(right))
        {
            return PythonNumbers.TryInteger(right, out var factor)
                ? TemplateValue.From(TimeSpan.FromTicks((long)(duration.Value.Ticks * factor)))
                : TemplateValue.From(FromMicroseconds(duration.Value.Ticks / 10.0 * PythonNumbers.ToDouble(right)));
        }

        if (!PythonNumbers.TryInteger(right, out var times))
        {
            return null;
        }

        var count = times.Sign <= 0 ? 0 : times > int.MaxValue ? int.MaxValue : (int)times;
        switch (left)
        {
            case StringValue text:
                budget.CheckText((long)text.Value.Length * count);
                return TemplateValue.From(text.Value.Length == 0 ? "" : new System.Text.StringBuilder().Insert(0, text.Value, count).ToString());
            case ListValue { Kind: SequenceKind.List or SequenceKind.Tuple } list:
                budget.Items((long)list.Items.Count * count);
                return new ListValue([.. Enumerable.Repeat(list.Items, list.Items.Count == 0 ? 0 : count).SelectMany(x => x)], list.Kind);
            default:
                return null;
        }
    }

    private static TemplateValue? Divide(string symbol, TemplateValue left, TemplateValue right)
    {
        if (left is not DurationValue duration || symbol == "**")
        {
            return null;
        }

        if (right is DurationValue other)
        {
            var (a, b) = (TemplateValue.From(duration.Value.Ticks / 10), TemplateValue.From(other.Value.Ticks / 10));
            var result = PythonNumbers.Binary(symbol, a, b);
            return symbol == "%" ? TemplateValue.From(TimeSpan.FromTicks((long)((IntegerValue)result).Value * 10)) : result;
        }

        if (symbol == "%" || !PythonNumbers.IsNumber(right))
        {
            return null;
        }

        var divisor = PythonNumbers.ToDouble(right);
        if (divisor == 0)
        {
            throw new TemplateException("Division by zero.");
        }

        return TemplateValue.From(symbol == "/"
            ? FromMicroseconds(duration.Value.Ticks / 10.0 / divisor)
            : TimeSpan.FromTicks((long)Math.Floor(duration.Value.Ticks / 10.0 / divisor) * 10));
    }

    private static TimeSpan FromMicroseconds(double micros) =>
        Math.Abs(micros) < 8.64e19 / 100 ? TimeSpan.FromTicks((long)Math.Round(micros, MidpointRounding.ToEven) * 10) : throw new OverflowException();
}
