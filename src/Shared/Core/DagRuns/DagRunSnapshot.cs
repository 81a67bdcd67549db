using System.Text.Json.Serialization;
using Sluice.Core.RemoteJobs;

namespace Sluice.Core.DagRuns;

/// <summary>A run as it is stored: arrays by number of instance, and what only some of them have.</summary>
/// <param name="States">One byte an instance, base64 in JSON.</param>
public sealed record DagRunSnapshot(
    RunFacts Facts, RunState Phase, DateTimeOffset? StartedAt, byte[] States, int[] Tokens, int[] Tries, TaskWait[] Waits)
{
    /// <summary>Tokens of this life of the run are above it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int TokenBase { get; init; }

    /// <summary>What was expanded, in order.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TasksExpanded[]? Expanded { get; init; }

    /// <summary>What branches and the like decided, by instance.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Dictionary<int, int[]>? Skips { get; init; }

    /// <summary>Lengths of outputs that others are mapped over, by task.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Dictionary<int, int[]>? Lengths { get; init; }

    /// <summary>Tasks whose past is met.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int[]? PastMet { get; init; }

    /// <summary>Questions that wait for an answer.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TaskAsked[]? Asked { get; init; }

    /// <summary>By when the run should be over.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<RunDeadline>? Deadlines { get; init; }

    /// <summary>Mapped tasks whose instances are gone, and which have not been expanded again.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int[]? Unmapped { get; init; }

    /// <summary>Attempts that were begun in an earlier version of the Dag, and have not ended.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public InheritedAttempt[]? Inherited { get; init; }
}

/// <summary>What an instance has beside its state, when it has any of it.</summary>
public sealed record TaskWait(
    [property: JsonPropertyName("t")] int Task,
    [property: JsonPropertyName("w"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Worker = null,
    [property: JsonPropertyName("d"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? Due = null,
    [property: JsonPropertyName("p"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? FirstPoke = null,
    [property: JsonPropertyName("l"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] int Losses = 0,
    [property: JsonPropertyName("r"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Resuming = false,
    [property: JsonPropertyName("q"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? DispatchedAt = null,
    [property: JsonPropertyName("s"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] int Spent = 0,
    [property: JsonPropertyName("x"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ByHand? Restarting = null,
    [property: JsonPropertyName("c"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] int Reschedules = 0,
    [property: JsonPropertyName("j"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] KeptRemoteJob? RemoteJob = null);
