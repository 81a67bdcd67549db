namespace Sluice.Core.Templates;

/// <summary>The names that a template sees.</summary>
public sealed class TemplateScope
{
    private readonly Dictionary<string, TemplateValue> _variables;

    public TemplateScope(IEnumerable<KeyValuePair<string, TemplateValue>> variables, TemplateLimits? limits = null)
    {
        _variables = new Dictionary<string, TemplateValue>(variables, StringComparer.Ordinal);
        Limits = limits ?? TemplateLimits.Default;
    }

    public static TemplateScope Empty { get; } = new([]);

    public TemplateLimits Limits { get; }

    internal IEnumerable<string> Names => _variables.Keys;

    /// <summary>The same scope with one more name; it hides an earlier one.</summary>
    public TemplateScope With(string name, TemplateValue value) => new(_variables.Where(x => x.Key != name).Append(new(name, value)), Limits);

    internal bool TryGet(string name, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out TemplateValue? value) =>
        _variables.TryGetValue(name, out value);
}
