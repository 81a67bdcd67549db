using System.Globalization;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Core.DagRuns;

/// <content>What hangs on what: instances of mapped tasks, counts of upstreams, decisions of branches.</content>
public sealed partial class DagRunState
{
    private readonly List<TasksExpanded> _expansions = [];
    private readonly List<(int First, Block Block)> _numbers = [];
    private Block?[] _blocks;
    private int[] _open;
    private readonly Dictionary<int, int[]> _choices = [];
    private readonly Dictionary<int, int> _barred = [];
    private readonly Dictionary<int, int[]> _lengths = [];
    private UpstreamCounts[] _upstreams;
    private int[] _expected;
    private int[] _unsettled;

    /// <summary>How many instances there are; their numbers are below it.</summary>
    public int Instances => _states.Length;

    /// <summary>Index of the task that an instance belongs to.</summary>
    public int TaskOf(int instance) => instance < Graph.Count ? instance : BlockOf(instance).Task;

    /// <summary>-1 for a task that is not mapped, and for one that is until it is expanded.</summary>
    public int MapIndexOf(int instance) => instance < Graph.Count ? -1 : instance - BlockOf(instance).First;

    public TaskSpec SpecOf(int instance) => Graph.Spec.Tasks[TaskOf(instance)];

    /// <summary>As people know it: <c>task</c>, or <c>task[3]</c> for an instance of a mapped task.</summary>
    public TaskId NameOf(int instance) => instance < Graph.Count ? Graph.Spec.Tasks[instance].Id : NameOf(SpecOf(instance).Id, MapIndexOf(instance));

    /// <inheritdoc cref="NameOf(int)"/>
    public static TaskId NameOf(TaskId task, int mapIndex) =>
        mapIndex < 0 ? task : new(string.Create(CultureInfo.InvariantCulture, $"{task.Value}[{mapIndex}]"));

