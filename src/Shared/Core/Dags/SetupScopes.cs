namespace Sluice.Core.Dags;

/// <summary>Which setups a task depends on without being directly after them (semantics.md, 4 and 5).</summary>
/// <remarks>
/// A task is in the scope of a setup before it when the setup has no teardown of its own, or one of its teardowns comes after the task.
/// </remarks>
internal static class SetupScopes
{
    public static (int[][] Setups, int[][] Guarded) Find(DagSpec spec, int[][] downstream)
    {
        var setups = new List<int>?[downstream.Length];
        var guarded = new List<int>?[downstream.Length];
        for (var setup = 0; setup < downstream.Length; setup++)
        {
            if (spec.Tasks[setup].Kind != TaskKind.Setup)
            {
                continue;
            }

            var after = Walk(setup, task => downstream[task]);
            var teardowns = downstream[setup].Where(task => spec.Tasks[task].Kind == TaskKind.Teardown).ToList();
            if (teardowns.Count > 0)
            {
                var before = teardowns.SelectMany(teardown => Walk(teardown, task => spec.Tasks[task].Upstream)).ToHashSet();
                after.IntersectWith(before);
            }

            foreach (var task in after.Order())
            {
                if (spec.Tasks[task].Kind != TaskKind.Teardown && Array.BinarySearch(downstream[setup], task) < 0)
                {
                    (setups[task] ??= []).Add(setup);
                    (guarded[setup] ??= []).Add(task);
                }
            }
        }

        return (Array.ConvertAll(setups, list => list?.ToArray() ?? []), Array.ConvertAll(guarded, list => list?.ToArray() ?? []));
    }

    private static HashSet<int> Walk(int from, Func<int, IReadOnlyList<int>> next)
    {
        var found = new HashSet<int>();
        var open = new Stack<int>([from]);
        while (open.TryPop(out var at))
        {
            foreach (var task in next(at))
            {
                if (found.Add(task))
                {
                    open.Push(task);
                }
            }
        }

        return found;
    }
}
