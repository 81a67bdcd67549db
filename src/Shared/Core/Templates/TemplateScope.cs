using System.Diagnostics.CodeAnalysis;

namespace Sluice.Core.Templates;

/// <summary>The names that a template sees. For one thread at a time: names are worked out when they are asked for.</summary>
public sealed class TemplateScope
{
    private readonly Dictionary<string, TemplateValue> _known;
    private readonly IReadOnlyCollection<string> _names;
    private readonly Func<string, TemplateValue?>? _find;

    /// <summary>A scope with all its values at hand.</summary>
    public TemplateScope(IEnumerable<KeyValuePair<string, TemplateValue>> variables, TemplateLimits? limits = null)
    {
        _known = new Dictionary<string, TemplateValue>(variables, StringComparer.Ordinal);
        _names = [];
        Limits = limits ?? TemplateLimits.Default;
    }

    /// <summary>A scope whose values are made when a template first asks for them.</summary>
    /// <param name="names">All names, for suggestions in errors.</param>
    /// <param name="find">Null when there is no such name.</param>
    /// <param name="limits">Null for the default ones.</param>
    public TemplateScope(IReadOnlyCollection<string> names, Func<string, TemplateValue?> find, TemplateLimits? limits = null)
    {
        _known = new(StringComparer.Ordinal);
        (_names, _find) = (names, find);
        Limits = limits ?? TemplateLimits.Default;
    }

    public static TemplateScope Empty { get; } = new([]);

    public TemplateLimits Limits { get; }

    /// <summary>What the Dag adds to the language.</summary>
    public TemplateLibrary Library { get; init; } = TemplateLibrary.Empty;

    /// <summary>What an imported file sees: nothing of the run, but the Dag's own functions.</summary>
    internal TemplateScope WithoutNames() => new([], Limits) { Library = Library };

    internal IEnumerable<string> Names => _names.Concat(_known.Keys);

    /// <summary>The same scope with one more name; it hides an earlier one.</summary>
    public TemplateScope With(string name, TemplateValue value) => new([.. Names, name], x => x == name ? value : TryGet(x, out var found) ? found : null, Limits) { Library = Library };

    /// <summary>The same scope with what a Dag adds.</summary>
    public TemplateScope With(TemplateLibrary library) => new([.. Names], x => TryGet(x, out var found) ? found : null, Limits) { Library = library };

    internal bool TryGet(string name, [NotNullWhen(true)] out TemplateValue? value)
    {
        if (_known.TryGetValue(name, out value))
        {
            return true;
        }

        if (_find?.Invoke(name) is not { } found)
        {
            return false;
        }

        _known.Add(name, value = found);
        return true;
    }
}
