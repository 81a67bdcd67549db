using Sluice.Core.Templates.Parsing;
using Sluice.Core.Templates.Rendering;

namespace Sluice.Core.Templates;

/// <summary>One expression of the template language by itself, such as <c>item.rows > 0</c>: its value is of any type, where a template's is text.</summary>
/// <remarks>Immutable, so it may be cached and shared between threads.</remarks>
public sealed class TemplateExpression
{
    private const string Opening = "{{";

    private readonly Expression _value;
    private readonly References _references;

    private TemplateExpression(Expression value, References references) => (_value, _references) = (value, references);

    /// <inheritdoc cref="Template.Names"/>
    public IReadOnlySet<string> Names => _references.Names;

    /// <inheritdoc cref="Template.Filters"/>
    public IReadOnlySet<string> Filters => _references.Filters;

    /// <summary>Reads an expression.</summary>
    /// <param name="text">As it would stand between <c>{{</c> and <c>}}</c>.</param>
    /// <param name="library">What the Dag adds; the same goes with the scope that it is evaluated in.</param>
    /// <exception cref="TemplateException">It is not well formed, or is more than one expression.</exception>
    public static TemplateExpression Parse(string text, TemplateLibrary? library = null)
    {
        if (text.TrimStart().StartsWith(Opening, StringComparison.Ordinal) || text.TrimStart().StartsWith("{%", StringComparison.Ordinal))
        {
            throw new TemplateException("an expression stands by itself, without {{ }} or {% %} around it");
        }

        try
        {
            var source = new Source($"{Opening}{text} }}}}");
            var parser = new TemplateParser(source, new Lexer(source).Read(), TemplateLimits.Default.MaxDepth, library ?? TemplateLibrary.Empty);
            return parser.Parse() is [PrintStatement only] ? new(only.Value, parser.References) : throw new TemplateException("it is more than one expression");
        }
        catch (TemplateException e) when (e.Line == 1)
        {
            throw new TemplateException(e.Sentence, 1, Math.Max(1, e.Column - Opening.Length), e);
        }
    }

    /// <summary>Works it out.</summary>
    /// <exception cref="TemplateException">An unknown name, a wrong type, a limit.</exception>
    /// <exception cref="TemplateLookupPendingException">An outside value is needed that has not been fetched yet.</exception>
    public TemplateValue Evaluate(TemplateScope scope)
    {
        try
        {
            var value = new Evaluator(scope, new(scope.Limits)).Evaluate(_value);
            return value is UndefinedValue undefined ? throw undefined.Error() : value;
        }
        catch (Exception e) when (e is ArithmeticException or ArgumentException or FormatException)
        {
            throw new TemplateException("A value here is out of range.");
        }
    }

    /// <summary>Whether it holds, as <c>if</c> would see it.</summary>
    /// <inheritdoc cref="Evaluate"/>
    public bool Holds(TemplateScope scope) => Python.PythonOperators.Truthy(Evaluate(scope));
}