    /// <summary>The map index in an instance's name; -1 when it names no instance of that task.</summary>
    public static int MapIndexIn(string name, string task) =>
        name.Length > task.Length + 2 && name[task.Length] == '[' && name[^1] == ']' && name.StartsWith(task, StringComparison.Ordinal)
        && int.TryParse(name.AsSpan(task.Length + 1, name.Length - task.Length - 2), NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            ? index
            : -1;

    /// <summary>The map index in an instance's name, of whatever task; -1 when it is none of a mapped task: an id has no bracket.</summary>
    public static int MapIndexIn(string name) => name.IndexOf('[', StringComparison.Ordinal) is > 0 and var bracket ? MapIndexIn(name, name[..bracket]) : -1;

    /// <summary>True for the number of a mapped task that has been expanded, and for instances that are to be expanded anew: nothing has that number any more.</summary>
    public bool IsGone(int instance) => instance < Graph.Count
        ? _blocks[instance] is not null
        : _former.Count > 0 && BlockOf(instance) is var block && !ReferenceEquals(block, _blocks[block.Task]);

    /// <summary>Numbers of a task's instances: one after the other from <c>First</c>.</summary>
    public (int First, int Length) InstancesOf(int task) => _blocks[task] is { } block ? (block.First, block.Length) : (task, 1);

    /// <summary>Instances of a task that are in no finished state.</summary>
    public int OpenOf(int task) => _open[task];

    /// <summary>Instances of a task about which nothing has been decided yet.</summary>
    public int UnsettledOf(int task) => _unsettled[task];

    /// <summary>How many upstream instances an instance has.</summary>
    public int ExpectedOf(int instance) => _expected[CountedAt(instance)];

    public ref readonly UpstreamCounts UpstreamsOf(int instance) => ref _upstreams[CountedAt(instance)];

    /// <summary>Whether a branch or short circuit before it decided that the instance is not to run.</summary>
    public bool IsBarred(int instance) => _barred.ContainsKey(instance);

    /// <summary>Whether an instance was let in when its task was expanded: nothing is left to wait for.</summary>
    public bool IsAdmitted(int instance) => instance >= Graph.Count && !BlockOf(instance).IsGroup;

    /// <summary>Length of an upstream's output; null when it has none (yet).</summary>
    public int? LengthOf(int task, string key)
    {
        if (Graph.MappedKeys(task) is not { } keys || !_lengths.TryGetValue(task, out var lengths) || OpenOf(task) > 0)
        {
            return null;
        }

        for (var i = 0; i < keys.Count; i++)
        {
            if (keys[i] == key)
            {
                return lengths[i] < 0 ? null : lengths[i];
            }
        }

        return null;
    }

    /// <summary>The instance of a downstream task that follows an instance; -1 when that is gone.</summary>
    public int Following(int instance, int downstream)
    {
        if (_blocks[downstream] is not { } block)
        {
            return downstream;
        }

        return instance >= Graph.Count && block.IsGroup && ReferenceEquals(Graph.ScopeOf(downstream), Graph.ScopeOf(TaskOf(instance))) && MapIndexOf(instance) < block.Length
            ? block.First + MapIndexOf(instance)
            : -1;
    }

    /// <summary>Where the upstreams of an instance are counted: instances that look at all count together, at the number of their task.</summary>
    private int CountedAt(int instance) =>
        instance >= Graph.Count && BlockOf(instance) is { IsGroup: true } block && Graph.LooksAtAll(block.Task) ? block.Task : instance;

    private Block BlockOf(int instance)
    {
        var (low, high) = (0, _numbers.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            (low, high) = _numbers[middle].First <= instance ? (middle, high) : (low, middle - 1);
        }

        return _numbers[low].Block;
    }

    private void Expand(TasksExpanded e)
    {
        _expansions.Add(e);
        var count = Instances + (e.Tasks.Length * e.Length);
        Array.Resize(ref _states, count);
        Array.Resize(ref _tokens, count);
        Array.Resize(ref _tries, count);
        Array.Resize(ref _workers, count);
        Array.Resize(ref _upstreams, count);
        Array.Resize(ref _expected, count);
        Array.Fill(_tokens, TokenBase, e.First, count - e.First);
        var inGroup = Graph.ScopeOf(e.Tasks[0])!.IsGroup;
        for (var i = 0; i < e.Tasks.Length; i++)
        {
            var (task, first) = (e.Tasks[i], e.First + (i * e.Length));
            Retire(task);
            Move(task, TaskState.Removed);
            Inherit(task, first, e.Length);
            if (inGroup)
            {
                Array.Fill(_upstreams, _upstreams[task], first, e.Length);
                Array.Fill(_expected, _expected[task], first, e.Length);
            }

            var block = new Block(task, first, e.Length, inGroup);
            _numbers.Add((first, block));
            _blocks[task] = block;
            _open[task] = _unsettled[task] = e.Length;
            Unfinished += e.Length - 1;
        }

        // Those outside that wait for a task wait for all its instances, and so do those inside that look at all.
        foreach (var task in e.Tasks)
        {
            foreach (var downstream in Graph.Downstream(task))
            {
                if (!inGroup || Graph.LooksAtAll(downstream) || Array.IndexOf(e.Tasks, downstream) < 0)
                {
                    _expected[downstream] += e.Length - 1;
                    if (Late(task, downstream) is var (first, length))
                    {
                        // Only after a change of version: a group that was expanded does not wait for what has come before it since.
                        for (var late = first; late < first + length; late++)
                        {
                            _expected[late] += e.Length - 1;
                        }
                    }
                }
            }
        }

        if (inGroup && e.Tasks.Length < Graph.ScopeOf(e.Tasks[0])!.Tasks.Count)
        {
            // The rest of the group has ended, or was expanded before: what was counted for the whole of it is now counted by index.
            CountExpected();
            Recount();
        }
        else if (_former.Count > 0)
        {
            CountExpected();
        }
    }

    /// <summary>What the states say of counts: after a snapshot, where each instance looked at every other one would take too long.</summary>
    private void Recount()
    {
        (Unfinished, Moving) = (0, 0);
        var totals = new UpstreamCounts[Graph.Count];
        Array.Clear(_open);
        Array.Clear(_unsettled);
        for (var instance = 0; instance < Instances; instance++)
        {
            if (IsGone(instance))
            {
                continue;
            }

            var (task, state) = (TaskOf(instance), _states[instance]);
            Moving += IsMoving(state) ? 1 : 0;
            _unsettled[task] += state == TaskState.None ? 1 : 0;
            if (state.IsFinished())
            {
                totals[task].Add(state, Graph.Spec.Tasks[task].Kind == TaskKind.Setup);
            }
            else
            {
                Unfinished++;
                _open[task]++;
            }
        }

        for (var instance = 0; instance < Instances; instance++)
        {
            if (IsAdmitted(instance) || CountedAt(instance) != instance || (IsGone(instance) && !(instance < Graph.Count && Graph.LooksAtAll(instance))))
            {
                continue;
            }

            var counts = default(UpstreamCounts);
            var scope = instance < Graph.Count ? null : Graph.ScopeOf(TaskOf(instance));
            foreach (var upstream in SpecOf(instance).Upstream)
            {
                if (scope is null || _blocks[upstream] is not { } block || !ReferenceEquals(Graph.ScopeOf(upstream), scope))
                {
                    counts.Add(totals[upstream]);
                }
                else if (MapIndexOf(instance) is var index && index < block.Length && _states[block.First + index] is var state && state.IsFinished())
                {
                    counts.Add(state, Graph.Spec.Tasks[upstream].Kind == TaskKind.Setup);
                }
            }

            _upstreams[instance] = counts;
        }
    }

    private void Choose(int instance, int[]? skips)
    {
        if (_choices.Remove(instance, out var before))
        {
            foreach (var target in before)
            {
                if (--_barred[target] == 0)
                {
                    _barred.Remove(target);
                }
            }
        }

        if (skips is null)
        {
            return;
        }

        _choices.Add(instance, skips);
        foreach (var target in skips)
        {
            _barred[target] = _barred.GetValueOrDefault(target) + 1;
        }
    }

    /// <summary>The list of a mapped task is made of what its instances pushed: each adds one.</summary>
    private void AddLengths(int instance, int[] lengths)
    {
        var task = TaskOf(instance);
        if (instance < Graph.Count || !_lengths.TryGetValue(task, out var before))
        {
            _lengths[task] = lengths;
            return;
        }

        _lengths[task] = [.. before.Zip(lengths, (a, b) => a + b)];
    }

    private sealed record Block(int Task, int First, int Length, bool IsGroup);
}
