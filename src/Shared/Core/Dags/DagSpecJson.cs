using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sluice.Core.Dags;

/// <summary>The one JSON form of a <see cref="DagSpec"/>: on the wire, in the journal and in the read model.</summary>
/// <remarks>
/// Everything but nulls is written. What older JSON lacks reads as null, 0 or false, not as the property's initializer (a limit of generated
/// readers): give a property that is added to a released version such a default.
/// </remarks>
public static class DagSpecJson
{
    public static string Serialize(DagSpec dag) => JsonSerializer.Serialize(dag, DagSpecJsonContext.Default.DagSpec);

    public static byte[] SerializeToUtf8Bytes(DagSpec dag) => JsonSerializer.SerializeToUtf8Bytes(dag, DagSpecJsonContext.Default.DagSpec);

    /// <exception cref="JsonException">The text is not a Dag.</exception>
    public static DagSpec Deserialize(string json) =>
        JsonSerializer.Deserialize(json, DagSpecJsonContext.Default.DagSpec) ?? throw new JsonException("A Dag was expected, not null.");

    /// <exception cref="JsonException">The text is not a Dag.</exception>
    public static DagSpec Deserialize(ReadOnlySpan<byte> utf8Json) =>
        JsonSerializer.Deserialize(utf8Json, DagSpecJsonContext.Default.DagSpec) ?? throw new JsonException("A Dag was expected, not null.");
}

/// <summary>Source-generated metadata, for contexts of other layers to chain.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    AllowOutOfOrderMetadataProperties = true)]
[JsonSerializable(typeof(DagSpec))]
public sealed partial class DagSpecJsonContext : JsonSerializerContext;
