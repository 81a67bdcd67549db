using System.Text;

namespace Sluice.Core.Templates.Python;

/// <summary>Python's <c>textwrap.wrap</c> with <c>replace_whitespace</c> and <c>expand_tabs</c> off, for one line.</summary>
internal static class TextWrap
{
    public static List<string> Lines(string text, int width, bool breaksLongWords, bool breaksOnHyphens)
    {
        var chunks = new LinkedList<string>(Chunks(text, breaksOnHyphens));
        var lines = new List<string>();
        while (chunks.First is { } first)
        {
            if (lines.Count > 0 && string.IsNullOrWhiteSpace(first.Value))
            {
                chunks.RemoveFirst();
            }

            var line = new List<string>();
            var length = 0;
            while (chunks.First is { } next && length + next.Value.Length <= width)
            {
                line.Add(next.Value);
                length += next.Value.Length;
                chunks.RemoveFirst();
            }

            if (chunks.First is { } tooLong && tooLong.Value.Length > width)
            {
                if (breaksLongWords)
                {
                    var room = Math.Max(1, width - length);
                    line.Add(tooLong.Value[..room]);
                    tooLong.Value = tooLong.Value[room..];
                }
                else if (line.Count == 0)
                {
                    line.Add(tooLong.Value);
                    chunks.RemoveFirst();
                }
            }

            if (line is [.., var last] && string.IsNullOrWhiteSpace(last))
            {
                line.RemoveAt(line.Count - 1);
            }

            if (line.Count > 0)
            {
                lines.Add(string.Concat(line));
            }
        }

        return lines;
    }

    // Words and the white space between them; a hyphen between letters ends a chunk.
    private static List<string> Chunks(string text, bool breaksOnHyphens)
    {
        var chunks = new List<string>();
        var chunk = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (chunk.Length > 0 && char.IsWhiteSpace(text[i]) != char.IsWhiteSpace(chunk[0]))
            {
                End();
            }

            chunk.Append(text[i]);
            if (breaksOnHyphens && text[i] == '-' && chunk.Length > 2 && char.IsLetter(chunk[^2]) && char.IsLetter(chunk[^3])
                && i + 2 < text.Length && char.IsLetter(text[i + 1]) && char.IsLetter(text[i + 2]))
            {
                End();
            }
        }

        End();
        return chunks;

        void End()
        {
            if (chunk.Length > 0)
            {
                chunks.Add(chunk.ToString());
                chunk.Clear();
            }
        }
    }
}
