using System.Globalization;
using System.Text;
using NodaTime;
using Sluice.Core.Templates.Rendering;

namespace Sluice.Core.Templates.Python;

/// <summary>Python's str() and repr().</summary>
internal static class PythonText
{
    public static string Str(TemplateValue value, RenderBudget budget)
    {
        if (value is StringValue text)
        {
            return text.Value;
        }

        var result = new StringBuilder();
        Write(result, value, budget, repr: false, 0);
        return result.ToString();
    }

    public static string Repr(TemplateValue value, RenderBudget budget)
    {
        var result = new StringBuilder();
        Write(result, value, budget, repr: true, 0);
        return result.ToString();
    }

    /// <summary>Python's <c>isoformat()</c>: microseconds only when there are some.</summary>
    public static string Iso(DateTimeValue value, string separator = "T") =>
        $"{Date(value.Local.Date)}{separator}{Time(value)}{(value.Offset is { } offset ? Offset(offset, ":") : "")}";

    public static string Date(LocalDate date) => $"{date.Year:0000}-{date.Month:00}-{date.Day:00}";

    /// <summary><c>+09:00</c>; seconds only when there are some.</summary>
    public static string Offset(Offset offset, string colon)
    {
        var seconds = Math.Abs(offset.Seconds);
        var tail = seconds % 60 == 0 ? "" : $"{colon}{seconds % 60:00}";
        return $"{(offset.Seconds < 0 ? '-' : '+')}{seconds / 3600:00}{colon}{seconds / 60 % 60:00}{tail}";
    }

    /// <summary><c>1 day, 0:00:00</c>, as Python's timedelta.</summary>
    public static string Duration(TimeSpan value)
    {
        var (days, seconds, micros) = Parts(value);
        var text = $"{seconds / 3600}:{seconds / 60 % 60:00}:{seconds % 60:00}{(micros == 0 ? "" : $".{micros:000000}")}";
        return days == 0 ? text : $"{days} day{(Math.Abs(days) == 1 ? "" : "s")}, {text}";
    }

    /// <summary>Python's parts of a timedelta: only the days may be negative.</summary>
    public static (int Days, int Seconds, int Microseconds) Parts(TimeSpan value)
    {
        var micros = value.Ticks >= 0 ? value.Ticks / 10 : -((-value.Ticks + 9) / 10);
        var days = Math.DivRem(micros, 86_400_000_000L, out var rest);
        if (rest < 0)
        {
            days--;
            rest += 86_400_000_000L;
        }

        return ((int)days, (int)(rest / 1_000_000), (int)(rest % 1_000_000));
    }

    public static string Time(DateTimeValue value) =>
        $"{value.Local.Hour:00}:{value.Local.Minute:00}:{value.Local.Second:00}{(value.Microsecond == 0 ? "" : $".{value.Microsecond:000000}")}";

