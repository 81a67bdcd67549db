using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Cluster.Worker.Attempts;

/// <summary>One attempt, with all that is known of it before it starts.</summary>
public sealed class AttemptWork(AttemptId id, RunFacts run, DagSpec dag, int tryNumber, DateTimeOffset? firstPokeAt, MapPosition? map = null)
{
    private volatile string? _killReason;

    public AttemptId Id { get; } = id;

    public RunFacts Run { get; } = run;

    public DagSpec Dag { get; } = dag;

    public TaskSpec Task { get; } = dag.Tasks[map?.Task ?? id.Task];

    /// <summary>Which instance it is of a mapped task; null for others.</summary>
    public MapPosition? Map { get; } = map;

    /// <summary>The instance's name: <c>task</c>, or <c>task[3]</c>.</summary>
    public TaskId Name => DagRunState.NameOf(Task.Id, Map?.Index ?? -1);

    public int TryNumber { get; } = tryNumber;

    /// <summary>UTC; null before a sensor's first poke.</summary>
    public DateTimeOffset? FirstPokeAt { get; } = firstPokeAt;

    /// <summary>Why it is being killed, set before the token is cancelled; null while it is not.</summary>
    public string? KillReason
    {
        get => _killReason;
        internal set => _killReason = value;
    }

    /// <summary>True for sensors that wait without holding a slot.</summary>
    public bool IsSlotless => Task.Sensor is { Mode: SensorMode.Async };
}
