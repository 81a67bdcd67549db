using Sluice.Authoring.Rows;

namespace Sluice.Authoring.Evidence;

/// <summary>One form for each value, however a database prints it. What does not look like its kind is taken as it is.</summary>
internal static class CanonicalValue
{
    private enum Era
    {
        NegativeInfinity,
        BeforeChrist,
        AfterChrist,
        Infinity,
        Text,
    }

    private static ReadOnlySpan<byte> BeforeChrist => " BC"u8;

    /// <summary>A whole or decimal number without leading zeros, without zeros at the end of its fraction, and without a minus before zero.</summary>
    internal static ReadOnlySpan<byte> Number(ReadOnlySpan<byte> value)
    {
        if (value.SequenceEqual("true"u8) || value.SequenceEqual("t"u8))
        {
            return "1"u8; // a TINYINT(1) of MySQL that became a boolean
        }

        if (value.SequenceEqual("false"u8) || value.SequenceEqual("f"u8))
        {
            return "0"u8;
        }

        var negative = value is [(byte)'-', ..];
        var digits = negative || value is [(byte)'+', ..] ? value[1..] : value;
        var from = 0;
        while (from + 1 < digits.Length && digits[from] == '0' && digits[from + 1] is >= (byte)'0' and <= (byte)'9')
        {
            from++;
        }

        var to = digits.Length;
        var special = digits.IndexOfAny((byte)'.', (byte)'e', (byte)'E');
        if (special >= 0 && digits[special..].IndexOfAny((byte)'e', (byte)'E') >= 0)
        {
            if (PlainDigits.Of(value) is { } plain)
            {
                return Number(plain); // SQLite's, where a number is very large or very small
            }
        }
        else if (special >= 0)
        {
            while (digits[to - 1] == '0')
            {
                to--;
            }

            to -= digits[to - 1] == '.' ? 1 : 0;
        }

        digits = digits[from..to];
        if (!negative || digits.SequenceEqual("0"u8))
        {
            return digits;
        }

        // The sign stands right before the digits unless zeros were passed over.
        return from == 0 ? value[..(to + 1)] : Negative(digits);
    }

    /// <summary>A date, or a timestamp in UTC: without zeros at the end of its fraction, without the offset <c>+00</c>, and without a time that is midnight.</summary>
    internal static ReadOnlySpan<byte> Moment(ReadOnlySpan<byte> value)
    {
        value = value.EndsWith("+00:00"u8) ? value[..^6] : value.EndsWith("+00"u8) ? value[..^3] : value;
        if (value.Contains((byte)'.'))
        {
            value = value.TrimEnd((byte)'0');
            value = value.EndsWith("."u8) ? value[..^1] : value;
        }

        return value.EndsWith(" 00:00:00"u8) ? value[..^9] : value;
    }

    /// <summary>A time of day without zeros at the end of its fraction.</summary>
    internal static ReadOnlySpan<byte> Time(ReadOnlySpan<byte> value)
    {
        if (!value.Contains((byte)'.'))
        {
            return value;
        }

        value = value.TrimEnd((byte)'0');
        return value.EndsWith("."u8) ? value[..^1] : value;
    }

    /// <summary>True or false as 1 or 0.</summary>
    internal static ReadOnlySpan<byte> Truth(ReadOnlySpan<byte> value) => value.SequenceEqual("true"u8) || value.SequenceEqual("t"u8) ? "1"u8
        : value.SequenceEqual("false"u8) || value.SequenceEqual("f"u8) ? "0"u8
        : value;

    /// <summary>Compares two canonical numbers by value; as in PostgreSQL, NaN is the greatest of all.</summary>
    internal static int CompareNumbers(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        if (Beyond(a) is var aBeyond && Beyond(b) is var bBeyond && (aBeyond | bBeyond) != 0)
        {
            return aBeyond.CompareTo(bBeyond);
        }

        var (aNegative, bNegative) = (a is [(byte)'-', ..], b is [(byte)'-', ..]);
        return (aNegative, bNegative) switch
        {
            (true, false) => -1,
            (false, true) => 1,
            (true, true) => CompareMagnitudes(b[1..], a[1..]),
            _ => CompareMagnitudes(a, b),
        };
    }

    /// <summary>Compares two canonical dates or timestamps by time: PostgreSQL has years before Christ, of more than four digits, and infinity.</summary>
    internal static int CompareMoments(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        if (IsOrdinary(a) && IsOrdinary(b))
        {
            return a.SequenceCompareTo(b);
        }

        var (aEra, bEra) = (EraOf(a), EraOf(b));
        if (aEra != bEra || aEra is not (Era.BeforeChrist or Era.AfterChrist))
        {
            return aEra != bEra ? aEra.CompareTo(bEra) : a.SequenceCompareTo(b);
        }

        var aYear = a[..a.IndexOf((byte)'-')];
        var bYear = b[..b.IndexOf((byte)'-')];
        var years = CompareMagnitudes(aYear, bYear);
        if (years != 0)
        {
            return aEra == Era.BeforeChrist ? -years : years;
        }

        var behind = aEra == Era.BeforeChrist ? BeforeChrist.Length : 0;
        return a[aYear.Length..^behind].SequenceCompareTo(b[bYear.Length..^behind]);
    }

    private static int CompareMagnitudes(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        var (aPoint, bPoint) = (a.IndexOf((byte)'.'), b.IndexOf((byte)'.'));
        var (aWhole, bWhole) = (aPoint < 0 ? a.Length : aPoint, bPoint < 0 ? b.Length : bPoint);

        // Without leading zeros the longer whole part is the larger; with as many digits, text order is number order, the fraction's too.
        return aWhole != bWhole ? aWhole.CompareTo(bWhole) : a.SequenceCompareTo(b);
    }

    // -1 and 1 for the infinities, 2 for NaN, 0 for any other number.
    private static int Beyond(ReadOnlySpan<byte> number) => number switch
    {
        [.., (byte)'N'] => 2,
        [.., (byte)'y'] => number[0] == '-' ? -1 : 1,
        _ => 0,
    };

    // Text order is time order.
    private static bool IsOrdinary(ReadOnlySpan<byte> moment) => moment is [.., not (byte)'C'] && moment.IndexOf((byte)'-') == 4;

    private static Era EraOf(ReadOnlySpan<byte> moment) => moment switch
    {
        [(byte)'-', ..] => Era.NegativeInfinity,
        [(byte)'i', ..] => Era.Infinity,
        _ when moment.IndexOf((byte)'-') < 1 => Era.Text,
        _ => moment.EndsWith(BeforeChrist) ? Era.BeforeChrist : Era.AfterChrist,
    };

    private static byte[] Negative(ReadOnlySpan<byte> digits) => [(byte)'-', .. digits];
}