    private static void Write(StringBuilder to, TemplateValue value, RenderBudget budget, bool repr, int depth)
    {
        budget.Step();
        budget.CheckText(to.Length);
        if (depth > PythonEquality.MaxDepth)
        {
            throw new TemplateException($"A value here is nested deeper than {PythonEquality.MaxDepth} levels.");
        }

        switch (value)
        {
            case NoneValue:
                to.Append("None");
                break;
            case BooleanValue x:
                to.Append(x.Value ? "True" : "False");
                break;
            case IntegerValue x:
                to.Append(x.Value.ToString(CultureInfo.InvariantCulture));
                break;
            case FloatValue x:
                to.Append(PythonFloats.Repr(x.Value));
                break;
            case StringValue x:
                if (repr)
                {
                    Quote(to, x.Value);
                }
                else
                {
                    to.Append(x.Value);
                }

                break;
            case DateTimeValue x:
                to.Append(repr ? Constructor(x) : Iso(x, " "));
                break;
            case DateValue x:
                to.Append(repr ? $"datetime.date({x.Value.Year}, {x.Value.Month}, {x.Value.Day})" : Date(x.Value));
                break;
            case DurationValue x:
                to.Append(repr ? Constructor(x.Value) : Duration(x.Value));
                break;
            case ZoneValue x:
                to.Append(repr ? $"Timezone('{x.Zone.Id}')" : x.Zone.Id);
                break;
            case RelativeDeltaValue x:
                to.Append(x.Display());
                break;
            case UndefinedValue x:
                PythonEquality.Require(x);
                break;
            case ListValue { Display: { } display }:
                to.Append(display);
                break;
            case ListValue x:
                WriteList(to, x, budget, depth);
                break;
            case DictionaryValue x:
                WriteItems(to, x.Items, budget, depth);
                break;
            case NamespaceValue x:
                to.Append("<Namespace ");
                WriteItems(to, x.Values.Select(v => new KeyValuePair<TemplateValue, TemplateValue>(TemplateValue.From(v.Key), v.Value)), budget, depth);
                to.Append('>');
                break;
            case ObjectValue x:
                to.Append(x.Display);
                break;
            case FunctionValue x:
                to.Append($"<function {x.Name}>");
                break;
        }
    }

    private static void WriteList(StringBuilder to, ListValue list, RenderBudget budget, int depth)
    {
        var (open, close) = list.Kind switch
        {
            SequenceKind.List => ("[", "]"),
            SequenceKind.Tuple => ("(", list.Items.Count == 1 ? ",)" : ")"),
            _ => ($"{list.TypeName}([", "])"),
        };
        to.Append(open);
        for (var i = 0; i < list.Items.Count; i++)
        {
            to.Append(i == 0 ? "" : ", ");
            Write(to, list.Items[i], budget, repr: true, depth + 1);
        }

        to.Append(close);
    }

    private static void WriteItems(StringBuilder to, IEnumerable<KeyValuePair<TemplateValue, TemplateValue>> items, RenderBudget budget, int depth)
    {
        to.Append('{');
        var first = true;
        foreach (var (key, item) in items)
        {
            to.Append(first ? "" : ", ");
            first = false;
            Write(to, key, budget, repr: true, depth + 1);
            to.Append(": ");
            Write(to, item, budget, repr: true, depth + 1);
        }

        to.Append('}');
    }

    private static string Constructor(DateTimeValue value)
    {
        var local = value.Local;
        var parts = $"{local.Year}, {local.Month}, {local.Day}, {local.Hour}, {local.Minute}";
        var micros = value.Microsecond == 0 ? "" : $", {value.Microsecond}";
        if (value.IsNaive)
        {
            var seconds = local.Second == 0 && micros == "" ? "" : $", {local.Second}";
            return $"datetime.datetime({parts}{seconds}{micros})";
        }

        return $"DateTime({parts}, {local.Second}{micros}, tzinfo=Timezone('{value.Zone!.Id}'))";
    }

    private static string Constructor(TimeSpan value)
    {
        var (days, seconds, micros) = Parts(value);
        string[] parts = [days == 0 ? "" : $"days={days}", seconds == 0 ? "" : $"seconds={seconds}", micros == 0 ? "" : $"microseconds={micros}"];
        var given = string.Join(", ", parts.Where(x => x.Length > 0));
        return $"datetime.timedelta({(given.Length == 0 ? "0" : given)})";
    }

    private static void Quote(StringBuilder to, string text)
    {
        var quote = text.Contains('\'') && !text.Contains('"') ? '"' : '\'';
        to.Append(quote);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                to.Append(c).Append(text[++i]);
                continue;
            }

            to.Append(c switch
            {
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                _ when c == quote => "\\" + c,
                _ when IsPrintable(c) => c.ToString(),
                _ when c < 0x100 => $"\\x{(int)c:x2}",
                _ => $"\\u{(int)c:x4}",
            });
        }

        to.Append(quote);
    }

    private static bool IsPrintable(char c) => c == ' ' || char.GetUnicodeCategory(c) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);
}
