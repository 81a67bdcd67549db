using System.Text;

namespace Sluice.Storage.Sql;

/// <summary>Text that every engine can hold.</summary>
internal static class StorableText
{
    /// <summary>
    /// Replaces U+0000, which PostgreSQL refuses, and lone surrogates, which are not UTF-8, by U+FFFD: an odd byte in a task's error must not
    /// stop the journal.
    /// </summary>
    public static string Clean(string text)
    {
        var span = text.AsSpan();
        if (span.IndexOf('\0') < 0 && span.IndexOfAnyInRange('\uD800', '\uDFFF') < 0)
        {
            return text;
        }

        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes()) // a lone surrogate comes out as U+FFFD
        {
            clean.Append((rune.Value == 0 ? Rune.ReplacementChar : rune).ToString());
        }

        return clean.ToString();
    }
}
