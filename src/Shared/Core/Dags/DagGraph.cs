using Sluice.Core.TaskInstances;

namespace Sluice.Core.Dags;

/// <summary>A Dag's edges in the form that a run walks: built once per version, shared by all its runs.</summary>
public sealed class DagGraph
{
    private static readonly int[] None = [];

    private readonly int[][] _downstream;
    private readonly int[][] _indirectSetups;
    private readonly int[][] _indirectlyGuarded;
    private readonly int[] _setups;
    private readonly MapScope?[] _scopes;
    private readonly string[]?[] _mappedKeys;
    private TaskWeight[]? _weights;

    public DagGraph(DagSpec spec)
    {
        Spec = spec;
        HasPast = spec.Tasks.Any(task => task.DependsOnPast || task.WaitForDownstream);
        var downstream = new List<int>[spec.Tasks.Count];
        _setups = new int[downstream.Length];
        for (var task = 0; task < downstream.Length; task++)
        {
            foreach (var upstream in spec.Tasks[task].Upstream)
            {
                (downstream[upstream] ??= []).Add(task);
                _setups[task] += spec.Tasks[upstream].Kind == TaskKind.Setup ? 1 : 0;
            }
        }

        _downstream = Array.ConvertAll(downstream, list => list?.ToArray() ?? None);
        (_indirectSetups, _indirectlyGuarded) = SetupScopes.Find(spec, _downstream);
        _scopes = new MapScope?[downstream.Length];
        _mappedKeys = new string[]?[downstream.Length];
        FindMapped();
    }

    public DagSpec Spec { get; }

    /// <summary>Number of tasks.</summary>
    public int Count => _downstream.Length;

    /// <summary>True when a task waits for the previous run.</summary>
    public bool HasPast { get; }

    /// <summary>Direct downstreams of a task, ascending.</summary>
    public ReadOnlySpan<int> Downstream(int task) => _downstream[task];

    /// <summary>The task's place among those that wait.</summary>
    public TaskWeight WeightOf(int task) => (_weights ??= TaskWeights.Of(Spec, _downstream))[task];

    /// <summary>True when nothing comes after the task.</summary>
    public bool IsLeaf(int task) => _downstream[task].Length == 0;

    /// <summary>Whether the end of a task that nothing comes after decides how the run ends (semantics.md, 2): not that of a teardown, unless it says so.</summary>
    public bool Counts(int task) => Spec.Tasks[task] is { Kind: not TaskKind.Teardown } or { OnFailureFailDagRun: true };

    /// <summary>How many of a task's direct upstreams are setups.</summary>
    public int SetupsBefore(int task) => _setups[task];

    /// <summary>Setups in whose scope the task is without being directly after them.</summary>
    public ReadOnlySpan<int> IndirectSetups(int task) => _indirectSetups[task];

    /// <summary>The other way round: for a setup, the tasks of its scope that are not directly after it.</summary>
    public ReadOnlySpan<int> IndirectlyGuarded(int setup) => _indirectlyGuarded[setup];

    /// <summary>What the task is expanded with; null when it is not mapped.</summary>
    public MapScope? ScopeOf(int task) => _scopes[task];

    /// <summary>The tasks that are expanded together with a task; the task alone when it is not mapped.</summary>
    public IReadOnlyList<int> TogetherWith(int task) => _scopes[task]?.Tasks ?? [task];

    /// <summary>Whether the instances of a task in a mapped group look at all instances before them, not only at those of their own index: with the rules
    /// that one upstream satisfies (semantics.md, 4).</summary>
    public bool LooksAtAll(int task) =>
        Spec.Tasks[task].TriggerRule is TriggerRule.OneSuccess or TriggerRule.OneFailed or TriggerRule.OneDone && _scopes[task] is { IsGroup: true };

    /// <summary>Keys of the outputs of this task that others are mapped over; null for most tasks.</summary>
    public IReadOnlyList<string>? MappedKeys(int task) => _mappedKeys[task];

    /// <summary>Everything after a task, in no order, without the task.</summary>
    public HashSet<int> Descendants(int task)
    {
        var found = new HashSet<int>();
        var open = new Stack<int>([task]);
        while (open.TryPop(out var at))
        {
            foreach (var next in _downstream[at])
            {
                if (found.Add(next))
                {
                    open.Push(next);
                }
            }
        }

        return found;
    }

    private void FindMapped()
    {
        var groups = new Dictionary<string, List<int>>(StringComparer.Ordinal);
        for (var task = 0; task < Count; task++)
        {
            if (Spec.Tasks[task].Map is not { } map)
            {
                continue;
            }

            foreach (var source in map.Sources)
            {
                if (source.Task is { } producer && producer >= 0 && producer < Count && Array.IndexOf(_mappedKeys[producer] ?? [], source.Key) < 0)
                {
                    _mappedKeys[producer] = [.. _mappedKeys[producer] ?? [], source.Key];
                }
            }

            if (map.Group is null)
            {
                _scopes[task] = new(map, [task], []);
            }
            else
            {
                if (!groups.TryGetValue(map.Group, out var members))
                {
                    groups.Add(map.Group, members = []);
                }

                members.Add(task);
            }
        }

        foreach (var members in groups.Values)
        {
            var outside = members.SelectMany(task => Spec.Tasks[task].Upstream).Where(up => !members.Contains(up)).Distinct().Order();
            var scope = new MapScope(Spec.Tasks[members[0]].Map!, [.. members], [.. outside]);
            members.ForEach(task => _scopes[task] = scope);
        }
    }
}

/// <summary>Tasks that are expanded together: one that is mapped by itself, or those of a mapped group.</summary>
/// <param name="Map">What they are mapped over.</param>
/// <param name="Tasks">The tasks, ascending.</param>
/// <param name="Outside">For a group: the direct upstreams of its tasks that are not in it.</param>
public sealed record MapScope(MapSpec Map, IReadOnlyList<int> Tasks, IReadOnlyList<int> Outside)
{
    public bool IsGroup => Map.Group is not null;
}
