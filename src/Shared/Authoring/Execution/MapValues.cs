using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Authoring.Dags;
using Sluice.Authoring.Operators;
using Sluice.Core.Dags;

namespace Sluice.Authoring.Execution;

/// <summary>Finds what one instance of a mapped task takes of the sources of its map.</summary>
internal static class MapValues
{
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
            var target = map.Sources[i].Task is null ? literals : outputs;
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

    private static async ValueTask<JsonElement?[]> ElementsAsync(TaskContext context, CancellationToken cancellationToken)
    {
        if (context.Map is null || context.Task.Map is not { } map)
        {
            throw new TaskFailedException($"Task '{context.Task.Id}' is not mapped; only the tasks of a mapped group have an item.");
        }

        var sources = new List<JsonElement>();
        foreach (var source in map.Sources)
        {
            var json = source.Values;
            if (source.Task is { } producer)
            {
                var id = context.Dag.Tasks[producer].Id.Value;
                json = await XComReader.ReadAsync(context, id, source.Key, cancellationToken)
                    ?? throw new TaskFailedException($"Task '{id}' has no output '{source.Key}' any more; clear it, too.");
            }

            using var document = JsonDocument.Parse(json!);
            sources.Add(document.RootElement.Clone());
        }

        var positions = map.ElementsOf(context.Map.Index, [.. sources.Select(Length)]);
        return [.. sources.Select((source, i) => Element(source, positions[i], map.Fill))];
    }

    private static int Length(JsonElement source) =>
        source.ValueKind == JsonValueKind.Array ? source.GetArrayLength() : source.EnumerateObject().Count();

    private static JsonElement? Element(JsonElement source, int position, string? fill)
    {
        if (position < 0)
        {
            return fill is null ? null : JsonSerializer.Deserialize<JsonElement>(fill);
        }

        if (source.ValueKind == JsonValueKind.Array)
        {
            return source[position];
        }

        var pair = source.EnumerateObject().ElementAt(position);
        return JsonSerializer.SerializeToElement(new object[] { pair.Name, pair.Value });
    }

    private static JsonNode? Node(JsonElement? element) => element is { } value ? JsonNode.Parse(value.GetRawText()) : null;
}
