namespace Sluice.Core.Templates;

/// <summary>A template that cannot be read or rendered. Lines and columns count from 1.</summary>
/// <remarks>A function given to a template throws it without a place; rendering adds the place of the call.</remarks>
public sealed class TemplateException : Exception
{
    public TemplateException(string sentence)
        : base(sentence) => Sentence = sentence;

    public TemplateException(string sentence, int line, int column, Exception? inner = null, string? file = null)
        : base($"{(file is null ? "Line" : $"File '{file}', line")} {line}, column {column}: {sentence}", inner) =>
        (Sentence, Line, Column, File) = (sentence, line, column, file);

    /// <summary>What is wrong, without the place.</summary>
    public string Sentence { get; }

    /// <summary>0 while the place is not known yet.</summary>
    public int Line { get; }

    public int Column { get; }

    /// <summary>The template file that the place lies in; null for a template that is not a file.</summary>
    public string? File { get; }
}
