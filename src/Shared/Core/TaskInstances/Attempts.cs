using System.Text.Json.Serialization;

namespace Sluice.Core.TaskInstances;

/// <summary>Names one dispatch of one task instance. A result counts only for the attempt id that is current.</summary>
/// <param name="Run">The run's surrogate key.</param>
/// <param name="Task">Index of the task in its Dag.</param>
/// <param name="Token">Counted up by the run with every dispatch of this task, from 1: reschedules and lost attempts count, unlike in the try number.</param>
public readonly record struct AttemptId(
    [property: JsonPropertyName("r")] long Run,
    [property: JsonPropertyName("t")] int Task,
    [property: JsonPropertyName("n")] int Token)
{
    public override string ToString() => $"{Run}/{Task}/{Token}";
}

/// <summary>How an attempt ended, as the worker tells it.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OutcomeKind>))]
public enum OutcomeKind : byte
{
    Success = 0,

    /// <summary>Failed; retried while retries are left.</summary>
    Failed = 1,

    /// <summary>Failed; never retried.</summary>
    FailedFinally = 2,

    Skipped = 3,

    /// <summary>A sensor gave its slot back and asks to be run again at <see cref="TaskOutcome.ResumeAt"/>.</summary>
    Rescheduled = 4,

    /// <summary>The attempt never ran or ran for nothing by our fault (node stopping, no runner): costs no retry.</summary>
    Lost = 5,

    /// <summary>The attempt was given ahead and never begun: the worker's slots are taken by long tasks. Costs nothing.</summary>
    HandedBack = 6,
}

/// <summary>The outcome of one attempt. Times are the worker's, UTC.</summary>
public sealed record TaskOutcome
{
    public required OutcomeKind Kind { get; init; }

    public DateTimeOffset StartedAt { get; init; }

    public DateTimeOffset EndedAt { get; init; }

    /// <summary>One line for people: why it failed, was skipped or lost. Secrets are already masked.</summary>
    public string? Error { get; init; }

    /// <summary>For <see cref="OutcomeKind.Rescheduled"/>: when to poke again, UTC.</summary>
    public DateTimeOffset? ResumeAt { get; init; }

    /// <summary>Values to push; key <c>return_value</c> for what a task returned.</summary>
    public IReadOnlyList<XCom>? XComs { get; init; }
}

/// <summary>One pushed value, JSON text.</summary>
public sealed record XCom(string Key, string Value);
