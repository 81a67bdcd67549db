using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Scheduler.DagRuns;

/// <summary>Changes a run by hand, in whatever state the run is. Answered by a <see cref="RunChange"/>, after the commit.</summary>
/// <param name="Key">The run.</param>
/// <param name="Command">Made when its turn comes, with the time of then; null when only the version changes.</param>
/// <param name="DryRun">Only say what would happen.</param>
internal sealed record ChangeRun(long Key, Func<DateTimeOffset, DagRunCommand>? Command, bool DryRun)
{
    /// <summary>The run first goes on by this version; null: it keeps its own.</summary>
    public VersionWanted? Version { get; init; }

    /// <summary>Made of <see cref="Version"/> by the Dag, which knows its versions.</summary>
    public Func<DateTimeOffset, UpgradeRun>? Upgrade { get; init; }

    public IReadOnlyList<DagRunCommand> Commands(DateTimeOffset at) => (Upgrade, Command) switch
    {
        ({ } upgrade, { } command) => [upgrade(at), command(at)],
        ({ } upgrade, null) => [upgrade(at)],
        (null, { } command) => [command(at)],
        _ => [],
    };
}

/// <summary>Which version of its Dag a run is to go on by.</summary>
/// <param name="Version">Content hash; null: the one that new runs take.</param>
/// <param name="By">Who asks.</param>
internal sealed record VersionWanted(string? Version, ByHand By);

/// <summary>What a change by hand does to one run.</summary>
/// <param name="Tasks">In the Dag's order.</param>
/// <param name="Before">State of the run until then.</param>
/// <param name="After">State right after it.</param>
/// <param name="Refusal">Why nothing is done; null when all is well.</param>
internal sealed record RunChange(IReadOnlyList<TaskChange> Tasks, RunState Before, RunState After, string? Refusal = null)
{
    /// <summary>The version that the run had, and the one that it has then; null when it keeps it.</summary>
    public (string Before, string After)? Versions { get; init; }

    public bool IsEmpty => Tasks.Count == 0 && Before == After && Versions is null;

    public static RunChange Refused(string why) => new([], default, default, why);

    /// <summary>Decides on a copy of the run.</summary>
    public static RunChange Of(DagRunState run, IReadOnlyList<DagRunCommand> commands)
    {
        var (copy, changes) = (CopyOf(run), new List<TaskChange>());
        (string, string)? versions = null;
        foreach (var command in commands)
        {
            var before = commands.Count == 1 ? run : CopyOf(copy);
            if (command is UpgradeRun upgrade)
            {
                if (VersionChange.Refusal(before, upgrade) is { } refusal)
                {
                    return Refused(refusal);
                }

                foreach (var happened in DagRunDecider.Decide(copy, upgrade).OfType<RunUpgraded>())
                {
                    versions = (before.Facts.Version, upgrade.Version);
                    changes.AddRange((happened.Dropped ?? []).Select(dropped => new TaskChange(dropped.Name, dropped.From, dropped.To, dropped.Worker is not null)));
                    changes.AddRange(VersionChange.Added(before.Graph, upgrade.Graph).Select(added => new TaskChange(added, TaskState.None, TaskState.None, false, IsNew: true)));
                }
            }
            else
            {
                changes.AddRange(ByHandTo(before, DagRunDecider.Decide(copy, command)));
            }
        }

        return new(changes, run.Phase, copy.Phase) { Versions = versions };
    }

    private static DagRunState CopyOf(DagRunState run) => new(run.Graph, run.Snapshot());

    private static List<TaskChange> ByHandTo(DagRunState run, IReadOnlyList<DagRunEvent> events)
    {
        var changes = new SortedDictionary<(int Task, int Instance), TaskChange>();
        void Add(int instance, TaskState to) =>
            changes[(run.TaskOf(instance), instance)] = new(run.NameOf(instance), run.StateOf(instance), to, run.WorkerOf(instance) is not null);

        foreach (var happened in events)
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

        return [.. changes.Values];
    }
}

/// <param name="Task">The instance.</param>
/// <param name="From">Its state until then.</param>
/// <param name="To">None when it is cleared.</param>
/// <param name="Stops">A worker has it, and is told to stop it.</param>
/// <param name="IsNew">The run did not have it until then.</param>
internal readonly record struct TaskChange(TaskId Task, TaskState From, TaskState To, bool Stops, bool IsNew = false);
