using System.Text.Json;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Templates;

namespace Sluice.Authoring.Execution;

/// <summary>Renders an operator's templated arguments: strings, and those inside lists and the values of dictionaries, however deep.</summary>
internal static class TemplateFields
{
    private const int MostDepth = 64;

    /// <summary>Renders all templated arguments in place; lists and dictionaries are replaced, never changed.</summary>
    /// <returns>False when none is a template.</returns>
    /// <exception cref="TemplateFieldException">One cannot be rendered; names the field, line and column.</exception>
    public static async ValueTask<bool> RenderAsync(Operator op, TaskContext context, CancellationToken cancellationToken)
    {
        if (!NeedsRendering(op))
        {
            return false;
        }

        await RenderAsync(op, "", new(context), cancellationToken);
        return true;
    }

    public static bool HasTags(string text) =>
        text.Contains("{{", StringComparison.Ordinal) || text.Contains("{%", StringComparison.Ordinal) || text.Contains("{#", StringComparison.Ordinal);

    private static async ValueTask RenderAsync(Operator op, string prefix, TemplateRenderer renderer, CancellationToken cancellationToken)
    {
        foreach (var (argument, value) in Templates(op).Where(pair => NeedsRendering(pair.Value, pair.Argument.Extensions)))
        {
            argument.Property.SetValue(op, await RenderAsync(argument with { Name = prefix + argument.Name }, value, renderer, cancellationToken));
        }
    }

    private static IEnumerable<(OperatorArgument Argument, object Value)> Templates(Operator op) =>
        from argument in OperatorArguments.Of(op.GetType())
        where argument.IsTemplate
        let value = argument.Property.GetValue(op)
        where value is not null
        select (argument, value);

    private static bool NeedsRendering(Operator op) => Templates(op).Any(pair => NeedsRendering(pair.Value, pair.Argument.Extensions));

    private static async ValueTask<object> RenderAsync(
        OperatorArgument argument, object value, TemplateRenderer renderer, CancellationToken cancellationToken)
    {
        switch (value)
        {
            case string text:
                return await renderer.RenderAsync(argument.Name, text, argument.Extensions, cancellationToken);

            case Operator nested:
                var copy = nested.Copy();
                await RenderAsync(copy, argument.Name + ".", renderer, cancellationToken);
                return copy;

            case IEnumerable<string> list:
                var items = new List<string>();
                foreach (var item in list)
                {
                    items.Add(await renderer.RenderAsync($"{argument.Name}[{items.Count}]", item, argument.Extensions, cancellationToken));
                }

                return argument.Property.PropertyType.IsArray ? items.ToArray() : items;

            case IEnumerable<KeyValuePair<string, string>> pairs:
                var rendered = new Dictionary<string, string>();
                foreach (var (key, item) in pairs)
                {
                    rendered.Add(key, await renderer.RenderAsync($"{argument.Name}[{key}]", item, argument.Extensions, cancellationToken));
                }

                return rendered;

            case JsonElement or IEnumerable<KeyValuePair<string, object?>> or IEnumerable<object?>:
                return (await RenderInsideAsync(argument.Name, value, argument.Extensions, renderer, 0, cancellationToken))!;

            default:
                throw new TemplateFieldException(
                    argument.Name, $"a {value.GetType().Name} cannot be a template; use text, lists, or dictionaries with text as keys.");
        }
    }

    // What is no text stays as it is, keys too.
    private static async ValueTask<object?> RenderInsideAsync(
        string field, object? value, IReadOnlyList<string> extensions, TemplateRenderer renderer, int depth, CancellationToken cancellationToken)
    {
        if (depth > MostDepth)
        {
            throw new TemplateFieldException(field, $"it is nested deeper than {MostDepth} levels.");
        }

        switch (value)
        {
            case string text:
                return await renderer.RenderAsync(field, text, extensions, cancellationToken);

            case JsonElement json:
                return json.ValueKind switch
                {
                    JsonValueKind.String => JsonSerializer.SerializeToElement(await renderer.RenderAsync(field, json.GetString()!, extensions, cancellationToken)),
                    JsonValueKind.Array => JsonSerializer.SerializeToElement(await ListAsync(json.EnumerateArray().Select(x => (object?)x))),
                    JsonValueKind.Object => JsonSerializer.SerializeToElement(await PairsAsync(json.EnumerateObject().Select(x => KeyValuePair.Create(x.Name, (object?)x.Value)))),
                    _ => json,
                };

            case IEnumerable<KeyValuePair<string, string>> pairs:
                return await PairsAsync(pairs.Select(x => KeyValuePair.Create(x.Key, (object?)x.Value)));

            case IEnumerable<KeyValuePair<string, object?>> pairs:
                return await PairsAsync(pairs);

            case IEnumerable<object?> list:
                return await ListAsync(list);

            default:
                return value;
        }

        async ValueTask<List<object?>> ListAsync(IEnumerable<object?> list)
        {
            var items = new List<object?>();
            foreach (var item in list)
            {
                items.Add(await RenderInsideAsync($"{field}[{items.Count}]", item, extensions, renderer, depth + 1, cancellationToken));
            }

            return items;
        }

        async ValueTask<Dictionary<string, object?>> PairsAsync(IEnumerable<KeyValuePair<string, object?>> pairs)
        {
            var rendered = new Dictionary<string, object?>(StringComparer.Ordinal);
            foreach (var (key, item) in pairs)
            {
                rendered[key] = await RenderInsideAsync($"{field}[{key}]", item, extensions, renderer, depth + 1, cancellationToken);
            }

            return rendered;
        }
    }

    // Most arguments have no tags: those cost neither a scope nor a parse.
    private static bool NeedsRendering(object value, IReadOnlyList<string> extensions) => value switch
    {
        string text => NeedsRendering(text, extensions),
        Operator nested => NeedsRendering(nested),
        IEnumerable<string> list => list.Any(item => NeedsRendering(item, extensions)),
        IEnumerable<KeyValuePair<string, string>> pairs => pairs.Any(pair => NeedsRendering(pair.Value, extensions)),
        _ => true,
    };

    private static bool NeedsRendering(string text, IReadOnlyList<string> extensions) => HasTags(text) || TemplateFiles.IsName(text, extensions);
}
