using System.Text.Json.Serialization;

namespace Sluice.Core.TaskInstances;

/// <summary>State of one task instance (semantics.md, 3). The numbers are stored: never renumber.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TaskState>))]
public enum TaskState : byte
{
    None = 0,
    Scheduled = 1,

    /// <summary>No task instance is ever in it: one commit takes an instance from scheduled to running. A sensor of another Dag's run gets it for a run that has not started.</summary>
    Queued = 2,

    Running = 3,
    Deferred = 4,
    UpForReschedule = 5,
    UpForRetry = 6,
    Success = 7,
    Failed = 8,
    Skipped = 9,
    UpstreamFailed = 10,
    Removed = 11,

    /// <summary>Waits for a person, without a slot.</summary>
    AwaitingInput = 12,
}

/// <summary>What lets a task run, judged over the states of its direct upstreams (semantics.md, 4).</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TriggerRule>))]
public enum TriggerRule : byte
{
    AllSuccess = 0,
    AllFailed = 1,
    AllDone = 2,
    AllDoneMinOneSuccess = 3,
    OneSuccess = 4,
    OneFailed = 5,
    OneDone = 6,
    NoneFailed = 7,
    NoneFailedMinOneSuccess = 8,
    NoneSkipped = 9,
    AllSkipped = 10,
    Always = 11,

    /// <summary>The rule of teardowns.</summary>
    AllDoneSetupSuccess = 12,
}

/// <summary>What is asked of the names: their wire form is the field's own, such as <c>upstream_failed</c>.</summary>
public static class TaskStateNames
{
    private static readonly string[] Names =
    [
        "none", "scheduled", "queued", "running", "deferred", "up_for_reschedule", "up_for_retry",
        "success", "failed", "skipped", "upstream_failed", "removed", "awaiting_input",
    ];

    /// <summary>The field's spelling, as shown to people and stored in the read model.</summary>
    public static string Name(this TaskState state) => Names[(int)state];

    /// <summary>True for success, failed, skipped, upstream_failed and removed.</summary>
    public static bool IsFinished(this TaskState state) => state is >= TaskState.Success and <= TaskState.Removed;

    /// <summary>Reads the field's spelling; false when there is no such state.</summary>
    public static bool TryParse(string name, out TaskState state)
    {
        var index = Array.IndexOf(Names, name);
        state = index < 0 ? default : (TaskState)index;
        return index >= 0;
    }
}
