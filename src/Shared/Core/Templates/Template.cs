using Sluice.Core.Templates.Parsing;
using Sluice.Core.Templates.Rendering;

namespace Sluice.Core.Templates;

/// <summary>A parsed template: our Jinja subset (docs/concepts/templates.md). Immutable, so it may be cached and shared between threads.</summary>
public sealed class Template
{
    private readonly Source _source;
    private readonly IReadOnlyList<Statement> _body;

    private Template(Source source, IReadOnlyList<Statement> body) => (_source, _body) = (source, body);

    /// <summary>True when there is no tag in it: it renders to the same text whatever the scope.</summary>
    public bool IsPlain => _body.All(x => x is TextStatement);

    /// <summary>Reads a template.</summary>
    /// <exception cref="TemplateException">It is not well formed, or names an unknown filter, test or tag.</exception>
    public static Template Parse(string text, TemplateLimits? limits = null)
    {
        var source = new Source(text);
        var tokens = new Lexer(source).Read();
        return new(source, new TemplateParser(source, tokens, (limits ?? TemplateLimits.Default).MaxDepth).Parse());
    }

    /// <summary>Renders it. The same scope gives the same text.</summary>
    /// <exception cref="TemplateException">An unknown name, a wrong type, a limit: with line and column.</exception>
    /// <exception cref="TemplateLookupPendingException">An outside value is needed that has not been fetched yet.</exception>
    public string Render(TemplateScope scope)
    {
        if (_body is [])
        {
            return "";
        }

        if (_body is [TextStatement only])
        {
            return only.Text;
        }

        var renderer = new Renderer(scope);
        try
        {
            return renderer.Render(_body);
        }
        catch (TemplateException e) when (e.Line == 0)
        {
            throw _source.Error(renderer.At, e.Sentence);
        }
        catch (Exception e) when (e is ArithmeticException or ArgumentException or FormatException)
        {
            // What the value types of the platform refuse: a date after the year 9999, a duration of a million years.
            throw _source.Error(renderer.At, "A value here is out of range.", e);
        }
    }
}
