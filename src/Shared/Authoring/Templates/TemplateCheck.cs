using System.Text.Json;
using Sluice.Authoring.Dags;
using Sluice.Authoring.Execution;
using Sluice.Authoring.Operators;
using Sluice.Core.Templates;

namespace Sluice.Authoring.Templates;

/// <summary>Reads the templates of a Dag while it is defined: what is not well formed is refused then, and the files that they name are gathered.</summary>
/// <param name="library">The author's macros and filters.</param>
/// <param name="readFile">The text of a template file; null when there is none. Null as a whole where files are not at hand: a runner gets them with the Dag.</param>
internal sealed class TemplateCheck(TemplateLibrary library, Func<string, string?>? readFile)
{
    private const int LongestFile = 1 << 18;
    private const int MostText = 1 << 20;

    private readonly SortedDictionary<string, string> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, bool> _usesCode = new(StringComparer.Ordinal);
    private long _length;

    /// <summary>What was gathered, by the names that templates use; null when there is nothing.</summary>
    public IReadOnlyDictionary<string, string>? Files => _files.Count == 0 ? null : _files;

    /// <summary>Checks a task's templates.</summary>
    /// <returns>True when one of them uses a macro or filter of the author's: then only the author's code can render it.</returns>
    /// <exception cref="DagDefinitionException">One is not well formed, or names a file that is not there.</exception>
    public bool UsesCode(TaskNode task)
    {
        var uses = false;
        foreach (var (name, text, extensions) in Texts(task.Operator, ""))
        {
            try
            {
                uses |= TemplateFiles.IsName(text, extensions) ? CheckFile(text, missing: null) : TemplateFields.HasTags(text) && Check(Template.Parse(text, null, library));
            }
            catch (TemplateException e)
            {
                throw new DagDefinitionException($"Task '{task.Id}': template of {name}: {e.Message}", task.Location, e);
            }
        }

        foreach (var (what, expression) in Expressions(task))
        {
            try
            {
                var read = TemplateExpression.Parse(expression, library);
                uses |= read.Names.Any(library.Globals.ContainsKey) || read.Filters.Any(library.Filters.ContainsKey);
            }
            catch (TemplateException e)
            {
                throw new DagDefinitionException($"Task '{task.Id}': {what} '{expression}' of what it is mapped over: {e.Message}", task.Location, e);
            }
        }

        return uses;
    }

    private static IEnumerable<(string What, string Expression)> Expressions(TaskNode task)
    {
        foreach (var origin in (task.Mapping ?? task.Scope.EnclosingMapping)?.Origins ?? [])
        {
            if (origin.Filter is { } filter)
            {
                yield return ("filter", filter);
            }

            if (origin.Map is { } map)
            {
                yield return ("map", map);
            }
        }
    }

    private bool Check(Template template)
    {
        var uses = template.Names.Any(library.Globals.ContainsKey) || template.Filters.Any(library.Filters.ContainsKey);
        foreach (var (name, mayBeMissing, missing) in template.Files)
        {
            uses |= CheckFile(name, mayBeMissing ? null : missing, mayBeMissing);
        }

        return uses;
    }

    private bool CheckFile(string name, TemplateException? missing, bool mayBeMissing = false)
    {
        if (readFile is null)
        {
            return false;
        }

        if (_usesCode.TryGetValue(name, out var known))
        {
            return known;
        }

        if (readFile(name) is not { } text)
        {
            return mayBeMissing ? false : throw missing ?? new TemplateException(
                $"there is no template file '{name}' beside the Dag's file or in the Dag folder; text that only ends like one is written with a space at its end.");
        }

        if (text.Length > LongestFile || (_length += text.Length) > MostText)
        {
            throw new TemplateException($"the template file '{name}' is too long: one may have {LongestFile} characters, those of one Dag together {MostText}.");
        }

        _files.Add(name, text);
        _usesCode.Add(name, false); // files that include one another end when they run
        return _usesCode[name] = Check(Template.Parse(text, null, library, name));
    }

    private static IEnumerable<(string Name, string Text, IReadOnlyList<string> Extensions)> Texts(Operator op, string prefix) =>
        from argument in OperatorArguments.Of(op.GetType())
        where argument.IsTemplate
        let value = argument.Property.GetValue(op)
        from text in value is Operator nested ? Texts(nested, $"{prefix}{argument.Name}.") : Texts(value).Select(text => (prefix + argument.Name, text, argument.Extensions))
        select text;

    private static IEnumerable<string> Texts(object? value) => value switch
    {
        string text => [text],
        IEnumerable<string> list => list,
        IEnumerable<KeyValuePair<string, string>> pairs => pairs.Select(x => x.Value),
        JsonElement { ValueKind: JsonValueKind.String } json => [json.GetString()!],
        JsonElement { ValueKind: JsonValueKind.Array } json => json.EnumerateArray().SelectMany(x => Texts(x)),
        JsonElement { ValueKind: JsonValueKind.Object } json => json.EnumerateObject().SelectMany(x => Texts(x.Value)),
        IEnumerable<KeyValuePair<string, object?>> pairs => pairs.SelectMany(x => Texts(x.Value)),
        IEnumerable<object?> list => list.SelectMany(Texts),
        _ => [],
    };
}
