using System.Text.Json;
using System.Text.Json.Serialization;
using Sluice.Actors;
using Sluice.Core.Assets;
using Sluice.Core.CrossDag;
using Sluice.Core.DagRuns;
using Sluice.Core.TaskInstances;

namespace Sluice.Cluster.Wire;

/// <summary>Everything that travels between nodes, known at compile time: no type names on the wire, nothing else is ever built from input.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = false)]
[JsonSerializable(typeof(Message))]
[JsonSerializable(typeof(Message[]))]
[JsonSerializable(typeof(RunFacts))]
[JsonSerializable(typeof(TaskOutcome))]
[JsonSerializable(typeof(FetchById))]
[JsonSerializable(typeof(BundleContent))]
[JsonSerializable(typeof(FetchForAttempt))]
[JsonSerializable(typeof(FetchXCom))]
[JsonSerializable(typeof(XComParts))]
[JsonSerializable(typeof(FetchXComItems))]
[JsonSerializable(typeof(FetchAssetEvents))]
[JsonSerializable(typeof(AssetEvent[]))]
[JsonSerializable(typeof(XComItemParts))]
[JsonSerializable(typeof(TriggerForAttempt))]
[JsonSerializable(typeof(TriggeredRun))]
[JsonSerializable(typeof(LookForAttempt))]
[JsonSerializable(typeof(WatermarkForAttempt))]
[JsonSerializable(typeof(Core.Watermarks.WatermarkAnswer))]
[JsonSerializable(typeof(RemoteJobForAttempt))]
[JsonSerializable(typeof(Core.RemoteJobs.RemoteJobAnswer))]
[JsonSerializable(typeof(DagAnswer))]
[JsonSerializable(typeof(FetchLog))]
[JsonSerializable(typeof(LogContent))]
[JsonSerializable(typeof(OperatorCall))]
[JsonSerializable(typeof(NodeInfo))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(IReadOnlyList<ActorSnapshot>))]
[JsonSerializable(typeof(ActorSnapshot[]))]
public sealed partial class WireJson : JsonSerializerContext
{
    /// <summary>JSON text of a request's or response's own type, for <see cref="Request.Body"/> and <see cref="Response.Body"/>.</summary>
    /// <exception cref="NotSupportedException">The type is not one of the wire.</exception>
    public static string Write<T>(T value) => JsonSerializer.Serialize(value, typeof(T), Default);

    /// <exception cref="JsonException">The text is not a <typeparamref name="T"/>.</exception>
    public static T Read<T>(string body) =>
        (T?)JsonSerializer.Deserialize(body, typeof(T), Default) ?? throw new JsonException($"null where {typeof(T).Name} was expected");
}
