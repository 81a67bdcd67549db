using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Scheduler.DagRuns;

/// <summary>Clears or marks tasks of a run, in whatever state the run is. Answered by a <see cref="RunChange"/>, after the commit.</summary>
/// <param name="Key">The run.</param>
/// <param name="Command">Made when its turn comes, with the time of then.</param>
/// <param name="DryRun">Only say what would happen.</param>
internal sealed record ChangeRun(long Key, Func<DateTimeOffset, DagRunCommand> Command, bool DryRun);

/// <summary>What a change by hand does to one run.</summary>
/// <param name="Tasks">In the Dag's order.</param>
/// <param name="Before">State of the run until then.</param>
/// <param name="After">State right after it.</param>
/// <param name="Refusal">Why nothing is done; null when all is well.</param>
internal sealed record RunChange(IReadOnlyList<TaskChange> Tasks, RunState Before, RunState After, string? Refusal = null)
{
    public bool IsEmpty => Tasks.Count == 0 && Before == After;

    public static RunChange Refused(string why) => new([], default, default, why);

    /// <summary>Decides on a copy of the run.</summary>
    public static RunChange Of(DagRunState run, DagRunCommand command)
    {
        var copy = new DagRunState(run.Graph, run.Snapshot());
        var changes = new SortedDictionary<(int Task, int Instance), TaskChange>();
        void Add(int instance, TaskState to) =>
            changes[(run.TaskOf(instance), instance)] = new(run.NameOf(instance), run.StateOf(instance), to, run.WorkerOf(instance) is not null);

        foreach (var happened in DagRunDecider.Decide(copy, command))
        {
            switch (happened)
            {
                case TasksMarked e:
                    foreach (var instance in e.Tasks)
                    {
                        Add(instance, e.State);
                    }

                    break;
                case TasksCleared e:
                    foreach (var instance in e.Tasks.Concat(e.Stopping ?? []))
                    {
                        Add(instance, TaskState.None);
                    }

                    foreach (var task in e.Unmapped ?? [])
                    {
                        var (first, length) = run.InstancesOf(task);
                        for (var instance = first; instance < first + length; instance++)
                        {
                            Add(instance, TaskState.None);
                        }
                    }

                    break;
            }
        }

        return new([.. changes.Values], run.Phase, copy.Phase);
    }
}

/// <param name="Task">The instance.</param>
/// <param name="From">Its state until then.</param>
/// <param name="To">None when it is cleared.</param>
/// <param name="Stops">A worker has it, and is told to stop it.</param>
internal readonly record struct TaskChange(TaskId Task, TaskState From, TaskState To, bool Stops);
