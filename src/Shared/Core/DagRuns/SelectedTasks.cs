using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Core.DagRuns;

/// <summary>Finds the instances of a run that a selection means.</summary>
public static class SelectedTasks
{
    /// <returns>Numbers, ascending. Names that this run does not have are passed over: see <see cref="Unknown"/>.</returns>
    public static IReadOnlyList<int> Of(DagRunState run, TaskSelection selection)
    {
        var chosen = new HashSet<int>();
        for (var instance = 0; instance < run.Instances; instance++)
        {
            if (!run.IsGone(instance) && (selection.Tasks.Count == 0 || selection.Tasks.Any(name => IsNamed(run, instance, name))))
            {
                chosen.Add(instance);
            }
        }

        if (selection.FromFailed)
        {
            chosen.RemoveWhere(instance => !HasFailed(run, instance));
        }

        var named = chosen.ToList();
        if (selection.Downstream || selection.FromFailed)
        {
            chosen.UnionWith(After(run, named));
        }

        if (selection.Upstream)
        {
            chosen.UnionWith(Walk(named, instance => run.SpecOf(instance).Upstream, (at, _) => run.TaskOf(at), run));
        }

        if (selection.OnlyFailed)
        {
            chosen.RemoveWhere(instance => !HasFailed(run, instance));
        }

        return [.. chosen.Order()];
    }

    /// <summary>Names in a selection that are no task, group or instance of this run.</summary>
    public static IReadOnlyList<string> Unknown(DagRunState run, TaskSelection selection) =>
        [.. selection.Tasks.Where(name => !Enumerable.Range(0, run.Instances).Any(instance => !run.IsGone(instance) && IsNamed(run, instance, name)))];

    /// <summary>Everything after these, without them unless they come after one another.</summary>
    public static IReadOnlyCollection<int> After(DagRunState run, IReadOnlyCollection<int> instances) =>
        Walk(instances, instance => run.Graph.Downstream(run.TaskOf(instance)).ToArray(), (_, task) => task, run);

    /// <summary>The instances directly before one.</summary>
    public static IEnumerable<int> Before(DagRunState run, int instance)
    {
        foreach (var task in run.SpecOf(instance).Upstream)
        {
            if (Beside(run, instance, task, run.TaskOf(instance)) is { } beside)
            {
                yield return beside;
                continue;
            }

            var (first, length) = run.InstancesOf(task);
            for (var before = first; before < first + length; before++)
            {
                yield return before;
            }
        }
    }

    private static bool IsNamed(DagRunState run, int instance, string name)
    {
        var task = run.SpecOf(instance).Id.Value;
        return task == name
            || (task.Length > name.Length && task[name.Length] == '.' && task.StartsWith(name, StringComparison.Ordinal))
            || (instance >= run.Graph.Count && run.NameOf(instance).Value == name);
    }

    private static bool HasFailed(DagRunState run, int instance) => run.StateOf(instance) is TaskState.Failed or TaskState.UpstreamFailed;

    /// <summary>From instance to instance: inside a mapped group along its index, else to all instances of a task, which are visited once.</summary>
    private static HashSet<int> Walk(IReadOnlyCollection<int> from, Func<int, IReadOnlyList<int>> next, Func<int, int, int> waits, DagRunState run)
    {
        var found = new HashSet<int>();
        var whole = new HashSet<int>();
        var open = new Stack<int>(from);
        while (open.TryPop(out var at))
        {
            foreach (var task in next(at))
            {
                if (Beside(run, at, task, waits(at, task)) is { } beside)
                {
                    if (found.Add(beside))
                    {
                        open.Push(beside);
                    }
                }
                else if (whole.Add(task))
                {
                    var (first, length) = run.InstancesOf(task);
                    for (var instance = first; instance < first + length; instance++)
                    {
                        if (found.Add(instance))
                        {
                            open.Push(instance);
                        }
                    }
                }
            }
        }

        return found;
    }

    /// <summary>The one instance of another task of the same mapped group that has the same index; null outside of groups, and when that of the two which
    /// waits for the other looks at all indices.</summary>
    private static int? Beside(DagRunState run, int instance, int task, int waits) =>
        !run.Graph.LooksAtAll(waits) && instance >= run.Graph.Count && run.Graph.ScopeOf(run.TaskOf(instance)) is { IsGroup: true } scope && ReferenceEquals(scope, run.Graph.ScopeOf(task))
            && run.InstancesOf(task) is var (first, length) && first >= run.Graph.Count && run.MapIndexOf(instance) < length
            ? first + run.MapIndexOf(instance)
            : null;
}
