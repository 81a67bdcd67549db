using System.Globalization;
using System.Numerics;
using System.Text;

namespace Sluice.Core.Templates.Python;

/// <summary>How Python writes floats: shortest text that reads back, and exact rounding, half to even, in formats.</summary>
internal static class PythonFloats
{
    public static string Repr(double value)
    {
        if (!double.IsFinite(value))
        {
            return NotFinite(value);
        }

        var (negative, digits, exponent) = Shortest(value);
        return (negative ? "-" : "") + (exponent is < -4 or >= 16
            ? Exponential(digits, exponent)
            : Positional(digits, exponent) is var text && text.Contains('.') ? text : text + ".0");
    }

    /// <summary><c>%.3f</c>.</summary>
    public static string Fixed(double value, int decimals)
    {
        if (!double.IsFinite(value))
        {
            return NotFinite(value);
        }

        var digits = Scaled(Math.Abs(value), decimals).ToString(CultureInfo.InvariantCulture);
        if (decimals > 0)
        {
            digits = digits.PadLeft(decimals + 1, '0');
            digits = digits[..^decimals] + "." + digits[^decimals..];
        }

        return (double.IsNegative(value) ? "-" : "") + digits;
    }

    /// <summary><c>%.3e</c>.</summary>
    public static string Scientific(double value, int decimals)
    {
        if (!double.IsFinite(value))
        {
            return NotFinite(value);
        }

        var (digits, exponent) = Significant(Math.Abs(value), decimals + 1);
        return (double.IsNegative(value) ? "-" : "") + digits[..1] + (decimals > 0 ? "." + digits[1..] : "") + Exponent(exponent);
    }

    /// <summary><c>%.3g</c>.</summary>
    public static string General(double value, int precision, bool keepZeros = false)
    {
        if (!double.IsFinite(value))
        {
            return NotFinite(value);
        }

        precision = Math.Max(1, precision);
        var (digits, exponent) = Significant(Math.Abs(value), precision);
        var kept = keepZeros ? digits : digits.TrimEnd('0') is { Length: > 0 } some ? some : "0";
        var sign = double.IsNegative(value) ? "-" : "";
        return sign + (exponent < -4 || exponent >= precision ? Exponential(kept, exponent) : Positional(kept, exponent));
    }

    private static string NotFinite(double value) => double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";

    private static string Exponent(int exponent) => $"e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";

    private static string Exponential(string digits, int exponent) =>
        digits[..1] + (digits.Length > 1 ? "." + digits[1..] : "") + Exponent(exponent);

    // The digits with the point after the first, moved by the exponent.
    private static string Positional(string digits, int exponent)
    {
        if (exponent < 0)
        {
            return new StringBuilder("0.").Append('0', -exponent - 1).Append(digits).ToString();
        }

        return digits.Length <= exponent + 1
            ? digits.PadRight(exponent + 1, '0')
            : digits[..(exponent + 1)] + "." + digits[(exponent + 1)..];
    }

    private static (bool Negative, string Digits, int Exponent) Shortest(double value)
    {
        var shortest = value.ToString("R", CultureInfo.InvariantCulture);
        if (value == 0)
        {
            return (double.IsNegative(value), "0", 0);
        }

        var e = shortest.IndexOf('E');
        var mantissa = (e < 0 ? shortest : shortest[..e]).TrimStart('-');
        var exponent = e < 0 ? 0 : int.Parse(shortest.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var point = mantissa.IndexOf('.');
        var digits = mantissa.Replace(".", "");
        exponent += (point < 0 ? mantissa.Length : point) - 1;
        var leading = digits.Length - digits.TrimStart('0').Length;
        digits = digits[leading..].TrimEnd('0');
        return (value < 0, digits, exponent - leading);
    }

    private static (string Digits, int Exponent) Significant(double value, int count)
    {
        if (value == 0)
        {
            return (new string('0', count), 0);
        }

        var exponent = Shortest(value).Exponent;
        var digits = Scaled(value, count - 1 - exponent).ToString(CultureInfo.InvariantCulture);
        return digits.Length > count ? (digits[..count], exponent + 1) : (digits, exponent);
    }

    // value * 10^decimals as a whole number, rounded half to even; exact, because a double is a fraction of a power of two.
    private static BigInteger Scaled(double value, int decimals)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        var exponent = (int)((bits >> 52) & 0x7FF);
        var top = new BigInteger((bits & 0xFFFFFFFFFFFFFL) | (exponent == 0 ? 0 : 1L << 52));
        exponent = Math.Max(exponent, 1) - 1075;
        var bottom = BigInteger.One;
        top *= BigInteger.Pow(10, Math.Max(decimals, 0));
        bottom *= BigInteger.Pow(10, Math.Max(-decimals, 0));
        top <<= Math.Max(exponent, 0);
        bottom <<= Math.Max(-exponent, 0);
        var quotient = BigInteger.DivRem(top, bottom, out var remainder);
        var half = (remainder * 2).CompareTo(bottom);
        return half > 0 || (half == 0 && !quotient.IsEven) ? quotient + 1 : quotient;
    }
}
