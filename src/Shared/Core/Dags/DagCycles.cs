namespace Sluice.Core.Dags;

/// <summary>Finds cycles among tasks.</summary>
internal static class DagCycles
{
    // A tangle holds countless cycles; this many are enough to see it.
    private const int MostShown = 10;

    private enum Mark : byte
    {
        Unseen,
        OnPath,
        Done,
    }

    /// <summary>Cycles as task indices from upstream to downstream, each beginning with the task that was defined first; at most ten.</summary>
    /// <remarks>Takes time in proportion to tasks and dependencies, and no stack: chains may be as long as they like.</remarks>
    public static IReadOnlyList<int[]> Find(IReadOnlyList<TaskSpec> tasks)
    {
        var cycles = new List<int[]>();
        var marks = new Mark[tasks.Count];
        var path = new List<(int Task, int Tried)>();
        for (var root = 0; root < tasks.Count; root++)
        {
            if (marks[root] == Mark.Unseen)
            {
                path.Add((root, 0));
                marks[root] = Mark.OnPath;
            }

            while (path.Count > 0)
            {
                var (task, tried) = path[^1];
                var upstream = tasks[task].Upstream;
                if (tried == upstream.Count)
                {
                    marks[task] = Mark.Done;
                    path.RemoveAt(path.Count - 1);
                    continue;
                }

                path[^1] = (task, tried + 1);
                var next = upstream[tried];
                if (next < 0 || next >= tasks.Count || marks[next] == Mark.Done)
                {
                    continue;
                }

                if (marks[next] == Mark.OnPath)
                {
                    cycles.Add(Downstream(path, next));
                    if (cycles.Count == MostShown)
                    {
                        return cycles;
                    }

                    continue;
                }

                marks[next] = Mark.OnPath;
                path.Add((next, 0));
            }
        }

        return cycles;
    }

    // The path runs upstream; people read dependencies the other way.
    private static int[] Downstream(List<(int Task, int Tried)> path, int entry)
    {
        var from = path.FindIndex(step => step.Task == entry);
        var cycle = path.Skip(from).Select(step => step.Task).Reverse().ToArray();
        var first = Array.IndexOf(cycle, cycle.Min());
        return [.. cycle[first..], .. cycle[..first]];
    }
}
