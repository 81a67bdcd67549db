using System.Collections.Frozen;
using Sluice.Core.Templates.Python;
using static Sluice.Core.Templates.Library.Arguments;

namespace Sluice.Core.Templates.Library;

internal delegate TemplateValue Filter(TemplateValue value, TemplateArguments arguments);

/// <summary>What may stand after <c>|</c>.</summary>
internal static class Filters
{
    private static readonly FrozenDictionary<string, Filter> All = new Dictionary<string, Filter>(
    [
        new("default", Default),
        new("d", Default),
        .. TextFilters.All,
        .. NumberFilters.All,
        .. SequenceFilters.All,
        .. SelectionFilters.All,
        .. DateFilters.All,
    ]).ToFrozenDictionary(StringComparer.Ordinal);

    public static IEnumerable<string> Names => All.Keys;

    public static bool Exists(string name) => All.ContainsKey(name);

    public static TemplateValue Apply(string name, TemplateValue value, TemplateArguments arguments)
    {
        if (arguments.Added.Filters.TryGetValue(name, out var added))
        {
            return added(PythonEquality.Require(value), arguments);
        }

        if (!All.TryGetValue(name, out var filter))
        {
            throw new TemplateException($"There is no filter '{name}'{Parsing.Suggestion.For(name, Names.Concat(arguments.Added.Filters.Keys))}.");
        }

        return filter(name is "default" or "d" ? value : PythonEquality.Require(value), arguments);
    }

    private static TemplateValue Default(TemplateValue value, TemplateArguments arguments)
    {
        var x = arguments.Bind(0, "default_value", "boolean");
        return value is UndefinedValue || (Flag(x[1]) && !PythonOperators.Truthy(value)) ? x[0] ?? TemplateValue.From("") : value;
    }
}
