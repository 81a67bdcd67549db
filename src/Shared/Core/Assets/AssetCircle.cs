using Sluice.Core.Dags;

namespace Sluice.Core.Assets;

/// <summary>What a Dag has to do with assets.</summary>
/// <param name="Dag">The Dag.</param>
/// <param name="Updates">Assets that its tasks update; aliases do not count, since what they stand for is known only when a task runs.</param>
/// <param name="WaitsFor">What makes it run; null when it waits for none.</param>
public sealed record AssetLinks(DagId Dag, IReadOnlyList<Asset> Updates, AssetExpression? WaitsFor)
{
    public static AssetLinks Of(DagSpec dag) =>
        new(dag.Id, [.. dag.Tasks.SelectMany(task => task.Outlets ?? []).OfType<Asset>()], dag.Schedule.AssetCondition);

    internal bool RunsBy(Asset asset) => WaitsFor?.Names.Any(name => name.Key == asset.Key) == true;
}

/// <summary>Dags that make each other run, round and round: each of them has all that it waits for from the others.</summary>
/// <remarks>
/// One that also waits for something from elsewhere stops the circle, and is none. A task of it may be skipped, or the Dag paused, so that a circle may be
/// meant: it is told of and not refused.
/// </remarks>
/// <param name="Dags">In the order in which they make each other run, the first by name first.</param>
/// <param name="Assets">Which asset leads from each to the next, and from the last to the first.</param>
public sealed record AssetCircle(IReadOnlyList<DagId> Dags, IReadOnlyList<Asset> Assets)
{
    /// <summary>Such as <c>a -> x -> b -> y -> a</c>.</summary>
    public string Path => string.Concat(Dags.Zip(Assets, (dag, asset) => $"{dag} -> {asset.Name} -> ")) + Dags[0];

    /// <summary>One sentence for people.</summary>
    public string Warning =>
        $"Dags make each other run without end: {Path}. Let one of them wait for another asset as well, or for the clock; if it is meant, something in it must skip what updates the asset.";

    /// <summary>One circle of each group of Dags that are in circles together: a shortest of those of its first Dag by name.</summary>
    public static IReadOnlyList<AssetCircle> Find(IEnumerable<AssetLinks> dags)
    {
        // Only who updates and waits can be part of one.
        var found = new List<AssetCircle>();
        Find([.. dags.Where(dag => dag.WaitsFor is not null && dag.Updates.Count > 0).OrderBy(dag => dag.Dag.Value, StringComparer.Ordinal)], found);
        return [.. found.OrderBy(circle => circle.Path, StringComparer.Ordinal)];
    }

    private static void Find(List<AssetLinks> dags, List<AssetCircle> found)
    {
        var next = Edges(dags);
        foreach (var group in Groups(dags, next))
        {
            var left = SelfSufficient(group);
            if (left.Count == group.Count)
            {
                found.Add(Shortest(group));
            }
            else if (left.Count > 1)
            {
                Find(left, found);
            }
        }
    }

    private static Dictionary<AssetLinks, List<AssetLinks>> Edges(List<AssetLinks> dags)
    {
        var waiting = dags.SelectMany(dag => dag.WaitsFor!.Names.Select(name => (name.Key, Dag: dag))).ToLookup(entry => entry.Key, entry => entry.Dag);
        return dags.ToDictionary(dag => dag, dag => dag.Updates.SelectMany(asset => waiting[asset.Key]).Where(other => other != dag).Distinct().ToList(), Same);
    }

    /// <summary>Those of a group whose conditions are met by what the others of them update.</summary>
    private static List<AssetLinks> SelfSufficient(List<AssetLinks> group)
    {
        var left = group;
        while (true)
        {
            var events = left.SelectMany(dag => dag.Updates).Select(asset => new AssetEvent { Asset = asset.Name, At = default }).ToList();
            var still = left.Where(dag => dag.WaitsFor!.IsMetBy(events)).ToList();
            if (still.Count == left.Count)
            {
                return left;
            }

            left = still;
        }
    }

    /// <summary>Dags each of which leads to all others of its group: of more than one (Tarjan's way, without a stack of calls).</summary>
    private static List<List<AssetLinks>> Groups(List<AssetLinks> dags, Dictionary<AssetLinks, List<AssetLinks>> next)
    {
        var (index, low, open) = (new Dictionary<AssetLinks, int>(Same), new Dictionary<AssetLinks, int>(Same), new List<AssetLinks>());
        var isOpen = new HashSet<AssetLinks>(Same);
        var groups = new List<List<AssetLinks>>();
        foreach (var root in dags.Where(dag => !index.ContainsKey(dag)))
        {
            var path = new Stack<(AssetLinks Dag, int Tried)>([(root, 0)]);
            while (path.TryPop(out var step))
            {
                var (dag, tried) = step;
                if (tried == 0)
                {
                    index[dag] = low[dag] = index.Count;
                    open.Add(dag);
                    isOpen.Add(dag);
                }
                else if (isOpen.Contains(next[dag][tried - 1]))
                {
                    low[dag] = Math.Min(low[dag], low[next[dag][tried - 1]]);
                }

                var at = tried;
                for (; at < next[dag].Count && index.ContainsKey(next[dag][at]); at++)
                {
                    low[dag] = isOpen.Contains(next[dag][at]) ? Math.Min(low[dag], index[next[dag][at]]) : low[dag];
                }

                if (at < next[dag].Count)
                {
                    path.Push((dag, at + 1));
                    path.Push((next[dag][at], 0));
                    continue;
                }

                if (low[dag] == index[dag])
                {
                    var from = open.LastIndexOf(dag);
                    var group = open[from..];
                    open.RemoveRange(from, group.Count);
                    isOpen.ExceptWith(group);
                    if (group.Count > 1)
                    {
                        groups.Add([.. group.OrderBy(one => one.Dag.Value, StringComparer.Ordinal)]);
                    }
                }
            }
        }

        return groups;
    }

    private static AssetCircle Shortest(List<AssetLinks> group)
    {
        var first = group[0];
        var came = new Dictionary<AssetLinks, AssetLinks>(Same);
        var waiting = new Queue<AssetLinks>([first]);
        var next = Edges(group);
        while (waiting.TryDequeue(out var dag))
        {
            foreach (var other in next[dag])
            {
                if (other == first)
                {
                    var path = new List<AssetLinks> { dag };
                    while (path[^1] != first)
                    {
                        path.Add(came[path[^1]]);
                    }

                    path.Reverse();
                    return new(
                        [.. path.Select(one => one.Dag)],
                        [.. path.Select((one, i) => one.Updates.First(path[(i + 1) % path.Count].RunsBy))]);
                }

                if (came.TryAdd(other, dag))
                {
                    waiting.Enqueue(other);
                }
            }
        }

        throw new System.Diagnostics.UnreachableException("Each of a group leads back to itself.");
    }

    private static readonly IEqualityComparer<AssetLinks> Same = ReferenceEqualityComparer.Instance;
}
