using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sluice.Core.Connections;

/// <summary>Connections that stand for others in some runs: a read replica for its primary. Kept as the text of a JSON object, as a run's conf is.</summary>
public static class ConnectionOverrides
{
    /// <returns>Null for none.</returns>
    public static string? Write(IReadOnlyDictionary<string, string>? overrides) => overrides is not { Count: > 0 }
        ? null
        : JsonSerializer.Serialize(new SortedDictionary<string, string>(overrides.ToDictionary(), StringComparer.Ordinal), ConnectionOverridesJson.Default.SortedDictionaryStringString);

    public static IReadOnlyDictionary<string, string>? Read(string? json) =>
        json is null ? null : JsonSerializer.Deserialize(json, ConnectionOverridesJson.Default.SortedDictionaryStringString);

    /// <summary>The connection that a run gets when it asks for one. Not followed any further: two may change places.</summary>
    public static string Resolve(string? json, string id) => Read(json)?.GetValueOrDefault(id) ?? id;
}

[JsonSerializable(typeof(SortedDictionary<string, string>))]
internal sealed partial class ConnectionOverridesJson : JsonSerializerContext;
