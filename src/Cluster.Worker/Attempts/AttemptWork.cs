using Sluice.Core.Callbacks;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.RemoteJobs;
using Sluice.Core.TaskInstances;

namespace Sluice.Cluster.Worker.Attempts;

/// <summary>One attempt, with all that is known of it before it starts.</summary>
public sealed class AttemptWork(
    AttemptId id, RunFacts run, DagSpec dag, int tryNumber, DateTimeOffset? firstPokeAt, MapPosition? map = null, CallbackNote? callback = null, int reschedules = 0,
    RemoteJob? remoteJob = null)
{
    private volatile string? _killReason;

    public AttemptId Id { get; } = id;

    public RunFacts Run { get; } = run;

    public DagSpec Dag { get; } = dag;

    public TaskSpec Task { get; } = callback is null ? dag.Tasks[map?.Task ?? id.Task] : CallbackSpec.TaskFor(dag, callback);

    /// <summary>What happened, when it is no attempt of the task but a callback; null else.</summary>
    public CallbackNote? Callback { get; } = callback;

    /// <summary>Which instance it is of a mapped task; null for others.</summary>
    public MapPosition? Map { get; } = map;

    /// <summary>The instance's name: <c>task</c>, or <c>task[3]</c>; of a callback <c>callback-</c> and its event's id.</summary>
    public TaskId Name => Callback is null ? DagRunState.NameOf(Task.Id, Map?.Index ?? -1) : new($"callback-{Callback.EventId}");

    public int TryNumber { get; } = tryNumber;

    /// <summary>UTC; null before a sensor's first poke.</summary>
    public DateTimeOffset? FirstPokeAt { get; } = firstPokeAt;

    /// <summary>For sensors: how often it was rescheduled in this try.</summary>
    public int Reschedules { get; } = reschedules;

    /// <summary>What an earlier attempt of this try runs in a service; null when nothing is known of any.</summary>
    public RemoteJob? RemoteJob { get; } = remoteJob;

    /// <summary>Why it is being killed, set before the token is cancelled; null while it is not.</summary>
    public string? KillReason
    {
        get => _killReason;
        internal set => _killReason = value;
    }

    /// <summary>True for sensors that wait without holding a slot, and for callbacks.</summary>
    public bool IsSlotless => Callback is not null || Task.Sensor is { Mode: SensorMode.Async };
}
