using System.Globalization;

namespace Sluice.Providers.MySql.Sessions;

/// <summary>The shortest text that gives the same FLOAT back, with the point where MySQL puts it. Pure.</summary>
internal static class FloatText
{
    /// <summary>Room for any of them.</summary>
    internal const int MostBytes = 32;

    // As the server does: beyond so many places it writes an exponent.
    private const int MostPlaces = 15;

    /// <summary>Writes the text.</summary>
    /// <returns>How many bytes.</returns>
    internal static int Write(float value, Span<byte> into)
    {
        Span<byte> text = stackalloc byte[MostBytes];
        value.TryFormat(text, out var length, default, CultureInfo.InvariantCulture);
        text = text[..length];
        var at = text.IndexOf((byte)'E');
        if (at < 0)
        {
            text.CopyTo(into);
            return length;
        }

        var exponent = int.Parse(text[(at + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var isNegative = text[0] == '-';
        var digits = text[(isNegative ? 1 : 0)..at];
        if (digits.Length > 1)
        {
            digits[1] = digits[0]; // over the point
            digits = digits[1..];
        }

        var written = 0;
        if (isNegative)
        {
            into[written++] = (byte)'-';
        }

        switch (exponent)
        {
            case < 0 and > -MostPlaces:
                into[written++] = (byte)'0';
                into[written++] = (byte)'.';
                into.Slice(written, -exponent - 1).Fill((byte)'0');
                written += -exponent - 1;
                digits.CopyTo(into[written..]);
                return written + digits.Length;
            case >= 0 and < MostPlaces when digits.Length <= exponent + 1:
                digits.CopyTo(into[written..]);
                into.Slice(written + digits.Length, exponent + 1 - digits.Length).Fill((byte)'0');
                return written + exponent + 1;
            default:
                into[written++] = digits[0];
                if (digits.Length > 1)
                {
                    into[written++] = (byte)'.';
                    digits[1..].CopyTo(into[written..]);
                    written += digits.Length - 1;
                }

                into[written++] = (byte)'e';
                exponent.TryFormat(into[written..], out var places, default, CultureInfo.InvariantCulture);
                return written + places;
        }
    }
}
