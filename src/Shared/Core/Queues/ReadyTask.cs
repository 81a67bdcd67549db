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
/// <param name="Priority">Higher goes first: the task's rank against all Dags.</param>
/// <param name="IsBackfill">Goes after all live work, whatever its priority.</param>
/// <param name="NeedsSlot">False for an async sensor: it takes neither a worker's slot nor a pool's.</param>
public sealed record ReadyTask(
    TaskKey Key, DagId Dag, string Pool, int PoolSlots, string Queue, int Priority, bool IsBackfill, bool NeedsSlot)
{
    /// <summary>How many of its like may be active at once; null for most tasks, which have no limit of their own.</summary>
    public TaskLimits? Limits { get; init; }

    /// <summary>Orders tasks of one Dag and priority: higher goes first, then the earlier run.</summary>
    public long Weight { get; init; }

    /// <summary>The run's logical date, in ticks of UTC.</summary>
    public long RunDate { get; init; }

    /// <summary>Place among tasks of one Dag and priority: lower goes first.</summary>
    internal (long Weight, long RunDate, long Run, int Task) Place => (-Weight, RunDate, Key.Run, Key.Task);

    /// <summary>What an instance of a run asks for.</summary>
    public static ReadyTask Of(DagRunState run, int instance)
    {
        var spec = run.SpecOf(instance);
        var weight = run.Graph.WeightOf(run.TaskOf(instance));
        return new(
            new(run.Facts.Key, instance), run.Facts.Dag, spec.Pool, spec.PoolSlots, spec.Queue, weight.Rank,
            run.Facts.Type == RunType.Backfill, spec.Sensor is not { Mode: SensorMode.Async })
        {
            Weight = weight.Weight,
            RunDate = run.Facts.LogicalDate.UtcTicks,
            Limits = run.Graph.Spec.MaxActiveTasksPerRun is null && spec.MaxActive is null && spec.MaxActivePerRun is null
                ? null
                : new(run.TaskOf(instance), run.Graph.Spec.MaxActiveTasksPerRun, spec.MaxActive, spec.MaxActivePerRun),
        };
    }
}

/// <summary>Limits of active instances beside the Dag's own; null: none.</summary>
/// <param name="Task">Index of the task.</param>
/// <param name="PerRun">Of all tasks in one run.</param>
/// <param name="PerTask">Of this task over all runs.</param>
/// <param name="PerTaskAndRun">Of this task in one run.</param>
public sealed record TaskLimits(int Task, int? PerRun, int? PerTask, int? PerTaskAndRun);

/// <summary>A task instance found its worker.</summary>
/// <param name="Key">The task instance.</param>
/// <param name="Worker">Node id.</param>
public readonly record struct Grant(TaskKey Key, string Worker);
