using System.Globalization;
using System.Numerics;
using Sluice.Core.Templates.Python;
using static Sluice.Core.Templates.Library.Arguments;

namespace Sluice.Core.Templates.Library;

/// <summary>Filters that make numbers.</summary>
internal static class NumberFilters
{
    public static IEnumerable<KeyValuePair<string, Filter>> All =>
    [
        new("int", ToInteger),
        new("float", (v, a) => TryFloat(v, out var real) ? TemplateValue.From(real) : a.Bind(0, "default")[0] ?? TemplateValue.From(0.0)),
        new("round", Round),
        new("abs", (v, a) =>
        {
            a.Bind(0);
            return v switch
            {
                FloatValue x => TemplateValue.From(Math.Abs(x.Value)),
                DurationValue x => TemplateValue.From(x.Value.Duration()),
                _ when PythonNumbers.TryInteger(v, out var integer) => TemplateValue.From(BigInteger.Abs(integer)),
                _ => throw new TemplateException($"'abs' needs a number, not {v.TypeName}."),
            };
        }),
    ];

    private static bool TryFloat(TemplateValue value, out double real)
    {
        real = PythonNumbers.IsNumber(value) ? PythonNumbers.ToDouble(value) : 0;
        return PythonNumbers.IsNumber(value) || (value is StringValue text && PythonStrings.TryFloat(text.Value, out real));
    }

    private static TemplateValue ToInteger(TemplateValue value, TemplateArguments arguments)
    {
        var x = arguments.Bind(0, "default", "base");
        if (value is StringValue text && TryParse(text.Value, Int(x[1], "base", 10), out var parsed))
        {
            return TemplateValue.From(parsed);
        }

        if (PythonNumbers.TryInteger(value, out var integer))
        {
            return TemplateValue.From(integer);
        }

        return TryFloat(value, out var real) && double.IsFinite(real) ? TemplateValue.From(new BigInteger(real)) : x[0] ?? TemplateValue.From(0L);
    }

    private static bool TryParse(string text, int radix, out BigInteger result)
    {
        result = BigInteger.Zero;
        var digits = text.Trim();
        var negative = digits.StartsWith('-');
        digits = digits is ['+' or '-', ..] ? digits[1..] : digits;
        if (digits is ['0', var mark, ..] && char.ToLowerInvariant(mark) == radix switch { 16 => 'x', 8 => 'o', 2 => 'b', _ => '\0' })
        {
            digits = digits[2..];
        }

        if (digits.Length is 0 or > PythonNumbers.MaxDigits || radix is < 2 or > 36 || !PythonStrings.RemoveUnderscores(digits, out digits))
        {
            return false;
        }

        if (radix == 10)
        {
            var valid = digits.All(char.IsAsciiDigit) && BigInteger.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out result);
            result = negative ? -result : result;
            return valid;
        }

        foreach (var c in digits)
        {
            var digit = char.IsAsciiDigit(c) ? c - '0' : char.IsAsciiLetter(c) ? char.ToLowerInvariant(c) - 'a' + 10 : 99;
            if (digit >= radix)
            {
                return false;
            }

            result = PythonNumbers.Bounded((result * radix) + digit);
        }

        result = negative ? -result : result;
        return true;
    }

    private static TemplateValue Round(TemplateValue value, TemplateArguments arguments)
    {
        var x = arguments.Bind(0, "precision", "method");
        var precision = Math.Clamp(Int(x[0], "precision", 0), -400, 400);
        var method = TextOrNull(x[1], "method") ?? "common";
        if (!PythonNumbers.IsNumber(value))
        {
            throw new TemplateException($"'round' needs a number, not {value.TypeName}.");
        }

        if (method == "common")
        {
            return PythonNumbers.TryInteger(value, out var integer)
                ? TemplateValue.From(RoundWhole(integer, precision))
                : TemplateValue.From(PythonNumbers.Round(PythonNumbers.ToDouble(value), precision));
        }

        var power = Math.Pow(10, precision);
        var scaled = PythonNumbers.ToDouble(value) * power;
        return TemplateValue.From(method switch
        {
            "ceil" => Math.Ceiling(scaled) / power,
            "floor" => Math.Floor(scaled) / power,
            _ => throw new TemplateException($"'round' has no method '{method}'; there are common, ceil and floor."),
        });
    }

    private static BigInteger RoundWhole(BigInteger value, int precision)
    {
        if (precision >= 0)
        {
            return value;
        }

        var power = BigInteger.Pow(10, -precision);
        var floor = PythonNumbers.FloorDivide(value, power);
        var twice = (value - (floor * power)) * 2;
        return (twice > power || (twice == power && !floor.IsEven) ? floor + 1 : floor) * power;
    }
}
