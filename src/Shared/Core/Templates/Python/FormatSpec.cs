using System.Globalization;
using System.Numerics;
using Sluice.Core.Templates.Rendering;

namespace Sluice.Core.Templates.Python;

/// <summary>Python's format specification: <c>[[fill]align][sign][#][0][width][,][.precision][type]</c>.</summary>
internal sealed record FormatSpec
{
    public char Fill { get; init; } = ' ';

    public char Align { get; init; }

    public char Sign { get; init; } = '-';

    public bool Alternate { get; init; }

    public int Width { get; init; }

    public char Group { get; init; }

    public int? Precision { get; init; }

    public char Type { get; init; }

    public static string Format(TemplateValue value, string spec, RenderBudget budget)
    {
        if (spec.Length == 0)
        {
            return PythonText.Str(value, budget);
        }

        return PythonEquality.Require(value) switch
        {
            DateTimeValue x => Strftime.Format(x, spec, budget),
            DateValue x => Strftime.Format(DateTimeValue.Naive(x.Value.AtMidnight()), spec, budget),
            StringValue x => Parse(spec).FormatText(x.Value, budget),
            BooleanValue x when spec.Length > 0 && !char.IsLetter(spec[^1]) => Parse(spec).FormatText(x.Value ? "True" : "False", budget),
            var x when PythonNumbers.IsNumber(x) => Parse(spec).FormatNumber(x, budget),
            _ => throw new TemplateException($"The format '{spec}' does not work on {value.TypeName}."),
        };
    }

    public static FormatSpec Parse(string spec)
    {
        var i = 0;
        var result = new FormatSpec();
        if (spec.Length > 1 && spec[1] is '<' or '>' or '^' or '=')
        {
            result = result with { Fill = spec[0], Align = spec[1] };
            i = 2;
        }
        else if (spec.Length > 0 && spec[0] is '<' or '>' or '^' or '=')
        {
            result = result with { Align = spec[0] };
            i = 1;
        }

        if (At() is '+' or '-' or ' ')
        {
            result = result with { Sign = spec[i++] };
        }

        if (At() == '#')
        {
            result = result with { Alternate = true };
            i++;
        }

        if (At() == '0')
        {
            result = result.Align == '\0' ? result with { Fill = '0', Align = '=' } : result;
            i++;
        }

        result = result with { Width = Number() ?? 0 };
        if (At() is ',' or '_')
        {
            result = result with { Group = spec[i++] };
        }

        if (At() == '.')
        {
            i++;
            result = result with { Precision = Number() ?? throw Bad() };
        }

        if (i < spec.Length)
        {
            result = result with { Type = spec[i++] };
        }

        return i == spec.Length ? result : throw Bad();

        char At() => i < spec.Length ? spec[i] : '\0';

        TemplateException Bad() => new($"The format '{spec}' is not understood.");

        int? Number()
        {
            var start = i;
            while (i < spec.Length && char.IsAsciiDigit(spec[i]))
            {
                i++;
            }

            return i == start ? null : i - start <= 6 ? int.Parse(spec.AsSpan(start, i - start), CultureInfo.InvariantCulture) : throw Bad();
        }
    }

    public string FormatText(string text, RenderBudget budget)
    {
        if (Type is not ('\0' or 's') || Align == '=')
        {
            throw new TemplateException(Type is '\0' or 's' ? "The format '=' or '0' does not work on str." : $"The format type '{Type}' does not work on str.");
        }

        return Pad("", Precision is { } precision ? PythonStrings.Left(text, precision) : text, '<', budget);
    }

