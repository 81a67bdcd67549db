using Sluice.Core.Templates.Parsing;
using Sluice.Core.Templates.Rendering;

namespace Sluice.Core.Templates;

/// <summary>A parsed template: our Jinja subset (docs/concepts/templates.md). Immutable, so it may be cached and shared between threads.</summary>
public sealed class Template
{
    private readonly References _references;

    private Template(Source source, IReadOnlyList<Statement> body, References references) => (Source, Body, _references) = (source, body, references);

    /// <summary>True when there is no tag in it: it renders to the same text whatever the scope.</summary>
    public bool IsPlain => Body.All(x => x is TextStatement);

    /// <summary>Names of variables and functions that it uses, also of those that it sets itself.</summary>
    public IReadOnlySet<string> Names => _references.Names;

    /// <summary>Names of the filters that it uses.</summary>
    public IReadOnlySet<string> Filters => _references.Filters;

    /// <summary>Names of the files that it includes or imports; whether each may be missing; and the error if it is and may not.</summary>
    public IEnumerable<(string Name, bool MayBeMissing, TemplateException Missing)> Files =>
        _references.Files.Select(x => (x.File, x.MayBeMissing, Source.Error(x.At, Renderer.NoFile(x.File))));

    internal Source Source { get; }

    internal IReadOnlyList<Statement> Body { get; }

    /// <summary>Reads a template.</summary>
    /// <param name="text">As written.</param>
    /// <param name="limits">Null for the default ones.</param>
    /// <param name="library">What the Dag adds; the same goes with the scope that it is rendered in.</param>
    /// <param name="file">Name of the file that it lies in, for errors; null for none.</param>
    /// <exception cref="TemplateException">It is not well formed, or names an unknown filter, test or tag.</exception>
    public static Template Parse(string text, TemplateLimits? limits = null, TemplateLibrary? library = null, string? file = null)
    {
        var source = new Source(text, file);
        var tokens = new Lexer(source).Read();
        var parser = new TemplateParser(source, tokens, (limits ?? TemplateLimits.Default).MaxDepth, library ?? TemplateLibrary.Empty);
        return new(source, parser.Parse(), parser.References);
    }

    /// <summary>Renders it. The same scope gives the same text.</summary>
    /// <exception cref="TemplateException">An unknown name, a wrong type, a limit: with line and column.</exception>
    /// <exception cref="TemplateLookupPendingException">An outside value is needed that has not been fetched yet.</exception>
    public string Render(TemplateScope scope) => Body switch
    {
        [] => "",
        [TextStatement only] => only.Text,
        _ => new Renderer(scope).Render(this),
    };
}
