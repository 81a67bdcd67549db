using System.Collections.Concurrent;

namespace Sluice.Core.Templates;

/// <summary>A filter of the Dag's author.</summary>
/// <param name="value">What stands before the <c>|</c>.</param>
/// <param name="arguments">What stands in brackets after its name.</param>
/// <exception cref="TemplateException">Without a place, for a wrong value or argument.</exception>
public delegate TemplateValue TemplateFilter(TemplateValue value, TemplateArguments arguments);

/// <summary>What one Dag adds to the language: files to include, its own functions and filters. Immutable, shared between threads.</summary>
public sealed class TemplateLibrary
{
    private readonly ConcurrentDictionary<string, Template> _parsed = new(StringComparer.Ordinal);

    public static TemplateLibrary Empty { get; } = new();

    /// <summary>Text of template files by their names, as templates write them.</summary>
    public IReadOnlyDictionary<string, string> Files { get; init; } = new Dictionary<string, string>();

    /// <summary>Functions and values that every template of the Dag sees; names of the task hide them.</summary>
    public IReadOnlyDictionary<string, TemplateValue> Globals { get; init; } = new Dictionary<string, TemplateValue>();

    /// <summary>Filters; a built-in one of the same name is hidden.</summary>
    public IReadOnlyDictionary<string, TemplateFilter> Filters { get; init; } = new Dictionary<string, TemplateFilter>();

    /// <summary>Null when there is no such file.</summary>
    /// <exception cref="TemplateException">It is not well formed.</exception>
    internal Template? File(string name) => !Files.TryGetValue(name, out var text)
        ? null
        : _parsed.GetOrAdd(name, static (key, given) => Template.Parse(given.Text, null, given.Library, key), (Text: text, Library: this));
}