    public string FormatNumber(TemplateValue value, RenderBudget budget)
    {
        if (Precision > 1000)
        {
            throw new TemplateException("The format asks for more than 1000 digits.");
        }

        var isInteger = PythonNumbers.TryInteger(value, out var integer);
        if ((isInteger && Type == '\0' && Precision is null) || (Type is 'd' or 'x' or 'X' or 'o' or 'b' or 'c') || (Type == 'n' && isInteger))
        {
            if (!isInteger)
            {
                throw new TemplateException($"The format type '{Type}' does not work on float.");
            }

            if (Type == 'c')
            {
                return Pad("", char.ConvertFromUtf32((int)integer), '<', budget);
            }

            var (digits, prefix) = Radix(BigInteger.Abs(integer), Type);
            return Pad(SignOf(integer.Sign < 0) + (Alternate ? prefix : ""), Grouped(digits, Type is 'x' or 'X' or 'o' or 'b' ? 4 : 3), '>', budget);
        }

        var real = PythonNumbers.ToDouble(value);
        var size = double.IsNegative(real) && !double.IsNaN(real) ? -real : real;
        var text = Type switch
        {
            '\0' when Precision is null => PythonFloats.Repr(size),
            '\0' => WithPoint(PythonFloats.General(size, Precision.Value)),
            'f' or 'F' => PythonFloats.Fixed(size, Precision ?? 6),
            'e' or 'E' => PythonFloats.Scientific(size, Precision ?? 6),
            'g' or 'G' or 'n' => PythonFloats.General(size, Precision ?? 6, Alternate),
            '%' => PythonFloats.Fixed(size * 100, Precision ?? 6) + "%",
            _ => throw new TemplateException($"The format type '{Type}' does not work on {value.TypeName}."),
        };
        text = Type is 'E' or 'G' or 'F' ? text.ToUpperInvariant() : text;
        return Pad(SignOf(double.IsNegative(real) && !double.IsNaN(real)), Grouped(text, 3), '>', budget);
    }

    private static string WithPoint(string text) => text.AsSpan().ContainsAny('.', 'e', 'n') ? text : text + ".0";

    private static (string Digits, string Prefix) Radix(BigInteger value, char type)
    {
        switch (type)
        {
            case 'x' or 'X':
                var hex = value.ToString("x", CultureInfo.InvariantCulture).TrimStart('0') is { Length: > 0 } x ? x : "0";
                return type == 'x' ? (hex, "0x") : (hex.ToUpperInvariant(), "0X");
            case 'o' or 'b':
                var text = value.ToString("b", CultureInfo.InvariantCulture).TrimStart('0') is { Length: > 0 } b ? b : "0";
                if (type == 'b')
                {
                    return (text, "0b");
                }

                text = text.PadLeft((text.Length + 2) / 3 * 3, '0');
                return (string.Concat(text.Chunk(3).Select(bits => (char)('0' + ((bits[0] - '0') * 4) + ((bits[1] - '0') * 2) + (bits[2] - '0')))), "0o");
            default:
                return (value.ToString(CultureInfo.InvariantCulture), "");
        }
    }

    private string SignOf(bool negative) => negative ? "-" : Sign == '-' ? "" : Sign.ToString();

    private string Grouped(string text, int size)
    {
        if (Group == '\0')
        {
            return text;
        }

        var end = 0;
        while (end < text.Length && char.IsAsciiHexDigit(text[end]) && !(size == 3 && text[end] is 'e' or 'E'))
        {
            end++;
        }

        var result = text[end..];
        for (var i = end; i > 0; i -= size)
        {
            result = text[Math.Max(0, i - size)..i] + (i == end ? "" : Group) + result;
        }

        return result;
    }

    private string Pad(string sign, string text, char natural, RenderBudget budget)
    {
        var missing = Width - sign.Length - PythonStrings.Length(text);
        if (missing <= 0)
        {
            return sign + text;
        }

        budget.CheckText(Width);
        return (Align == '\0' ? natural : Align) switch
        {
            '<' => sign + text + new string(Fill, missing),
            '>' => new string(Fill, missing) + sign + text,
            '=' => sign + new string(Fill, missing) + text,
            _ => new string(Fill, missing / 2) + sign + text + new string(Fill, missing - (missing / 2)),
        };
    }
}
