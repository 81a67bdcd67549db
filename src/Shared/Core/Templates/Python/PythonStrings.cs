using System.Globalization;

namespace Sluice.Core.Templates.Python;

/// <summary>Strings counted in characters as Python counts them, not in UTF-16 units.</summary>
internal static class PythonStrings
{
    public static int Length(string text)
    {
        var length = text.Length;
        for (var i = 1; i < text.Length; i++)
        {
            if (char.IsLowSurrogate(text[i]) && char.IsHighSurrogate(text[i - 1]))
            {
                length--;
            }
        }

        return length;
    }

    public static IReadOnlyList<string> Characters(string text)
    {
        var result = new List<string>(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var length = char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]) ? 2 : 1;
            result.Add(text.Substring(i, length));
            i += length - 1;
        }

        return result;
    }

    /// <summary>The first <paramref name="count"/> characters.</summary>
    public static string Left(string text, int count) => text.Length <= count ? text : string.Concat(Characters(text).Take(Math.Max(0, count)));

    public static string Capitalize(string text) =>
        text.Length == 0 ? text : text[..1].ToUpperInvariant() + text[1..].ToLowerInvariant();

    public static bool IsUpper(string text) => text.Any(char.IsUpper) && !text.Any(char.IsLower);

    public static bool IsLower(string text) => text.Any(char.IsLower) && !text.Any(char.IsUpper);

    /// <summary>Python's <c>str.title()</c>: every run of letters is a word.</summary>
    public static string Title(string text) => string.Create(text.Length, text, static (span, source) =>
    {
        var inWord = false;
        for (var i = 0; i < source.Length; i++)
        {
            span[i] = inWord ? char.ToLowerInvariant(source[i]) : char.ToUpperInvariant(source[i]);
            inWord = char.IsLetter(source[i]);
        }
    });

    /// <summary>Python's <c>str.splitlines()</c>.</summary>
    public static List<string> Lines(string text)
    {
        var result = new List<string>();
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is '\n' or '\r' or '\v' or '\f' or '\x1c' or '\x1d' or '\x1e' or '\x85' or '\u2028' or '\u2029')
            {
                result.Add(text[start..i]);
                i += text[i] == '\r' && i + 1 < text.Length && text[i + 1] == '\n' ? 1 : 0;
                start = i + 1;
            }
        }

        if (start < text.Length)
        {
            result.Add(text[start..]);
        }

        return result;
    }

    public static string Strip(string text, string? characters, bool start, bool end)
    {
        var from = 0;
        var to = text.Length;
        while (start && from < to && Goes(text[from]))
        {
            from++;
        }

        while (end && to > from && Goes(text[to - 1]))
        {
            to--;
        }

        return text[from..to];

        bool Goes(char c) => characters is null ? char.IsWhiteSpace(c) || c is >= '\x1c' and <= '\x1f' : characters.Contains(c);
    }

    /// <summary>Reads a float as Python's float() does.</summary>
    public static bool TryFloat(string text, out double value)
    {
        var trimmed = text.Trim();
        var plain = trimmed.TrimStart('+', '-').ToLowerInvariant();
        if (plain is "inf" or "infinity" or "nan" && trimmed.Length - plain.Length <= 1)
        {
            value = plain == "nan" ? double.NaN : trimmed[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
            return true;
        }

        value = 0;
        return trimmed.Length <= 1000 && RemoveUnderscores(trimmed, out var digits) && digits.Any(char.IsAsciiDigit)
            && double.TryParse(digits, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out value);
    }

    /// <summary>Takes out underscores that stand between two digits; false when one stands elsewhere.</summary>
    public static bool RemoveUnderscores(string text, out string digits)
    {
        digits = text;
        for (var i = text.IndexOf('_'); i >= 0; i = text.IndexOf('_', i + 1))
        {
            if (i == 0 || i + 1 == text.Length || !char.IsAsciiLetterOrDigit(text[i - 1]) || !char.IsAsciiLetterOrDigit(text[i + 1]))
            {
                return false;
            }
        }

        digits = text.Replace("_", "");
        return true;
    }
}
