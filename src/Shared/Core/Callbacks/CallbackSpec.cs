using System.Text.Json.Serialization;
using Sluice.Core.Dags;

namespace Sluice.Core.Callbacks;

/// <summary>What makes a callback run. The numbers are stored: never renumber.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CallbackTrigger>))]
public enum CallbackTrigger : byte
{
    /// <summary>A try of a task was given to a worker.</summary>
    Execute = 0,

    /// <summary>A task, or a run, succeeded.</summary>
    Success = 1,

    /// <summary>A task, or a run, failed for good.</summary>
    Failure = 2,

    /// <summary>An attempt failed or was lost, and the task will be tried again.</summary>
    Retry = 3,

    /// <summary>A task's own code skipped it.</summary>
    Skipped = 4,

    /// <summary>A run was not over by a deadline.</summary>
    DeadlineMissed = 5,

    /// <summary>Nobody waits any more for what a task runs in a service. No author has a callback for it: the task's own operator stops that.</summary>
    StopRemoteJob = 6,
}

/// <summary>One callback of a task or a Dag, as data.</summary>
public sealed record CallbackSpec
{
    /// <summary>Class of C# code in a Dag file that is no notifier.</summary>
    public const string Code = "Code";

    /// <summary>How long a callback may run when its Dag does not say.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(60);

    public required CallbackTrigger On { get; init; }

    /// <summary>Class name of the notifier, or <see cref="Code"/>.</summary>
    public required string Notifier { get; init; }

    /// <summary>The notifier's properties as a JSON object, templates unrendered.</summary>
    public string Arguments { get; init; } = "{}";

    /// <summary>For <see cref="CallbackTrigger.DeadlineMissed"/>: the deadline's name.</summary>
    public string? Deadline { get; init; }

    /// <summary>The task as which a callback is run: a piece of user code with a limit of its own. What stops a remote job is the task's own operator, where that runs.</summary>
    public static TaskSpec TaskFor(DagSpec dag, CallbackNote note)
    {
        var task = (note.Task is { } index ? dag.Tasks[index] : new TaskSpec { Id = new(Code), Operator = Code }) with
        {
            Sensor = null,
            RetryPolicy = null,
            MultipleOutputs = false,
            Map = null,
        };
        return note.On == CallbackTrigger.StopRemoteJob
            ? task with { ExecutionTimeout = DefaultTimeout }
            : task with { Host = TaskHost.Runner, ExecutionTimeout = dag.CallbackTimeout ?? DefaultTimeout };
    }

    /// <summary>The spec that a note is about.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The Dag has no such callback: the note is of another version.</exception>
    public static CallbackSpec Find(DagSpec dag, CallbackNote note) =>
        ((note.Task is { } task ? dag.Tasks[task].Callbacks : dag.Callbacks) ?? [])[note.Callback];
}

/// <summary>Names of triggers.</summary>
public static class CallbackTriggers
{
    /// <summary>As people write it: <c>on_failure</c>.</summary>
    public static string Name(this CallbackTrigger trigger) => trigger switch
    {
        CallbackTrigger.Execute => "on_execute",
        CallbackTrigger.Success => "on_success",
        CallbackTrigger.Failure => "on_failure",
        CallbackTrigger.Retry => "on_retry",
        CallbackTrigger.Skipped => "on_skipped",
        CallbackTrigger.DeadlineMissed => "on_deadline_missed",
        CallbackTrigger.StopRemoteJob => "stop_remote_job",
        _ => throw new ArgumentOutOfRangeException(nameof(trigger), trigger, null),
    };
}
