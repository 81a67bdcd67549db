using Sluice.Core.DagRuns;
using Sluice.Core.Dags;

namespace Sluice.Core.Queues;

/// <summary>Names a task instance among all runs, by its number in its run. It has one active attempt at most.</summary>
public readonly record struct TaskKey(long Run, int Task);

/// <summary>A task instance that waits for a worker, with all that the choice depends on.</summary>
/// <param name="Key">The task instance.</param>
/// <param name="Dag">Dags of equal priority take turns.</param>
/// <param name="Pool">Pool that its slots come from.</param>
/// <param name="PoolSlots">Slots of the pool that it takes, all at once.</param>
/// <param name="Queue">Only workers that serve it are asked.</param>
/// <param name="Priority">Higher goes first.</param>
/// <param name="IsBackfill">Goes after all live work, whatever its priority.</param>
/// <param name="NeedsSlot">False for an async sensor: it takes neither a worker's slot nor a pool's.</param>
public sealed record ReadyTask(
    TaskKey Key, DagId Dag, string Pool, int PoolSlots, string Queue, int Priority, bool IsBackfill, bool NeedsSlot)
{
    /// <summary>What an instance of a run asks for.</summary>
    public static ReadyTask Of(DagRunState run, int instance)
    {
        var spec = run.SpecOf(instance);
        return new(
            new(run.Facts.Key, instance), run.Facts.Dag, spec.Pool, spec.PoolSlots, spec.Queue, spec.Priority,
            run.Facts.Type == RunType.Backfill, spec.Sensor is not { Mode: SensorMode.Async });
    }
}

/// <summary>A task instance found its worker.</summary>
/// <param name="Key">The task instance.</param>
/// <param name="Worker">Node id.</param>
public readonly record struct Grant(TaskKey Key, string Worker);
