using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Sluice.Cluster.Wire;

namespace Sluice.Cluster.Api;

/// <summary>Requests and responses of the API as JSON: snake case, no nulls, unknown fields refused.</summary>
public static class ApiJson
{
    private static readonly ApiJsonContext Context = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    public static string Serialize<T>(T value) => JsonSerializer.Serialize(value, (JsonTypeInfo<T>)Context.GetTypeInfo(typeof(T))!);

    /// <exception cref="JsonException">It is not JSON of this type.</exception>
    public static T Deserialize<T>(string json) =>
        JsonSerializer.Deserialize(json, (JsonTypeInfo<T>)Context.GetTypeInfo(typeof(T))!) ?? throw new JsonException("null is not allowed here");
}

[JsonSerializable(typeof(Nothing))]
[JsonSerializable(typeof(DagName))]
[JsonSerializable(typeof(RunName))]
[JsonSerializable(typeof(TaskName))]
[JsonSerializable(typeof(IReadOnlyList<XComSummary>))]
[JsonSerializable(typeof(RenderedRequest))]
[JsonSerializable(typeof(RenderedAnswer))]
[JsonSerializable(typeof(EvidenceRequest))]
[JsonSerializable(typeof(WatermarkFilter))]
[JsonSerializable(typeof(IReadOnlyList<WatermarkSummary>))]
[JsonSerializable(typeof(WatermarkChange))]
[JsonSerializable(typeof(WatermarkChanged))]
[JsonSerializable(typeof(EvidenceAnswer))]
[JsonSerializable(typeof(EvidenceFilter))]
[JsonSerializable(typeof(IReadOnlyList<EvidenceSummary>))]
[JsonSerializable(typeof(BackfillName))]
[JsonSerializable(typeof(SecretName))]
[JsonSerializable(typeof(SecretValue))]
[JsonSerializable(typeof(Changed))]
[JsonSerializable(typeof(ChangeRequest))]
[JsonSerializable(typeof(RenameDagRequest))]
[JsonSerializable(typeof(RenamedDag))]
[JsonSerializable(typeof(RenameTaskRequest))]
[JsonSerializable(typeof(RenamedTask))]
[JsonSerializable(typeof(ChangeAnswer))]
[JsonSerializable(typeof(TaskWhyAnswer))]
[JsonSerializable(typeof(QuestionFilter))]
[JsonSerializable(typeof(AnswerRequest))]
[JsonSerializable(typeof(QuestionSummary))]
[JsonSerializable(typeof(IReadOnlyList<QuestionSummary>))]
[JsonSerializable(typeof(IReadOnlyList<DagSummary>))]
[JsonSerializable(typeof(DagDetails))]
[JsonSerializable(typeof(IReadOnlyList<DagVersionSummary>))]
[JsonSerializable(typeof(IReadOnlyList<DeployedDagAnswer>))]
[JsonSerializable(typeof(IReadOnlyList<ImportErrorSummary>))]
[JsonSerializable(typeof(TriggerRequest))]
[JsonSerializable(typeof(RunFilter))]
[JsonSerializable(typeof(RunSummary))]
[JsonSerializable(typeof(IReadOnlyList<RunSummary>))]
[JsonSerializable(typeof(RunDetails))]
[JsonSerializable(typeof(TaskStateAnswer))]
[JsonSerializable(typeof(BackfillRequest))]
[JsonSerializable(typeof(BackfillPreviewRequest))]
[JsonSerializable(typeof(BackfillPreview))]
[JsonSerializable(typeof(BackfillChange))]
[JsonSerializable(typeof(BackfillFilter))]
[JsonSerializable(typeof(BackfillSummary))]
[JsonSerializable(typeof(IReadOnlyList<BackfillSummary>))]
[JsonSerializable(typeof(BackfillDetails))]
[JsonSerializable(typeof(IReadOnlyList<SecretValue>))]
[JsonSerializable(typeof(PoolName))]
[JsonSerializable(typeof(PoolRequest))]
[JsonSerializable(typeof(IReadOnlyList<PoolSummary>))]
[JsonSerializable(typeof(IReadOnlyList<AssetSummary>))]
[JsonSerializable(typeof(AssetEventFilter))]
[JsonSerializable(typeof(IReadOnlyList<AssetEventSummary>))]
[JsonSerializable(typeof(EmitRequest))]
[JsonSerializable(typeof(CallbackFilter))]
[JsonSerializable(typeof(IReadOnlyList<CallbackSummary>))]
[JsonSerializable(typeof(NodesAnswer))]
[JsonSerializable(typeof(IReadOnlyList<NodeActors>))]
[JsonSerializable(typeof(LogContent))]
[JsonSerializable(typeof(ErrorAnswer))]
internal sealed partial class ApiJsonContext : JsonSerializerContext;
