namespace Sluice.Core.Templates.Parsing;

/// <summary>The text of a template as the lexer sees it: line ends are <c>\n</c>, one trailing line end is gone.</summary>
internal sealed class Source
{
    /// <param name="text">As written.</param>
    /// <param name="name">The file that it lies in; null for an argument's own text.</param>
    public Source(string text, string? name = null)
    {
        Name = name;
        if (text.Contains('\r'))
        {
            text = text.Replace("\r\n", "\n").Replace('\r', '\n');
        }

        Text = text.EndsWith('\n') ? text[..^1] : text;
    }

    public string? Name { get; }

    public string Text { get; }

    public TemplateException Error(int at, string sentence, Exception? inner = null)
    {
        var before = Text.AsSpan(0, Math.Min(at, Text.Length));
        return new(sentence, before.Count('\n') + 1, before.Length - before.LastIndexOf('\n'), inner, Name);
    }
}
