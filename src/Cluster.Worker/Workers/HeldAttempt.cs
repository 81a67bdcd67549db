using Sluice.Actors;
using Sluice.Cluster.Wire;
using Sluice.Core.DagRuns;
using Sluice.Core.TaskInstances;

namespace Sluice.Cluster.Worker.Workers;

/// <summary>An attempt that the worker has, from its arrival to its end.</summary>
internal sealed class HeldAttempt(TaskAssignment assignment, RunFacts run)
{
    public AttemptId Id => assignment.Id;

    public TaskAssignment Assignment => assignment;

    public RunFacts Run => run;

    /// <summary>Null until its Dag is known.</summary>
    public RunningAttempt? Running { get; set; }

    /// <summary>Who runs and watches it; null until it has begun.</summary>
    public ActorRef? Slot { get; set; }

    /// <summary>That it must stop: told to its slot, and told again should the slot be lost with the message.</summary>
    public KillAttempt? Kill { get; set; }

    /// <summary>The leader wants no report of it.</summary>
    public bool IsDisowned { get; set; }
}
