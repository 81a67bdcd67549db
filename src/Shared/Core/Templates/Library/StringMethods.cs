using Sluice.Core.Templates.Python;
using static Sluice.Core.Templates.Library.Arguments;

namespace Sluice.Core.Templates.Library;

/// <summary>Python's methods of str.</summary>
internal static class StringMethods
{
    public static TemplateValue? Get(string text, string name) => name switch
    {
        "upper" => Plain(name, text.ToUpperInvariant),
        "lower" or "casefold" => Plain(name, text.ToLowerInvariant),
        "title" => Plain(name, () => PythonStrings.Title(text)),
        "capitalize" => Plain(name, () => PythonStrings.Capitalize(text)),
        "swapcase" => Plain(name, () => string.Concat(text.Select(c => char.IsUpper(c) ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c)))),
        "strip" => Strip(name, text, start: true, end: true),
        "lstrip" => Strip(name, text, start: true, end: false),
        "rstrip" => Strip(name, text, start: false, end: true),
        "split" => Function(name, a => Split(text, a, fromEnd: false)),
        "rsplit" => Function(name, a => Split(text, a, fromEnd: true)),
        "splitlines" => Function(name, a =>
        {
            a.Bind(0);
            return Texts(PythonStrings.Lines(text), a);
        }),
        "partition" => Function(name, a => Partition(text, a, last: false)),
        "rpartition" => Function(name, a => Partition(text, a, last: true)),
        "replace" => Function(name, a =>
        {
            var x = a.Bind(2, "old", "new", "count");
            return Replace(text, Text(x[0]!, "old"), Text(x[1]!, "new"), Int(x[2], "count", -1), a.Budget);
        }),
        "startswith" => Function(name, a => Affix(a, text.StartsWith)),
        "endswith" => Function(name, a => Affix(a, text.EndsWith)),
        "removeprefix" => Function(name, a => Text(a.Bind(1, "prefix")[0]!, "prefix") is var x && text.StartsWith(x, StringComparison.Ordinal)
            ? TemplateValue.From(text[x.Length..])
            : TemplateValue.From(text)),
        "removesuffix" => Function(name, a => Text(a.Bind(1, "suffix")[0]!, "suffix") is var x && text.EndsWith(x, StringComparison.Ordinal)
            ? TemplateValue.From(text[..^x.Length])
            : TemplateValue.From(text)),
        "join" => Function(name, a =>
        {
            var items = PythonSequences.Iterate(a.Bind(1, "iterable")[0]!, a.Budget);
            return items.FirstOrDefault(x => x is not StringValue) is { } other
                ? throw new TemplateException($"'join' needs strings, not {other.TypeName}; the filter join takes anything.")
                : Join(text, items, a.Budget);
        }),
        "format" => Function(name, a => TemplateValue.From(BraceFormat.Format(text, a))),
        "format_map" => Function(name, a => a.Bind(1, "mapping")[0] is DictionaryValue map
            ? TemplateValue.From(BraceFormat.Format(text, new("format_map", [], [.. map.Items.Where(x => x.Key is StringValue).Select(x => new KeyValuePair<string, TemplateValue>(((StringValue)x.Key).Value, x.Value))], a.Budget)))
            : throw new TemplateException("'format_map' needs a dict.")),
        "zfill" => Function(name, a =>
        {
            var width = Int(a.Bind(1, "width")[0]!, "width");
            a.Budget.CheckText(width);
            var sign = text is ['+' or '-', ..] ? 1 : 0;
            return TemplateValue.From(text[..sign] + new string('0', Math.Max(0, width - PythonStrings.Length(text))) + text[sign..]);
        }),
        "center" => Function(name, a => Pad(text, a, '^')),
        "ljust" => Function(name, a => Pad(text, a, '<')),
        "rjust" => Function(name, a => Pad(text, a, '>')),
        "count" => Function(name, a => TemplateValue.From(Count(text, Text(a.Bind(1, "sub")[0]!, "sub")))),
        "find" => Function(name, a => Find(text, a, text.IndexOf, required: false)),
        "rfind" => Function(name, a => Find(text, a, text.LastIndexOf, required: false)),
        "index" => Function(name, a => Find(text, a, text.IndexOf, required: true)),
        "rindex" => Function(name, a => Find(text, a, text.LastIndexOf, required: true)),
        "isdigit" or "isdecimal" or "isnumeric" => Is(name, text.Length > 0 && text.All(char.IsDigit)),
        "isalpha" => Is(name, text.Length > 0 && text.All(char.IsLetter)),
        "isalnum" => Is(name, text.Length > 0 && text.All(char.IsLetterOrDigit)),
        "isspace" => Is(name, text.Length > 0 && text.All(char.IsWhiteSpace)),
        "isupper" => Is(name, PythonStrings.IsUpper(text)),
        "islower" => Is(name, PythonStrings.IsLower(text)),
        _ => null,
    };

    private static FunctionValue Plain(string name, Func<string> result) => Function(name, a =>
    {
        a.Bind(0);
        return TemplateValue.From(result());
    });

    private static FunctionValue Is(string name, bool result) => Function(name, a =>
    {
        a.Bind(0);
        return TemplateValue.From(result);
    });

    private static FunctionValue Strip(string name, string text, bool start, bool end) => Function(
        name, a => TemplateValue.From(PythonStrings.Strip(text, TextOrNull(a.Bind(0, "chars")[0], "chars"), start, end)));

    private static ListValue Texts(List<string> parts, TemplateArguments arguments)
    {
        arguments.Budget.Items(parts.Count);
        return new([.. parts.Select(TemplateValue.From)]);
    }

    private static TemplateValue Affix(TemplateArguments arguments, Func<string, StringComparison, bool> has)
    {
        var affix = arguments.Bind(1, "affix")[0]!;
        return TemplateValue.From(affix is ListValue { IsTuple: true } several
            ? several.Items.Any(x => has(Text(x, "affix"), StringComparison.Ordinal))
            : has(Text(affix, "affix"), StringComparison.Ordinal));
    }

    private static TemplateValue Pad(string text, TemplateArguments arguments, char align)
    {
        var x = arguments.Bind(1, "width", "fillchar");
        var fill = TextOrNull(x[1], "fillchar") ?? " ";
        if (fill.Length != 1)
        {
            throw new TemplateException("'fillchar' is one character.");
        }

        var width = Int(x[0]!, "width");
        var missing = width - PythonStrings.Length(text);

        // Python's center puts the odd character left when the width is odd, and a format puts it right.
        if (align == '^' && missing > 0)
        {
            arguments.Budget.CheckText(width);
            var left = (missing / 2) + (missing & width & 1);
            return TemplateValue.From(new string(fill[0], left) + text + new string(fill[0], missing - left));
        }

        return TemplateValue.From(new FormatSpec { Align = align, Fill = fill[0], Width = Math.Max(0, width) }.FormatText(text, arguments.Budget));
    }

    private static long Count(string text, string part)
    {
        if (part.Length == 0)
        {
            return PythonStrings.Length(text) + 1L;
        }

        long count = 0;
        for (var i = 0; (i = text.IndexOf(part, i, StringComparison.Ordinal)) >= 0; i += part.Length)
        {
            count++;
        }

        return count;
    }

    private static TemplateValue Find(string text, TemplateArguments arguments, Func<string, StringComparison, int> find, bool required)
    {
        var index = find(Text(arguments.Bind(1, "sub")[0]!, "sub"), StringComparison.Ordinal);
        return index < 0 && required
            ? throw new TemplateException("The substring is not there.")
            : TemplateValue.From(index < 0 ? -1L : PythonStrings.Length(text[..index]));
    }

    private static ListValue Partition(string text, TemplateArguments arguments, bool last)
    {
        var separator = Separator(arguments.Bind(1, "sep")[0]!);
        var at = last ? text.LastIndexOf(separator, StringComparison.Ordinal) : text.IndexOf(separator, StringComparison.Ordinal);
        string[] parts = at >= 0 ? [text[..at], separator, text[(at + separator.Length)..]] : last ? ["", "", text] : [text, "", ""];
        return new([.. parts.Select(TemplateValue.From)], isTuple: true);
    }

    private static string Separator(TemplateValue value) =>
        Text(value, "sep") is { Length: > 0 } separator ? separator : throw new TemplateException("The separator is empty.");

    private static ListValue Split(string text, TemplateArguments arguments, bool fromEnd)
    {
        var x = arguments.Bind(0, "sep", "maxsplit");
        var most = Int(x[1], "maxsplit", -1);
        most = most < 0 ? int.MaxValue : most;
        arguments.Budget.Step(text.Length >> 8);
        var parts = x[0] is null or NoneValue
            ? SplitSpace(text, most, fromEnd)
            : SplitAt(text, Separator(x[0]!), most, fromEnd);
        return Texts(parts, arguments);
    }

    private static List<string> SplitAt(string text, string separator, int most, bool fromEnd)
    {
        var parts = new List<string>();
        if (!fromEnd)
        {
            var from = 0;
            for (int at; parts.Count < most && (at = text.IndexOf(separator, from, StringComparison.Ordinal)) >= 0; from = at + separator.Length)
            {
                parts.Add(text[from..at]);
            }

            parts.Add(text[from..]);
            return parts;
        }

        var end = text.Length;
        for (int at; parts.Count < most && end >= separator.Length
            && (at = text.LastIndexOf(separator, end - 1, end, StringComparison.Ordinal)) >= 0; end = at)
        {
            parts.Add(text[(at + separator.Length)..end]);
        }

        parts.Add(text[..end]);
        parts.Reverse();
        return parts;
    }

    private static List<string> SplitSpace(string text, int most, bool fromEnd)
    {
        var parts = new List<string>();
        var rest = text.Trim();
        while (rest.Length > 0 && parts.Count < most)
        {
            var at = fromEnd ? LastSpace(rest) : FirstSpace(rest);
            if (at < 0)
            {
                break;
            }

            parts.Add(fromEnd ? rest[(at + 1)..] : rest[..at]);
            rest = fromEnd ? rest[..at].TrimEnd() : rest[at..].TrimStart();
        }

        if (rest.Length > 0)
        {
            // What is left keeps its outer spaces on the far side, as in Python.
            parts.Add(parts.Count == most && fromEnd ? text[..(text.IndexOf(rest, StringComparison.Ordinal) + rest.Length)]
                : parts.Count == most ? rest + text[(text.TrimEnd().Length)..]
                : rest);
        }

        if (fromEnd)
        {
            parts.Reverse();
        }

        return parts;

        static int FirstSpace(string x) => Enumerable.Range(0, x.Length).FirstOrDefault(i => char.IsWhiteSpace(x[i]), -1);

        static int LastSpace(string x) => Enumerable.Range(0, x.Length).LastOrDefault(i => char.IsWhiteSpace(x[i]), -1);
    }
}
