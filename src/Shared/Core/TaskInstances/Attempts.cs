using System.Text.Json.Serialization;

namespace Sluice.Core.TaskInstances;

/// <summary>Names one dispatch of one task instance. A result counts only for the attempt id that is current.</summary>
/// <param name="Run">The run's surrogate key.</param>
/// <param name="Task">Number of the task instance in its run: the index of its task, unless that is mapped.</param>
/// <param name="Token">Counted up by the run with every dispatch of this task, from 1: reschedules and lost attempts count, unlike in the try number.</param>
public readonly record struct AttemptId(
    [property: JsonPropertyName("r")] long Run,
    [property: JsonPropertyName("t")] int Task,
    [property: JsonPropertyName("n")] int Token)
{
    public override string ToString() => $"{Run}/{Task}/{Token}";
}

/// <summary>Where an instance stands among those of its mapped task.</summary>
/// <param name="Task">Index of the task in its Dag.</param>
/// <param name="Index">Map index, from 0.</param>
/// <param name="Length">How many instances the task has.</param>
public sealed record MapPosition(
    [property: JsonPropertyName("t")] int Task,
    [property: JsonPropertyName("i")] int Index,
    [property: JsonPropertyName("n")] int Length);

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

    /// <summary>The task asks a person, <see cref="TaskOutcome.Question"/>, and ends with the answer.</summary>
    Asked = 7,
}

/// <summary>What a short circuit skips.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SkipScope>))]
public enum SkipScope : byte
{
    /// <summary>Everything after it but teardowns.</summary>
    All = 0,

    /// <summary>What is directly after it; the rest goes by its trigger rules.</summary>
    Direct = 1,
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

    /// <summary>For <see cref="OutcomeKind.Failed"/>: wait so long before the next try instead of the task's own delay.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Ids of the tasks and groups to go on with; the other direct downstreams are skipped. Null: the task is no branch.</summary>
    public IReadOnlyList<string>? Follow { get; init; }

    /// <summary>What a short circuit skips; null: nothing.</summary>
    public SkipScope? SkipDownstream { get; init; }

    /// <summary>For <see cref="OutcomeKind.Asked"/>.</summary>
    public HumanInput.HumanQuestion? Question { get; init; }

    /// <summary>Values to push; key <c>return_value</c> for what a task returned.</summary>
    public IReadOnlyList<XCom>? XComs { get; init; }

    /// <summary>What its templates and mapped arguments came to: a JSON object by argument; null when there were none. The worker masks and shortens it.</summary>
    public string? Rendered { get; init; }

    /// <summary>What it has seen of the rows that it moved, as JSON; null when it looked at none. Also of an attempt that failed.</summary>
    public string? Evidence { get; init; }

    /// <summary>The window of its watermark; null when it opened none. Its end becomes the mark with a success, and with nothing else.</summary>
    public Watermarks.WatermarkWindow? Watermark { get; init; }

    /// <summary>True when what it had kept as its remote job has ended, or was stopped: nobody has to stop it any more.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool ReleasedRemoteJob { get; init; }

    /// <summary>What it says of assets among its outlets. Outlets that it says nothing of are updated all the same.</summary>
    public IReadOnlyList<Assets.AssetUpdate>? AssetUpdates { get; init; }
}

/// <summary>One pushed value.</summary>
/// <param name="Key">Its name.</param>
/// <param name="Value">JSON text; empty when it lies in an object.</param>
/// <param name="Object">Where a value lies that is too large to travel with the outcome; null for any other.</param>
public sealed record XCom(string Key, string Value, XComObject? Object = null);

/// <summary>A value in the object store of XComs.</summary>
/// <param name="Uri">The object: JSON text, UTF-8.</param>
/// <param name="Length">How many instances a task has that is mapped over it; null when it is neither array nor object.</param>
public sealed record XComObject(string Uri, int? Length)
{
    /// <summary>What the others need to know of a value that is put there.</summary>
    public static XComObject Of(Uri uri, string json) => new(uri.AbsoluteUri, DagRuns.OutputLength.Of(json));
}
