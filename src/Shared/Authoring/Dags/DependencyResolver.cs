namespace Sluice.Authoring.Dags;

/// <summary>Turns dependencies between tasks and groups into the upstream tasks of each task.</summary>
/// <remarks>
/// A dependency belongs to the innermost group that holds both its ends. Inner groups are resolved first, so that what is first and
/// last in a group is settled, in whatever order the author wrote things, when dependencies on the group ask for it.
/// </remarks>
internal sealed class DependencyResolver
{
    private readonly DagBuilder _dag;
    private readonly Dictionary<TaskNode, int> _index = [];
    private readonly Dictionary<TaskGroup, List<int>> _members = [];
    private readonly Dictionary<TaskGroup, (int[] Roots, int[] Leaves)> _ends = [];
    private readonly HashSet<int>[] _upstreams;

    private DependencyResolver(DagBuilder dag)
    {
        _dag = dag;
        _upstreams = new HashSet<int>[dag.Tasks.Count];
        foreach (var group in dag.Groups)
        {
            _members.Add(group, []);
        }

        for (var i = 0; i < dag.Tasks.Count; i++)
        {
            _index.Add(dag.Tasks[i], i);
            _upstreams[i] = [];
            foreach (var group in Ancestors(dag.Tasks[i]))
            {
                _members[group].Add(i);
            }
        }
    }

    /// <summary>Direct upstreams of each task, by index, ascending and without repeats.</summary>
    public static IReadOnlyList<int>[] Resolve(DagBuilder dag)
    {
        var resolver = new DependencyResolver(dag);
        foreach (var (up, down, _) in resolver.Bridged().Select(link => (link.Up, link.Down, Depth: resolver.DepthOf(link)))
            .OrderByDescending(link => link.Depth))
        {
            foreach (var root in resolver.Roots(down))
            {
                resolver._upstreams[root].UnionWith(resolver.Leaves(up));
            }
        }

        return [.. resolver._upstreams.Select(IReadOnlyList<int> (set) => [.. set.Order()])];
    }

    // A group without tasks holds nothing up: whoever waits for it waits for what it waits for.
    private List<(IDagNode Up, IDagNode Down)> Bridged()
    {
        var links = _dag.Links.ToList();
        foreach (var group in _dag.Groups.Where(group => _members[group].Count == 0))
        {
            var arriving = links.Where(link => link.Down == group).ToList();
            var leaving = links.Where(link => link.Up == group).ToList();
            links.RemoveAll(link => link.Up == group || link.Down == group);
            links.AddRange(from before in arriving from after in leaving select (before.Up, after.Down));
        }

        return links;
    }

    private int DepthOf((IDagNode Up, IDagNode Down) link)
    {
        var (up, down) = link;
        if (up is TaskGroup && Ancestors(down).Prepend(down).Contains(up))
        {
            throw new DagDefinitionException($"'{down.Id}' cannot wait for group '{up.Id}': it is part of it.", null);
        }

        if (down is TaskGroup && Ancestors(up).Contains(down))
        {
            throw new DagDefinitionException($"Group '{down.Id}' cannot wait for '{up.Id}', which is part of it.", null);
        }

        if (up.Parent == down.Parent)
        {
            return Ancestors(up).Count();
        }

        return Ancestors(up).Intersect(Ancestors(down)).Count();
    }

    private int[] Roots(IDagNode node) => node is TaskNode task ? [_index[task]] : Ends((TaskGroup)node).Roots;

    private int[] Leaves(IDagNode node) => node is TaskNode task ? [_index[task]] : Ends((TaskGroup)node).Leaves;

    private (int[] Roots, int[] Leaves) Ends(TaskGroup group)
    {
        if (_ends.TryGetValue(group, out var known))
        {
            return known;
        }

        var members = _members[group].ToHashSet();
        HashSet<int> waitedFor = [.. members.SelectMany(task => _upstreams[task])];

        // Who comes after a group does not wait for its teardowns, but for what they come after.
        var work = members.Where(task => _dag.Tasks[task].Kind != Core.Dags.TaskKind.Teardown).ToHashSet();
        waitedFor = work.Count == 0 ? waitedFor : [.. work.SelectMany(task => _upstreams[task])];
        return _ends[group] = (
            [.. members.Where(task => !_upstreams[task].Overlaps(members))],
            [.. (work.Count == 0 ? members : work).Where(task => !waitedFor.Contains(task))]);
    }

    private static IEnumerable<TaskGroup> Ancestors(IDagNode node)
    {
        for (var group = node.Parent; group is not null; group = ((IDagNode)group).Parent)
        {
            yield return group;
        }
    }
}
