using System.Globalization;
using System.Text;
using Sluice.Core.Templates.Library;
using Sluice.Core.Templates.Rendering;

namespace Sluice.Core.Templates.Python;

/// <summary>Python's <c>'{0.host}:{port:>5}'.format(...)</c>.</summary>
internal static class BraceFormat
{
    public static string Format(string format, TemplateArguments arguments) => Format(format, arguments, new Counter(), 0);

    private static string Format(string format, TemplateArguments arguments, Counter counter, int depth)
    {
        var budget = arguments.Budget;
        var result = new StringBuilder();
        for (var i = 0; i < format.Length; i++)
        {
            var c = format[i];
            if (c is '{' or '}' && i + 1 < format.Length && format[i + 1] == c)
            {
                result.Append(c);
                i++;
            }
            else if (c == '}')
            {
                throw new TemplateException("The format has a '}' without a '{'; write '}}' for a brace.");
            }
            else if (c == '{')
            {
                budget.Step();
                var end = Close(format, i);
                result.Append(Field(format[(i + 1)..end], arguments, counter, depth));
                budget.CheckText(result.Length);
                i = end;
            }
            else
            {
                result.Append(c);
            }
        }

        return result.ToString();
    }

    private static int Close(string format, int open)
    {
        var depth = 0;
        for (var i = open; i < format.Length; i++)
        {
            depth += format[i] switch { '{' => 1, '}' => -1, _ => 0 };
            if (depth == 0)
            {
                return i;
            }
        }

        throw new TemplateException("The format has a '{' that is never closed; write '{{' for a brace.");
    }

    private static string Field(string field, TemplateArguments arguments, Counter counter, int depth)
    {
        if (depth > 1)
        {
            throw new TemplateException("The format is nested too deep.");
        }

        var budget = arguments.Budget;
        var colon = field.IndexOf(':');
        var spec = colon < 0 ? "" : field[(colon + 1)..];
        var name = colon < 0 ? field : field[..colon];
        var conversion = '\0';
        if (name.Length >= 2 && name[^2] == '!')
        {
            conversion = name[^1];
            name = name[..^2];
        }

        var value = PythonEquality.Require(Find(name, arguments, counter));
        if (spec.Contains('{'))
        {
            spec = Format(spec, arguments, counter, depth + 1);
        }

        return conversion switch
        {
            '\0' => FormatSpec.Format(value, spec, budget),
            's' => FormatSpec.Format(TemplateValue.From(PythonText.Str(value, budget)), spec, budget),
            'r' => FormatSpec.Format(TemplateValue.From(PythonText.Repr(value, budget)), spec, budget),
            _ => throw new TemplateException($"The conversion '!{conversion}' of a format is not known."),
        };
    }

    private static TemplateValue Find(string name, TemplateArguments arguments, Counter counter)
    {
        var end = name.AsSpan().IndexOfAny('.', '[');
        var first = end < 0 ? name : name[..end];
        TemplateValue value;
        if (first.Length == 0 || int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            var index = first.Length == 0 ? counter.Next++ : int.Parse(first, CultureInfo.InvariantCulture);
            value = index < arguments.Positional.Count
                ? arguments.Positional[index]
                : throw new TemplateException($"The format asks for value {index}, but {arguments.Positional.Count} are given.");
        }
        else
        {
            value = arguments.Named.FirstOrDefault(x => x.Key == first).Value ?? throw new TemplateException($"The format asks for '{first}', which is not given.");
        }

        for (var rest = end < 0 ? "" : name[end..]; rest.Length > 0;)
        {
            arguments.Budget.Step();
            if (rest[0] == '.')
            {
                var stop = rest.AsSpan(1).IndexOfAny('.', '[');
                stop = stop < 0 ? rest.Length : stop + 1;
                value = Attributes.Get(value, rest[1..stop], arguments.Budget);
                rest = rest[stop..];
            }
            else
            {
                var stop = rest.IndexOf(']');
                if (rest[0] != '[' || stop < 0)
                {
                    throw new TemplateException($"The field '{name}' of a format is not understood.");
                }

                var key = rest[1..stop];
                value = Attributes.Item(
                    value, long.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? TemplateValue.From(index) : TemplateValue.From(key), arguments.Budget);
                rest = rest[(stop + 1)..];
            }

            PythonEquality.Require(value);
        }

        return value;
    }

    private sealed class Counter
    {
        public int Next { get; set; }
    }
}
