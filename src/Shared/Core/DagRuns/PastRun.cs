using Sluice.Core.Assets;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Core.TaskInstances;

namespace Sluice.Core.DagRuns;

/// <summary>The run before, as those see it that wait for it (semantics.md, 7).</summary>
/// <param name="Spec">The Dag in that run's version.</param>
/// <param name="IsOver">Whether it has ended.</param>
/// <param name="States">Latest state of each task instance that has one, by its name.</param>
public sealed record PastRun(DagSpec Spec, bool IsOver, IReadOnlyDictionary<TaskId, TaskState> States)
{
    /// <summary>Whether a run of this type may be the run before another of the Dag (semantics.md, 7).</summary>
    /// <remarks>
    /// With catchup of all intervals the past is the interval before: what people or assets made in between does not stand in for it. A Dag without
    /// a clock has no intervals, so there any run counts.
    /// </remarks>
    public static bool Counts(RunType type, DagSpec dag) => type.IsOfInterval() || dag.Catchup != CatchupMode.All || dag.Schedule.Clock is null;

    /// <summary>Tasks of a run whose past is met and not yet noted.</summary>
    /// <param name="run">The run that waits.</param>
    /// <param name="past">The run before it; null when there is none: everything is met.</param>
    public static IReadOnlyList<int> Met(DagRunState run, PastRun? past)
    {
        var met = new List<int>();
        for (var task = 0; task < run.Graph.Count; task++)
        {
            if (run.AwaitsPast(task) && (past is null || past.Allows(run.Graph.Spec.Tasks[task])))
            {
                met.Add(task);
            }
        }

        return met;
    }

    private bool Allows(TaskSpec task)
    {
        var index = Spec.Tasks.ToList().FindIndex(other => other.Id == task.Id);
        if (index < 0)
        {
            return true; // it did not exist then: there is nothing to wait for
        }

        if (!IsDone(Spec.Tasks[index]))
        {
            return false;
        }

        return !task.WaitForDownstream || Spec.Tasks.Where(other => other.Upstream.Contains(index)).All(IsDone);
    }

    private bool IsDone(TaskSpec task)
    {
        // Once it is expanded its instances speak for a mapped task; a row of its own that says none is left from a clearing.
        if (task.Map is null || States.GetValueOrDefault(task.Id) != TaskState.None)
        {
            return States.TryGetValue(task.Id, out var state) && Passes(state);
        }

        // How many instances there are is only sure in the end.
        return IsOver && States.All(entry => DagRunState.MapIndexIn(entry.Key.Value, task.Id.Value) < 0 || Passes(entry.Value));
    }

    /// <summary>What was no part of that run, by its dates or since then, has nothing to wait for.</summary>
    private static bool Passes(TaskState state) => state is TaskState.Success or TaskState.Skipped or TaskState.Removed;
}
