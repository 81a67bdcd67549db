using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sluice.Authoring.Operators;

/// <summary>Params of a run: the Dag's defaults, overlaid by the run's conf, key by key.</summary>
public static class RunParams
{
    /// <summary>Merges two JSON objects, one level deep; the second wins.</summary>
    public static JsonElement Merge(string defaults, string conf)
    {
        var merged = JsonNode.Parse(defaults)!.AsObject();
        foreach (var (key, value) in JsonNode.Parse(conf)!.AsObject())
        {
            merged[key] = value?.DeepClone();
        }

        return JsonSerializer.SerializeToElement(merged);
    }
}
