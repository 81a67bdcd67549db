using System.Numerics;
using Sluice.Core.Templates.Rendering;

namespace Sluice.Core.Templates.Python;

/// <summary>Python's == and &lt;.</summary>
internal static class PythonEquality
{
    /// <summary>How deep values may be nested when they are compared or printed.</summary>
    public const int MaxDepth = 128;

    /// <summary>Equality of dict keys: scalars, and short flat tuples of them; so hashing costs nothing worth counting.</summary>
    public static IEqualityComparer<TemplateValue> Keys { get; } = new KeyComparer();

    public static bool AreEqual(TemplateValue left, TemplateValue right, RenderBudget? budget, int depth = 0)
    {
        budget?.Step();
        if (depth > MaxDepth)
        {
            throw new TemplateException($"A value here is nested deeper than {MaxDepth} levels.");
        }

        if (left is UndefinedValue || right is UndefinedValue)
        {
            return AreUndefinedEqual(left, right);
        }

        if (PythonNumbers.IsNumber(left) && PythonNumbers.IsNumber(right))
        {
            return PythonNumbers.Compare(left, right) == 0;
        }

        return (left, right) switch
        {
            (StringValue a, StringValue b) => a.Value == b.Value,
            (ListValue a, ListValue b) => a.Kind == b.Kind && a.Items.Count == b.Items.Count
                && a.Items.Zip(b.Items).All(x => AreEqual(x.First, x.Second, budget, depth + 1)),
            (DictionaryValue a, DictionaryValue b) => a.Count == b.Count
                && a.Items.All(x => b.Get(x.Key) is { } other && AreEqual(x.Value, other, budget, depth + 1)),
            (DateTimeValue a, DateTimeValue b) => a.IsNaive == b.IsNaive && a.Instant == b.Instant,
            (DateValue a, DateValue b) => a.Value == b.Value,
            (DurationValue a, DurationValue b) => a.Value == b.Value,
            _ => ReferenceEquals(left, right),
        };
    }

    /// <summary>Negative, zero, positive.</summary>
    /// <exception cref="TemplateException">The two have no order.</exception>
    public static int Compare(TemplateValue left, TemplateValue right, string symbol, RenderBudget? budget, int depth = 0)
    {
        budget?.Step();
        if (depth > MaxDepth)
        {
            throw new TemplateException($"A value here is nested deeper than {MaxDepth} levels.");
        }

        Require(left);
        Require(right);
        if (PythonNumbers.IsNumber(left) && PythonNumbers.IsNumber(right))
        {
            return PythonNumbers.Compare(left, right);
        }

        switch (left, right)
        {
            case (StringValue a, StringValue b):
                return string.CompareOrdinal(a.Value, b.Value);
            case (DateTimeValue a, DateTimeValue b) when a.IsNaive == b.IsNaive:
                return a.Instant.CompareTo(b.Instant);
            case (DateTimeValue, DateTimeValue):
                throw new TemplateException("A datetime without a zone cannot be compared with one that has a zone.");
            case (DateValue a, DateValue b):
                return a.Value.CompareTo(b.Value);
            case (DurationValue a, DurationValue b):
                return a.Value.CompareTo(b.Value);
            case (ListValue a, ListValue b) when a.Kind == b.Kind && a.Kind is SequenceKind.List or SequenceKind.Tuple:
                for (var i = 0; i < Math.Min(a.Items.Count, b.Items.Count); i++)
                {
                    if (!AreEqual(a.Items[i], b.Items[i], budget, depth + 1))
                    {
                        return Compare(a.Items[i], b.Items[i], symbol, budget, depth + 1);
                    }
                }

                return a.Items.Count.CompareTo(b.Items.Count);
            default:
                throw new TemplateException($"'{symbol}' does not work between {left.TypeName} and {right.TypeName}.");
        }
    }

    /// <summary>Raises the error of an undefined value.</summary>
    public static TemplateValue Require(TemplateValue value) => value is UndefinedValue { IsSilent: false } undefined ? throw undefined.Error() : value;

    private static bool AreUndefinedEqual(TemplateValue left, TemplateValue right)
    {
        Require(left);
        Require(right);
        return left is UndefinedValue && right is UndefinedValue;
    }

    private sealed class KeyComparer : IEqualityComparer<TemplateValue>
    {
        public bool Equals(TemplateValue? x, TemplateValue? y) => AreEqual(x!, y!, null);

        public int GetHashCode(TemplateValue value) => Hash(value, inTuple: false);

        private static int Hash(TemplateValue value, bool inTuple)
        {
            Require(value);
            switch (value)
            {
                case NoneValue:
                    return 0;
                case StringValue text:
                    return text.Value.GetHashCode(StringComparison.Ordinal);
                case DateTimeValue time:
                    return time.Instant.GetHashCode();
                case DateValue date:
                    return date.Value.GetHashCode();
                case DurationValue duration:
                    return duration.Value.GetHashCode();
                case var number when PythonNumbers.IsNumber(number):
                    var real = PythonNumbers.ToDouble(number);
                    return real.GetHashCode();
                case ListValue { Kind: SequenceKind.Tuple, Items.Count: <= 64 } tuple when !inTuple:
                    return tuple.Items.Aggregate(17, (hash, x) => HashCode.Combine(hash, Hash(x, inTuple: true)));
                default:
                    throw new TemplateException($"A {value.TypeName} cannot be the key of a dict here.");
            }
        }
    }
}
