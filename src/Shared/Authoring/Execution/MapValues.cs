using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Authoring.Dags;
using Sluice.Authoring.Operators;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Authoring.Execution;

/// <summary>Finds what one instance of a mapped task takes of the sources of its map.</summary>
internal static class MapValues
{
    // A Dag's version is read once in a process, and its texts stay the same objects.
    private static readonly ConditionalWeakTable<string, JsonItems> Literals = [];

    /// <summary>Reads the item of typed code.</summary>
    /// <exception cref="TaskSkippedException">The item was filtered out.</exception>
    public static async ValueTask<T> ReadAsync<T>(MapItems<T> items, TaskContext context)
    {
        var (kept, value) = items.Read(await ElementsAsync(context, context.CancellationToken));
        return kept ? value : throw new TaskSkippedException("The item was filtered out.");
    }

    /// <summary>The arguments that vary, as an object: literals, which may be templates, apart from outputs, which never are.</summary>
    public static async ValueTask<(JsonObject Literals, JsonObject Outputs)> ArgumentsAsync(TaskContext context, CancellationToken cancellationToken)
    {
        var (literals, outputs) = (new JsonObject(), new JsonObject());
        var map = context.Task.Map!;
        var elements = await ElementsAsync(context, cancellationToken);
        for (var i = 0; i < elements.Length; i++)
        {
            var target = map.Sources[i] is { Task: null, Map: null } ? literals : outputs;
            if (map.Mode != MapMode.Arguments)
            {
                target[map.Sources[i].Argument] = Node(elements[i]);
            }
            else if (elements[i] is { ValueKind: JsonValueKind.Object } arguments)
            {
                foreach (var argument in arguments.EnumerateObject())
                {
                    target[argument.Name] = Node(argument.Value);
                }
            }
            else
            {
                throw new TaskFailedException($"Element {context.MapIndex} of the list of arguments is no object; each must name the arguments of one instance.");
            }
        }

        return (literals, outputs);
    }

    /// <summary>What a mapped group's templates see as <c>item</c>: an object of arguments by name, or the bare item of typed code.</summary>
    public static async ValueTask<string> ItemAsync(TaskContext context, CancellationToken cancellationToken)
    {
        var map = context.Task.Map!;
        if (map.Mode != MapMode.Arguments && map.Sources.All(source => source.Argument.Length > 0))
        {
            var (literals, outputs) = await ArgumentsAsync(context, cancellationToken);
            foreach (var (name, value) in outputs)
            {
                literals[name] = value?.DeepClone();
            }

            return literals.ToJsonString();
        }

        var elements = await ElementsAsync(context, cancellationToken);
        return elements.Length == 1 ? elements[0]?.GetRawText() ?? "null" : JsonSerializer.Serialize(elements);
    }

    /// <summary>In a mapped group: skips the task when the item of its index is filtered out, whether or not it looks at it.</summary>
    /// <exception cref="TaskSkippedException">The item was filtered out.</exception>
    public static async ValueTask SkipFilteredAsync(TaskContext context, CancellationToken cancellationToken)
    {
        if (context is { Map: not null, Task.Map: { Group: not null } map } && map.Sources.Any(source => source.Filter is not null))
        {
            await ElementsAsync(context, cancellationToken);
        }
    }

    private static async ValueTask<JsonElement?[]> ElementsAsync(TaskContext context, CancellationToken cancellationToken)
    {
        if (context.Map is null || context.Task.Map is not { } map)
        {
            throw new TaskFailedException($"Task '{context.Task.Id}' is not mapped; only the tasks of a mapped group have an item.");
        }

        // From the last source to the first, as the last varies fastest: what is left of the index after one is the index into those before it.
        var elements = new JsonElement?[map.Sources.Count];
        var rest = context.Map.Index;
        var wraps = map.Mode == MapMode.Product;
        for (var i = elements.Length - 1; i >= 0; i--)
        {
            var items = await ItemsAsync(context, map.Sources[i], new(rest, 1, wraps), cancellationToken);
            elements[i] = (items.Values is [var value, ..] ? await ChangeAsync(context, map.Sources[i], value, cancellationToken) : map.Fill) is { } json
                ? JsonSerializer.Deserialize<JsonElement>(json)
                : null;
            rest = wraps && items.Length > 0 ? rest / items.Length : rest;
        }

        return elements;
    }

    private static async ValueTask<string> ChangeAsync(TaskContext context, MapSource source, string item, CancellationToken cancellationToken)
    {
        if (source.Filter is null && source.Map is null)
        {
            return item;
        }

        var renderer = new TemplateRenderer(context);
        if (source.Filter is { } filter && !await renderer.EvaluateAsync($"filter '{filter}'", filter, item, (read, scope) => read.Holds(scope), cancellationToken))
        {
            throw new TaskSkippedException("The item was filtered out.");
        }

        return source.Map is { } map
            ? await renderer.EvaluateAsync($"map '{map}'", map, item, (read, scope) => read.Evaluate(scope).ToJson(), cancellationToken)
            : item;
    }

    private static async ValueTask<XComItems> ItemsAsync(TaskContext context, MapSource source, XComSlice slice, CancellationToken cancellationToken)
    {
        if (source.Task is not { } producer)
        {
            return Literals.GetValue(source.Values!, json => XComReader.Cut(json, "", "")).Take(slice);
        }

        var id = context.Dag.Tasks[producer].Id.Value;
        return await XComReader.ReadItemsAsync(context, id, source.Key, slice, cancellationToken)
            ?? throw new TaskFailedException($"Task '{id}' has no output '{source.Key}' any more; clear it, too.");
    }

    private static JsonNode? Node(JsonElement? element) => element is { } value ? JsonNode.Parse(value.GetRawText()) : null;
}
