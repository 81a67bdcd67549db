using System.Buffers.Text;

namespace Sluice.Authoring.Rows;

/// <summary>Numbers without an exponent, all their digits kept. Pure.</summary>
public static class PlainDigits
{
    // Beyond what a double holds it is no number that a database has printed.
    private const int MostPlaces = 400;

    /// <summary>Writes <c>1.5E-05</c> as <c>0.000015</c>.</summary>
    /// <returns>Null for anything that is no decimal number with an exponent.</returns>
    public static byte[]? Of(ReadOnlySpan<byte> number)
    {
        var at = number.IndexOfAny((byte)'e', (byte)'E');
        var exponent = 0;
        if (at < 1 || !Utf8Parser.TryParse(number[(at + 1)..], out exponent, out var read) || read != number.Length - at - 1 || Math.Abs(exponent) > MostPlaces)
        {
            return null;
        }

        var sign = number[0] == '-' ? "-"u8 : default;
        var mantissa = number[..at].TrimStart("+-"u8);
        var point = mantissa.IndexOf((byte)'.');
        byte[] digits = point < 0 ? [.. mantissa] : [.. mantissa[..point], .. mantissa[(point + 1)..]];
        if (digits.Length == 0 || digits.AsSpan().ContainsAnyExceptInRange((byte)'0', (byte)'9'))
        {
            return null;
        }

        var whole = (point < 0 ? digits.Length : point) + exponent;
        return whole <= 0 ? [.. sign, .. "0."u8, .. Zeros(-whole), .. digits]
            : whole >= digits.Length ? [.. sign, .. digits, .. Zeros(whole - digits.Length)]
            : [.. sign, .. digits[..whole], (byte)'.', .. digits[whole..]];
    }

    private static IEnumerable<byte> Zeros(int count) => Enumerable.Repeat((byte)'0', count);
}
