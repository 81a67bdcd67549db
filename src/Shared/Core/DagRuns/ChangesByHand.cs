using System.Text.Json.Serialization;
using Sluice.Core.TaskInstances;

namespace Sluice.Core.DagRuns;

/// <summary>Who changed something by hand, and why. Shown wherever the change is.</summary>
/// <param name="Who">The caller of the API.</param>
/// <param name="Note">In their words; null when they gave none.</param>
public sealed record ByHand(
    [property: JsonPropertyName("w")] string Who,
    [property: JsonPropertyName("n"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Note = null)
{
    /// <summary>One line, such as <c>cleared by ann: wrong table</c>.</summary>
    public string Sentence(string done) => Note is null ? $"{done} by {Who}" : $"{done} by {Who}: {Note}";
}

/// <summary>Which instances of a run a person means.</summary>
public sealed record TaskSelection
{
    /// <summary>Ids of tasks or groups, or names of instances such as <c>load[3]</c>. Empty: all.</summary>
    public IReadOnlyList<string> Tasks { get; init; } = [];

    /// <summary>Also everything before them.</summary>
    public bool Upstream { get; init; }

    /// <summary>Also everything after them.</summary>
    public bool Downstream { get; init; }

    /// <summary>Of all these only what is failed or upstream_failed.</summary>
    public bool OnlyFailed { get; init; }

    /// <summary>What is failed or upstream_failed among <see cref="Tasks"/>, and everything after that, however it ended.</summary>
    public bool FromFailed { get; init; }
}

/// <summary>Run these again. A finished run goes back to the queue; what a worker has is stopped first, and runs again when it is gone.</summary>
public sealed record ClearTasks(TaskSelection Selection, ByHand By, DateTimeOffset At) : DagRunCommand;

/// <summary>Take these as success, failed or skipped, whatever they are. What a worker has is stopped.</summary>
/// <remarks>After success or skipped, what came after them and was upstream_failed is cleared: it may run now.</remarks>
public sealed record MarkTasks(TaskSelection Selection, TaskState State, ByHand By, DateTimeOffset At) : DagRunCommand;

/// <summary>End the run now as success or failed, or skip what is left of it and let it end by its leaves.</summary>
/// <remarks>
/// Success takes every task that is neither success nor skipped as success. Failed takes what runs as failed, and skips what has not begun.
/// Skipped skips both.
/// </remarks>
public sealed record MarkRun(TaskState State, ByHand By, DateTimeOffset At) : DagRunCommand;

/// <summary>Instances are to run again; a finished run is queued again.</summary>
/// <param name="Tasks">Those that are back at none at once.</param>
/// <param name="Stopping">Those that a worker has: back at none when it says that they have ended, or is lost.</param>
/// <param name="Unmapped">Tasks whose instances are gone: they will be expanded anew.</param>
/// <param name="By">Who asked.</param>
public sealed record TasksCleared(
    [property: JsonPropertyName("t")] int[] Tasks,
    [property: JsonPropertyName("k"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int[]? Stopping,
    [property: JsonPropertyName("u"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int[]? Unmapped,
    [property: JsonPropertyName("b")] ByHand By) : DagRunEvent;

/// <summary>Instances are in a finished state because someone said so.</summary>
public sealed record TasksMarked(
    [property: JsonPropertyName("s"), JsonConverter(typeof(JsonNumberEnumConverter<TaskState>))] TaskState State,
    [property: JsonPropertyName("t")] int[] Tasks,
    [property: JsonPropertyName("b")] ByHand By) : DagRunEvent;
