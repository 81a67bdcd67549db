namespace Sluice.Authoring.Evidence;

/// <summary>One form for each value, however a database prints it. What does not look like its kind is taken as it is.</summary>
internal static class CanonicalValue
{
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
        if (digits.Contains((byte)'.') && digits.IndexOfAny((byte)'e', (byte)'E') < 0)
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

    /// <summary>Compares two canonical numbers by value.</summary>
    internal static int CompareNumbers(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        var (aNegative, bNegative) = (a is [(byte)'-', ..], b is [(byte)'-', ..]);
        return (aNegative, bNegative) switch
        {
            (true, false) => -1,
            (false, true) => 1,
            (true, true) => CompareMagnitudes(b[1..], a[1..]),
            _ => CompareMagnitudes(a, b),
        };
    }

    private static int CompareMagnitudes(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        var (aPoint, bPoint) = (a.IndexOf((byte)'.'), b.IndexOf((byte)'.'));
        var (aWhole, bWhole) = (aPoint < 0 ? a.Length : aPoint, bPoint < 0 ? b.Length : bPoint);

        // Without leading zeros the longer whole part is the larger; with as many digits, text order is number order, the fraction's too.
        return aWhole != bWhole ? aWhole.CompareTo(bWhole) : a.SequenceCompareTo(b);
    }

    private static byte[] Negative(ReadOnlySpan<byte> digits) => [(byte)'-', .. digits];
}
