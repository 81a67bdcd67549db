using System.Text.Json.Serialization;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.RemoteJobs;
using Sluice.Core.TaskInstances;

namespace Sluice.Core.Callbacks;

/// <summary>What happened, for the callback that is told of it. Travels to whoever runs it.</summary>
public sealed record CallbackNote
{
    /// <summary>The same however often the callback is handed out: by it a receiver can tell a repeat.</summary>
    [JsonPropertyName("id")]
    public required string EventId { get; init; }

    [JsonPropertyName("on")]
    public required CallbackTrigger On { get; init; }

    /// <summary>Which callback of the task, or of the Dag, in the order of its spec; -1 where it is to stop a remote job.</summary>
    [JsonPropertyName("c")]
    public required int Callback { get; init; }

    /// <summary>Index of the task; null for a callback of the Dag.</summary>
    [JsonPropertyName("t"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Task { get; init; }

    /// <summary>The instance: <c>task</c>, or <c>task[3]</c>; null for a callback of the Dag.</summary>
    [JsonPropertyName("i"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Instance { get; init; }

    /// <summary>Of the task, from 1; 0 for a callback of the Dag, and for a task that never ran.</summary>
    [JsonPropertyName("n")]
    public int TryNumber { get; init; }

    /// <summary>Of the task or the run, after what happened, such as <c>failed</c>.</summary>
    [JsonPropertyName("s")]
    public required string State { get; init; }

    /// <summary>One line for people: why. Null when there is nothing to say.</summary>
    [JsonPropertyName("y"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Why { get; init; }

    /// <summary>When it happened, UTC.</summary>
    [JsonPropertyName("a")]
    public required DateTimeOffset At { get; init; }

    /// <summary>The deadline that was missed.</summary>
    [JsonPropertyName("d"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Deadline { get; init; }

    /// <summary>When that deadline was, UTC.</summary>
    [JsonPropertyName("u"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? Due { get; init; }

    /// <summary>What is to be stopped; null where it is another event.</summary>
    [JsonPropertyName("j"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RemoteJob? Job { get; init; }
}

/// <summary>A callback that is to be run: all that is needed to hand it out, also when its run is over.</summary>
/// <param name="Key">Unique in the deployment, among the keys of runs too.</param>
/// <param name="Run">The run.</param>
/// <param name="Note">What happened.</param>
/// <param name="Notifier">Class name, or <see cref="CallbackSpec.Code"/>: for people.</param>
/// <param name="Map">Which instance of a mapped task.</param>
/// <param name="Queue">Workers that serve it may run it; null: any may.</param>
public sealed record CallbackRequest(
    [property: JsonPropertyName("k")] long Key,
    [property: JsonPropertyName("r")] RunFacts Run,
    [property: JsonPropertyName("n")] CallbackNote Note,
    [property: JsonPropertyName("w")] string Notifier,
    [property: JsonPropertyName("m"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] MapPosition? Map = null,
    [property: JsonPropertyName("q"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Queue = null)
{
    /// <summary>The attempt of one handing out.</summary>
    public AttemptId Attempt(int token) => new(Key, Note.Task ?? 0, token);
}
