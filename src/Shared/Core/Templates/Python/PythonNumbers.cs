using System.Globalization;
using System.Numerics;

namespace Sluice.Core.Templates.Python;

/// <summary>Python's numbers: whole numbers of any size (up to a bound), floats, and bools that count as 0 and 1.</summary>
internal static class PythonNumbers
{
    /// <summary>Python's own bound on the digits of a whole number read from or written to text.</summary>
    public const int MaxDigits = 4300;

    private const int MaxBits = 14_000;

    public static bool IsNumber(TemplateValue value) => value is IntegerValue or FloatValue or BooleanValue;

    /// <summary>The whole number of an int or a bool.</summary>
    public static bool TryInteger(TemplateValue value, out BigInteger integer)
    {
        integer = value switch { IntegerValue x => x.Value, BooleanValue { Value: true } => BigInteger.One, _ => BigInteger.Zero };
        return value is IntegerValue or BooleanValue;
    }

    public static double ToDouble(TemplateValue value)
    {
        if (value is FloatValue real)
        {
            return real.Value;
        }

        TryInteger(value, out var integer);
        return (double)integer is var result && double.IsFinite(result) ? result : throw new TemplateException("The whole number is too large for a float.");
    }

    public static int Compare(TemplateValue left, TemplateValue right)
    {
        if (TryInteger(left, out var a) && TryInteger(right, out var b))
        {
            return a.CompareTo(b);
        }

        if (left is FloatValue x && right is FloatValue y)
        {
            return CompareFloats(x.Value, y.Value);
        }

        // A whole number against a float: exact, as Python does, not by way of rounding to double.
        return left is FloatValue f ? -CompareExact(right, f.Value) : CompareExact(left, ((FloatValue)right).Value);
    }

    public static TemplateValue Binary(string symbol, TemplateValue left, TemplateValue right)
    {
        if (TryInteger(left, out var a) && TryInteger(right, out var b))
        {
            return Integers(symbol, a, b);
        }

        return TemplateValue.From(Floats(symbol, ToDouble(left), ToDouble(right)));
    }

    public static BigInteger FloorDivide(BigInteger a, BigInteger b)
    {
        var quotient = BigInteger.DivRem(a, b, out var remainder);
        return !remainder.IsZero && (remainder.Sign < 0) != (b.Sign < 0) ? quotient - 1 : quotient;
    }

    /// <summary>Python's <c>round(x, digits)</c> of a float: half to even on the exact decimal value.</summary>
    public static double Round(double value, int digits)
    {
        if (!double.IsFinite(value) || digits > 300)
        {
            return value;
        }

        if (digits >= 0)
        {
            return double.Parse(PythonFloats.Fixed(value, digits), CultureInfo.InvariantCulture);
        }

        if (digits < -308)
        {
            return 0;
        }

        var power = Math.Pow(10, -digits);
        return Math.Round(value / power, MidpointRounding.ToEven) * power;
    }

    /// <summary>Refuses numbers that only grow to waste time.</summary>
    public static BigInteger Bounded(BigInteger value) =>
        value.GetBitLength() > MaxBits ? throw new TemplateException("The whole number is too large.") : value;

    private static int CompareFloats(double a, double b) => double.IsNaN(a) || double.IsNaN(b) ? 1 : a.CompareTo(b);

    private static int CompareExact(TemplateValue whole, double real)
    {
        TryInteger(whole, out var integer);
        if (!double.IsFinite(real))
        {
            return double.IsPositiveInfinity(real) ? -1 : 1;
        }

        var order = integer.CompareTo(new BigInteger(Math.Truncate(real)));
        return order != 0 ? order : -(real - Math.Truncate(real)).CompareTo(0.0);
    }

    private static TemplateValue Integers(string symbol, BigInteger a, BigInteger b)
    {
        switch (symbol)
        {
            case "+":
                return TemplateValue.From(Bounded(a + b));
            case "-":
                return TemplateValue.From(Bounded(a - b));
            case "*":
                return TemplateValue.From(Bounded(a * b));
            case "**" when b.Sign >= 0:
                if (b * Math.Max(a.GetBitLength() - 1, BigInteger.Abs(a) > BigInteger.One ? 1 : 0) > MaxBits)
                {
                    throw new TemplateException("The whole number is too large.");
                }

                return TemplateValue.From(a.IsOne || a.IsZero ? (b.IsZero ? BigInteger.One : a)
                    : a == BigInteger.MinusOne ? (b.IsEven ? BigInteger.One : a)
                    : BigInteger.Pow(a, (int)b));
            case "**":
                return TemplateValue.From(Floats("**", (double)a, (double)b));
        }

        if (b.IsZero)
        {
            throw new TemplateException("Division by zero.");
        }

        return symbol switch
        {
            "/" => TemplateValue.From(Divide(a, b)),
            "//" => TemplateValue.From(FloorDivide(a, b)),
            _ => TemplateValue.From(a - (FloorDivide(a, b) * b)),
        };
    }

    private static double Divide(BigInteger a, BigInteger b)
    {
        var result = (double)a / (double)b;
        return double.IsFinite(result) ? result : throw new TemplateException("The result is too large for a float.");
    }

    private static double Floats(string symbol, double a, double b)
    {
        switch (symbol)
        {
            case "+":
                return a + b;
            case "-":
                return a - b;
            case "*":
                return a * b;
            case "**":
                if (a == 0 && b < 0)
                {
                    throw new TemplateException("Zero cannot be raised to a negative power.");
                }

                var power = Math.Pow(a, b);
                return !double.IsNaN(power) || double.IsNaN(a) || double.IsNaN(b)
                    ? power
                    : throw new TemplateException("A negative number cannot be raised to a fraction here: the result is not real.");
        }

        if (b == 0)
        {
            throw new TemplateException("Division by zero.");
        }

        if (symbol == "/")
        {
            return a / b;
        }

        // Python: the remainder has the divisor's sign, the quotient is the floor that fits it.
        var remainder = a % b;
        if (remainder != 0 && (remainder < 0) != (b < 0))
        {
            remainder += b;
        }

        if (symbol == "%")
        {
            return remainder == 0 ? Math.CopySign(0.0, b) : remainder;
        }

        var quotient = (a - remainder) / b;
        var floor = Math.Floor(quotient);
        return quotient - floor > 0.5 ? floor + 1 : quotient == 0 ? Math.CopySign(0.0, a / b) : floor;
    }
}
