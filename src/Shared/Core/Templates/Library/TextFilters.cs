using System.Text;
using Sluice.Core.Templates.Python;
using static Sluice.Core.Templates.Library.Arguments;

namespace Sluice.Core.Templates.Library;

/// <summary>Filters that make text. As in Jinja they take any value by its text.</summary>
internal static class TextFilters
{
    public static IEnumerable<KeyValuePair<string, Filter>> All =>
    [
        new("upper", Plain(x => x.ToUpperInvariant())),
        new("lower", Plain(x => x.ToLowerInvariant())),
        new("title", Plain(Title)),
        new("capitalize", Plain(PythonStrings.Capitalize)),
        new("string", Plain(x => x)),
        new("trim", (v, a) => TemplateValue.From(PythonStrings.Strip(PythonText.Str(v, a.Budget), TextOrNull(a.Bind(0, "chars")[0], "chars"), start: true, end: true))),
        new("replace", ReplaceText),
        new("format", (v, a) => TemplateValue.From(PercentFormat.Format(PythonText.Str(v, a.Budget), FormatValues(a), a.Budget))),
        new("indent", Indent),
        new("truncate", Truncate),
        new("center", (v, a) => StringMethods.Get(PythonText.Str(v, a.Budget), "center") is FunctionValue f
            ? f.Invoke(new("center", [a.Bind(0, "width")[0] ?? TemplateValue.From(80L)], [], a.Budget))
            : v),
        new("wordcount", (v, a) => TemplateValue.From(WordCount(PythonText.Str(v, a.Budget)))),
        new("urlencode", UrlEncode),
        new("tojson", ToJson),
        new("safe", Plain(x => x)),
        new("escape", Escape),
        new("e", Escape),
        new("forceescape", Escape),
        new("striptags", StripTags),
        new("wordwrap", WordWrap),
        new("filesizeformat", FileSize),
    ];

    // Nothing is marked as safe here: there is no automatic escaping that such a mark would be for.
    private static TemplateValue Escape(TemplateValue value, TemplateArguments arguments)
    {
        arguments.Bind(0);
        return Checked(
            PythonText.Str(value, arguments.Budget).Replace("&", "&amp;").Replace(">", "&gt;").Replace("<", "&lt;").Replace("'", "&#39;").Replace("\"", "&#34;"),
            arguments.Budget);
    }

    private static TemplateValue StripTags(TemplateValue value, TemplateArguments arguments)
    {
        arguments.Bind(0);
        var text = PythonText.Str(value, arguments.Budget);
        var result = new StringBuilder();
        for (var at = 0; at < text.Length;)
        {
            var open = text.IndexOf('<', at);
            var comment = open >= 0 && string.CompareOrdinal(text, open, "<!--", 0, 4) == 0;
            var close = open < 0 ? -1 : comment ? text.IndexOf("-->", open, StringComparison.Ordinal) : text.IndexOf('>', open);
            if (close < 0)
            {
                result.Append(text, at, text.Length - at);
                break;
            }

            result.Append(text, at, open - at);
            at = close + (comment ? 3 : 1);
        }

        var words = result.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return TemplateValue.From(string.Join(' ', words).Replace("&lt;", "<").Replace("&gt;", ">").Replace("&#39;", "'").Replace("&#34;", "\"").Replace("&quot;", "\"").Replace("&amp;", "&"));
    }

    private static TemplateValue FileSize(TemplateValue value, TemplateArguments arguments)
    {
        var binary = Flag(arguments.Bind(0, "binary")[0]);
        var bytes = Number(value is StringValue text && PythonStrings.TryFloat(text.Value, out var read) ? TemplateValue.From(read) : value, "filesizeformat");
        var unit = binary ? 1024.0 : 1000.0;
        if (bytes == 1)
        {
            return TemplateValue.From("1 Byte");
        }

        if (bytes < unit)
        {
            return TemplateValue.From(Invariant($"{Math.Truncate(bytes):0} Bytes"));
        }

        string[] names = binary ? ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"] : ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];
        var power = 1;
        while (power < names.Length && bytes >= Math.Pow(unit, power + 1))
        {
            power++;
        }

        return TemplateValue.From(Invariant($"{bytes / Math.Pow(unit, power):0.0} {names[power - 1]}"));

        static string Invariant(FormattableString text) => FormattableString.Invariant(text);
    }

    // Python's textwrap line by line: words go to the next line when they do not fit; longer ones are cut.
    private static TemplateValue WordWrap(TemplateValue value, TemplateArguments arguments)
    {
        var x = arguments.Bind(0, "width", "break_long_words", "wrapstring", "break_on_hyphens");
        var width = Int(x[0], "width", 79);
        if (width < 1)
        {
            throw new TemplateException("'wordwrap' needs a width of at least 1.");
        }

        if (x[3] is null || Flag(x[3]))
        {
            return TemplateValue.From(Wrapped(splitsHyphens: true));
        }

        return TemplateValue.From(Wrapped(splitsHyphens: false));

        string Wrapped(bool splitsHyphens)
        {
            var text = PythonText.Str(value, arguments.Budget);
            var end = TextOrNull(x[2], "wrapstring") ?? "\n";
            arguments.Budget.CheckText(text.Length + ((long)end.Length * text.Length));
            return string.Join(end, PythonStrings.Lines(text).Select(line => string.Join(end, TextWrap.Lines(line, width, x[1] is null || Flag(x[1]), splitsHyphens))));
        }
    }

