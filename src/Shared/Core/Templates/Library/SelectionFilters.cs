using Sluice.Core.Templates.Python;
using Sluice.Core.Templates.Rendering;

namespace Sluice.Core.Templates.Library;

/// <summary><c>map</c>, <c>select</c>, <c>reject</c> and their attribute forms: filters that use other filters and tests by name.</summary>
internal static class SelectionFilters
{
    public static IEnumerable<KeyValuePair<string, Filter>> All =>
    [
        new("map", Map),
        new("select", (v, a) => Select(v, a, byAttribute: false, keep: true)),
        new("reject", (v, a) => Select(v, a, byAttribute: false, keep: false)),
        new("selectattr", (v, a) => Select(v, a, byAttribute: true, keep: true)),
        new("rejectattr", (v, a) => Select(v, a, byAttribute: true, keep: false)),
    ];

    // As in Jinja, None and other empty values count as an empty list here.
    private static IReadOnlyList<TemplateValue> Items(TemplateValue value, RenderBudget budget) =>
        PythonOperators.Truthy(value) ? PythonSequences.Iterate(value, budget) : [];

    private static ListValue Map(TemplateValue value, TemplateArguments arguments)
    {
        var budget = arguments.Budget;
        var items = Items(value, budget);
        if (arguments.Positional.Count == 0)
        {
            var named = arguments.Named.ToDictionary(x => x.Key, x => x.Value);
            if (!named.Remove("attribute", out var attribute))
            {
                throw new TemplateException("'map' needs the name of a filter, or attribute=.");
            }

            named.Remove("default", out var otherwise);
            return named.Count > 0
                ? throw new TemplateException($"'map' has no argument '{named.Keys.First()}'.")
                : new ListValue([.. items.Select(x => Attributes.Path(x, attribute, budget) is var found && found is UndefinedValue && otherwise is not null ? otherwise : found)]);
        }

        var name = Arguments.Text(arguments.Positional[0], "the filter of map");
        var rest = new TemplateArguments(name, [.. arguments.Positional.Skip(1)], arguments.Named, budget) { Added = arguments.Added };
        budget.Items(items.Count);
        return new ListValue([.. items.Select(x => Filters.Apply(name, x, rest))]);
    }

    private static ListValue Select(TemplateValue value, TemplateArguments arguments, bool byAttribute, bool keep)
    {
        var budget = arguments.Budget;
        var given = arguments.Positional;
        if (byAttribute && given.Count == 0)
        {
            throw new TemplateException($"'{arguments.Callee}' needs the name of an attribute.");
        }

        var skip = byAttribute ? 1 : 0;
        var test = given.Count > skip ? Arguments.Text(given[skip], $"the test of {arguments.Callee}") : null;
        var rest = new TemplateArguments(test ?? "", [.. given.Skip(skip + 1)], arguments.Named, budget);
        return new ListValue([.. Items(value, budget).Where(Passes)]);

        bool Passes(TemplateValue item)
        {
            budget.Step();
            var subject = byAttribute ? Attributes.Path(item, given[0], budget) : item;
            return keep == (test is null ? PythonOperators.Truthy(subject) : ValueTests.Apply(test, subject, rest));
        }
    }
}
