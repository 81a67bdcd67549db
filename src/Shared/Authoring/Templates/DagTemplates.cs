using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Sluice.Core.Dags;
using Sluice.Core.Templates;

namespace Sluice.Authoring.Templates;

/// <summary>The templates of one Dag version, each parsed once in a process.</summary>
internal sealed class DagTemplates
{
    // Arguments are fixed with the version; this is for code that makes up new ones for ever.
    private const int MostKept = 10_000;

    private static readonly ConditionalWeakTable<DagSpec, DagTemplates> Known = [];

    private readonly ConcurrentDictionary<string, Template> _parsed = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, TemplateExpression> _expressions = new(StringComparer.Ordinal);
    private readonly TemplateLibrary _added;

    private DagTemplates(DagSpec dag, TemplateLibrary added)
    {
        _added = added;
        Library = dag.TemplateFiles is { } files ? new() { Files = files, Globals = added.Globals, Filters = added.Filters } : added;
    }

    /// <summary>Files of the Dag, macros and filters of its author.</summary>
    public TemplateLibrary Library { get; }

    public static DagTemplates Of(DagSpec dag, TemplateLibrary added)
    {
        var known = Known.GetValue(dag, key => new(key, added));
        if (ReferenceEquals(known._added, added))
        {
            return known;
        }

        // The same data with other code behind it.
        var fresh = new DagTemplates(dag, added);
        Known.AddOrUpdate(dag, fresh);
        return fresh;
    }

    /// <summary>An argument's template: its own text, or the file that it names.</summary>
    /// <exception cref="TemplateException">It is not well formed.</exception>
    public Template Get(string text, IReadOnlyList<string> extensions)
    {
        if (_parsed.TryGetValue(text, out var parsed))
        {
            return parsed;
        }

        if (_parsed.Count >= MostKept)
        {
            _parsed.Clear();
        }

        return _parsed[text] = TemplateFiles.IsName(text, extensions) && Library.Files.TryGetValue(text, out var content)
            ? Template.Parse(content, null, Library, text)
            : Template.Parse(text, null, Library);
    }

    /// <summary>An expression of the Dag's definition.</summary>
    /// <exception cref="TemplateException">It is not well formed.</exception>
    public TemplateExpression GetExpression(string text) =>
        _expressions.TryGetValue(text, out var parsed) ? parsed : _expressions[text] = TemplateExpression.Parse(text, Library);
}
