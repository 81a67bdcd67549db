using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sluice.Core.Dags.Plans;

/// <summary>Definitions field by field, by their serialized form: what is added to it is compared without a word here.</summary>
internal static class FieldChanges
{
    /// <summary>Fields of the Dag itself, without its id and its tasks.</summary>
    public static SortedDictionary<string, string> Of(DagSpec dag)
    {
        var json = ObjectOf(dag with { Location = null, Tasks = [], StartDate = dag.StartDate?.ToUniversalTime(), EndDate = dag.EndDate?.ToUniversalTime() });
        json.Remove("id");
        json.Remove("renamedFrom");
        json.Remove("tasks");
        return Flat(json);
    }

    /// <summary>Fields of each task, without its ids; upstream tasks by id.</summary>
    public static List<SortedDictionary<string, string>> OfTasks(DagSpec dag)
    {
        var tasks = ObjectOf(dag)["tasks"]!.AsArray();
        var fields = new List<SortedDictionary<string, string>>(tasks.Count);
        for (var i = 0; i < tasks.Count; i++)
        {
            var json = tasks[i]!.AsObject();
            json.Remove("id");
            json.Remove("renamedFrom");
            json.Remove("codeId");
            json.Remove("location");
            json["upstream"] = new JsonArray([.. dag.Tasks[i].Upstream.Select(up => (JsonNode)dag.Tasks[up].Id.Value)]);
            fields.Add(Flat(json));
        }

        return fields;
    }

    public static IReadOnlyList<FieldChange> Between(SortedDictionary<string, string> before, SortedDictionary<string, string> after) =>
    [
        .. before.Keys.Union(after.Keys).Order(StringComparer.Ordinal)
            .Select(field => new FieldChange(field, before.GetValueOrDefault(field), after.GetValueOrDefault(field)))
            .Where(change => change.Before != change.After),
    ];

    private static JsonObject ObjectOf(DagSpec dag) => JsonNode.Parse(DagSpecJson.SerializeToUtf8Bytes(dag))!.AsObject();

    private static SortedDictionary<string, string> Flat(JsonObject json)
    {
        // Kept as text inside the spec; field by field for people.
        foreach (var name in (string[])["params", "paramsSchema", "arguments"])
        {
            if (json[name] is JsonValue text && Parsed(text.GetValue<string>()) is { } parsed)
            {
                json[name] = parsed;
            }
        }

        var fields = new SortedDictionary<string, string>(StringComparer.Ordinal);
        Add(json, "", fields);
        return fields;
    }

    private static JsonNode? Parsed(string json)
    {
        try
        {
            return JsonNode.Parse(json);
        }
        catch (JsonException)
        {
            return null; // The validator refuses it.
        }
    }

    private static void Add(JsonNode? node, string path, SortedDictionary<string, string> fields)
    {
        if (node is JsonObject inner)
        {
            foreach (var (name, value) in inner)
            {
                Add(value, path.Length == 0 ? name : $"{path}.{name}", fields);
            }
        }
        else
        {
            fields[path] = node?.ToJsonString(Readable) ?? "null";
        }
    }

    private static readonly JsonSerializerOptions Readable = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