    private static Filter Plain(Func<string, string> change) => (value, arguments) =>
    {
        arguments.Bind(0);
        return TemplateValue.From(change(PythonText.Str(value, arguments.Budget)));
    };

    // Words begin after white space and - ( { [ <, not after every sign as in str.title().
    private static string Title(string text) => string.Create(text.Length, text, static (span, source) =>
    {
        var first = true;
        for (var i = 0; i < source.Length; i++)
        {
            var separates = char.IsWhiteSpace(source[i]) || source[i] is '-' or '(' or '{' or '[' or '<';
            span[i] = first && !separates ? char.ToUpperInvariant(source[i]) : char.ToLowerInvariant(source[i]);
            first = separates;
        }
    });

    private static TemplateValue ReplaceText(TemplateValue value, TemplateArguments arguments)
    {
        var x = arguments.Bind(2, "old", "new", "count");
        var budget = arguments.Budget;
        return Replace(
            PythonText.Str(value, budget), PythonText.Str(x[0]!, budget), PythonText.Str(x[1]!, budget), Int(x[2], "count", -1), budget);
    }

    private static TemplateValue FormatValues(TemplateArguments arguments)
    {
        if (arguments.Named.Count == 0)
        {
            return new ListValue(arguments.Positional, isTuple: true);
        }

        return arguments.Positional.Count == 0
            ? TemplateValue.From(arguments.Named)
            : throw new TemplateException("'format' takes values by place or by name, not both.");
    }

    private static TemplateValue Indent(TemplateValue value, TemplateArguments arguments)
    {
        var x = arguments.Bind(0, "width", "first", "blank");
        var width = x[0] is StringValue ? 0 : Math.Max(0, Int(x[0], "width", 4));
        arguments.Budget.CheckText(width);
        var indent = x[0] is StringValue given ? given.Value : new string(' ', width);
        var lines = PythonStrings.Lines(Text(value, "the value of indent") + "\n");
        arguments.Budget.CheckText(lines.Sum(line => (long)line.Length + 1 + indent.Length));
        var result = new StringBuilder(Flag(x[1]) ? indent : "").Append(lines[0]);
        foreach (var line in lines.Skip(1))
        {
            result.Append('\n').Append(line.Length > 0 || Flag(x[2]) ? indent : "").Append(line);
        }

        return TemplateValue.From(result.ToString());
    }

    private static TemplateValue Truncate(TemplateValue value, TemplateArguments arguments)
    {
        var x = arguments.Bind(0, "length", "killwords", "end", "leeway");
        var text = Text(value, "the value of truncate");
        var length = Int(x[0], "length", 255);
        var end = TextOrNull(x[2], "end") ?? "...";
        var leeway = Int(x[3], "leeway", 5);
        if (length < end.Length || leeway < 0)
        {
            throw new TemplateException($"'truncate' needs a length of at least {end.Length}, the length of its end, and a leeway of at least 0.");
        }

        if (PythonStrings.Length(text) <= (long)length + leeway)
        {
            return value;
        }

        var kept = PythonStrings.Left(text, length - end.Length);
        var space = Flag(x[1]) ? -1 : kept.LastIndexOf(' ');
        return TemplateValue.From((space < 0 ? kept : kept[..space]) + end);
    }

    private static long WordCount(string text)
    {
        long count = 0;
        var inside = false;
        foreach (var c in text)
        {
            var isWord = char.IsLetterOrDigit(c) || c == '_';
            count += isWord && !inside ? 1 : 0;
            inside = isWord;
        }

        return count;
    }

    private static TemplateValue UrlEncode(TemplateValue value, TemplateArguments arguments)
    {
        arguments.Bind(0);
        var budget = arguments.Budget;
        var pairs = value switch
        {
            DictionaryValue x => x.Items.Select(i => (i.Key, i.Value)),
            ListValue x => x.Items.Select(i => i is ListValue { Items: [var k, var v] } ? (k, v) : throw new TemplateException("'urlencode' of a list needs pairs.")),
            _ => null,
        };
        return Checked(
            pairs is null
                ? Quote(PythonText.Str(value, budget), keepSlash: true)
                : string.Join("&", pairs.Select(x => Quote(PythonText.Str(x.Item1, budget), false) + "=" + Quote(PythonText.Str(x.Item2, budget), false))),
            budget);
    }

    private static string Quote(string text, bool keepSlash)
    {
        var result = new StringBuilder();
        foreach (var b in Encoding.UTF8.GetBytes(text))
        {
            var c = (char)b;
            if (char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-' or '~' || (keepSlash && c == '/'))
            {
                result.Append(c);
            }
            else if (c == ' ' && !keepSlash)
            {
                result.Append('+');
            }
            else
            {
                result.Append('%').Append(b.ToString("X2"));
            }
        }

        return result.ToString();
    }

    // Sorted keys, and nothing that could end a script element, as Jinja does.
    private static TemplateValue ToJson(TemplateValue value, TemplateArguments arguments)
    {
        var indent = arguments.Bind(0, "indent")[0];
        int? width = indent is null or NoneValue ? null : Math.Clamp(Int(indent, "indent"), 0, 64);
        var json = new PythonJson(arguments.Budget, sortKeys: true, width).Write(value);
        return Checked(json.Replace("<", "\\u003c").Replace(">", "\\u003e").Replace("&", "\\u0026").Replace("'", "\\u0027"), arguments.Budget);
    }
}
