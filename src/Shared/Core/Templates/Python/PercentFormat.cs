using System.Globalization;
using System.Numerics;
using System.Text;
using Sluice.Core.Templates.Rendering;

namespace Sluice.Core.Templates.Python;

/// <summary>Python's <c>'%s of %d' % values</c>.</summary>
internal static class PercentFormat
{
    public static string Format(string format, TemplateValue values, RenderBudget budget)
    {
        var result = new StringBuilder();
        var given = values is ListValue { IsTuple: true } tuple ? tuple.Items : [values];
        var next = 0;
        var named = false;
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
            {
                result.Append(format[i]);
                continue;
            }

            budget.Step();
            i++;
            TemplateValue? value = null;
            if (At() == '(')
            {
                var end = format.IndexOf(')', i);
                var key = end < 0 ? throw new TemplateException("The '%(' of a format is never closed.") : format[(i + 1)..end];
                value = values is DictionaryValue dictionary
                    ? dictionary.Get(TemplateValue.From(key)) ?? throw new TemplateException($"The values of the format have no key '{key}'.")
                    : throw new TemplateException("A format with names needs a dict.");
                named = true;
                i = end + 1;
            }

            var flags = "";
            while (At() is '-' or '+' or ' ' or '0' or '#')
            {
                flags += format[i++];
            }

            var width = Number();
            int? precision = null;
            if (At() == '.')
            {
                i++;
                precision = Number() ?? 0;
            }

            if (At() is 'l' or 'h' or 'L')
            {
                i++;
            }

            var type = At();
            if (type == '%')
            {
                result.Append('%');
                continue;
            }

            value ??= next < given.Count ? given[next++] : throw new TemplateException("There are fewer values than the format asks for.");
            result.Append(One(value, type, flags, width ?? 0, precision, budget));
            budget.CheckText(result.Length);

            char At() => i < format.Length ? format[i] : '\0';

            int? Number()
            {
                var start = i;
                while (i < format.Length && char.IsAsciiDigit(format[i]))
                {
                    i++;
                }

                return i == start ? null
                    : i - start <= 6 ? int.Parse(format.AsSpan(start, i - start), CultureInfo.InvariantCulture)
                    : throw new TemplateException("The format asks for too many characters.");
            }
        }

        return next < given.Count && !named && values is not (DictionaryValue or ListValue { IsTuple: false })
            ? throw new TemplateException("There are more values than the format asks for.")
            : result.ToString();
    }

    private static string One(TemplateValue value, char type, string flags, int width, int? precision, RenderBudget budget)
    {
        var left = flags.Contains('-');
        var spec = new FormatSpec
        {
            Width = width,
            Align = left ? '<' : '>',
            Sign = flags.Contains('+') ? '+' : flags.Contains(' ') ? ' ' : '-',
            Alternate = flags.Contains('#'),
        };
        var number = flags.Contains('0') && !left ? spec with { Fill = '0', Align = '=' } : spec;
        switch (type)
        {
            case 's' or 'r' or 'a':
                var text = type == 's' ? PythonText.Str(value, budget) : PythonText.Repr(value, budget);
                return (spec with { Precision = precision }).FormatText(text, budget);
            case 'c' when value is StringValue single && PythonStrings.Length(single.Value) == 1:
                return spec.FormatText(single.Value, budget);
            case 'd' or 'i' or 'u' or 'x' or 'X' or 'o' or 'c':
                if (!PythonNumbers.TryInteger(PythonEquality.Require(value), out var integer))
                {
                    integer = value is FloatValue real && double.IsFinite(real.Value) && (type is 'd' or 'i' or 'u')
                        ? new BigInteger(real.Value)
                        : throw new TemplateException($"The format '%{type}' needs a number, not {value.TypeName}.");
                }

                return (number with { Type = type is 'i' or 'u' ? 'd' : type }).FormatNumber(TemplateValue.From(integer), budget);
            case 'f' or 'F' or 'e' or 'E' or 'g' or 'G':
                return PythonNumbers.IsNumber(PythonEquality.Require(value))
                    ? (number with { Type = type, Precision = precision ?? 6 }).FormatNumber(value, budget)
                    : throw new TemplateException($"The format '%{type}' needs a number, not {value.TypeName}.");
            default:
                throw new TemplateException(type == '\0' ? "The format ends inside a '%'; write '%%' for a percent sign." : $"The format '%{type}' is not known.");
        }
    }
}
