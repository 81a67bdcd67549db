namespace Sluice.Core.DagRuns;

/// <summary>Tasks of a run that wait for a moment. A change costs O(log waiting), and finding those that are due looks at no other.</summary>
public sealed class DueTasks
{
    private readonly Dictionary<int, DateTimeOffset> _moments = [];
    private readonly SortedSet<(DateTimeOffset Due, int Task)> _order = [];

    /// <summary>All that wait, with their moments, in no order.</summary>
    public IReadOnlyDictionary<int, DateTimeOffset> Moments => _moments;

    /// <summary>Who is due next; null when nobody waits.</summary>
    public (DateTimeOffset Due, int Task)? Earliest => _order.Count == 0 ? null : _order.Min;

    /// <summary>When a task goes on; null when it does not wait.</summary>
    public DateTimeOffset? Of(int task) => _moments.TryGetValue(task, out var due) ? due : null;

    /// <summary>Those whose moment has come, by index of task; null when there is none.</summary>
    internal List<int>? By(DateTimeOffset at)
    {
        List<int>? tasks = null;
        foreach (var (due, task) in _order)
        {
            if (due > at)
            {
                break;
            }

            (tasks ??= []).Add(task);
        }

        tasks?.Sort();
        return tasks;
    }

    internal void Set(int task, DateTimeOffset due)
    {
        Remove(task);
        _moments[task] = due;
        _order.Add((due, task));
    }

    internal void Remove(int task)
    {
        if (_moments.Remove(task, out var due))
        {
            _order.Remove((due, task));
        }
    }
}
