using System.Text.Json.Serialization;

namespace Sluice.Core.DagRuns;

/// <summary>A run as it is stored: arrays by task index, and what only some tasks have.</summary>
/// <param name="States">One byte a task, base64 in JSON.</param>
public sealed record DagRunSnapshot(
    RunFacts Facts, RunState Phase, DateTimeOffset? StartedAt, byte[] States, int[] Tokens, int[] Tries, TaskWait[] Waits);

/// <summary>What a task has beside its state, when it has any of it.</summary>
public sealed record TaskWait(
    [property: JsonPropertyName("t")] int Task,
    [property: JsonPropertyName("w"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Worker = null,
    [property: JsonPropertyName("d"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? Due = null,
    [property: JsonPropertyName("p"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? FirstPoke = null,
    [property: JsonPropertyName("l"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] int Losses = 0,
    [property: JsonPropertyName("r"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Resuming = false,
    [property: JsonPropertyName("q"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? DispatchedAt = null);
