using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Core.DagRuns;

/// <content>What people change by hand, and lives that a run had before.</content>
public sealed partial class DagRunState
{
    private readonly Dictionary<int, int> _spent = [];
    private readonly Dictionary<int, ByHand> _restarting = [];
    private readonly Dictionary<int, Block> _former = [];

    /// <summary>Tries since the instance was last cleared: each life has all its retries.</summary>
    public int TriesSinceCleared(int instance) => _tries[instance] - _spent.GetValueOrDefault(instance);

    /// <summary>Whether its attempt is being stopped because the instance was cleared.</summary>
    public bool IsRestarting(int instance) => _restarting.ContainsKey(instance);

    /// <summary>Who cleared an instance whose attempt is being stopped.</summary>
    public ByHand? RestartedBy(int instance) => _restarting.GetValueOrDefault(instance);

    /// <summary>Numbers of a task's instances before it was cleared to be expanded anew.</summary>
    public (int First, int Length) FormerInstancesOf(int task) => _former.TryGetValue(task, out var former) ? (former.First, former.Length) : (task, 0);

    /// <summary>Whether anything of it was ever begun or changed.</summary>
    public bool HasEarlierLife => TokenBase > 0 || Array.Exists(_tokens, token => token > 0);

    /// <summary>Which branches and short circuits decided that an instance is not to run.</summary>
    public IReadOnlyList<int> BarredBy(int instance) => [.. _choices.Where(choice => Array.IndexOf(choice.Value, instance) >= 0).Select(choice => choice.Key).Order()];

    /// <summary>What the states of its instances do not tell of a run; null for most runs.</summary>
    public DagRunMemory? Memory() => _expansions.Count == 0 && _choices.Count == 0 && _lengths.Count == 0 && _pastMet.Count == 0
        ? null
        : new()
        {
            Expanded = _expansions.Count == 0 ? null : [.. _expansions],
            Skips = _choices.Count == 0 ? null : new(_choices),
            Lengths = _lengths.Count == 0 ? null : new(_lengths),
            PastMet = _pastMet.Count == 0 ? null : [.. _pastMet.Order()],
            Unmapped = RetiredTasks(),
        };

    /// <summary>A run that is no longer, or not yet, in memory: from what people see of it.</summary>
    /// <param name="graph">Of the version that it is pinned to.</param>
    /// <param name="facts">The run.</param>
    /// <param name="phase">Its state.</param>
    /// <param name="memory">What it remembered at its end.</param>
    /// <param name="instances">Latest state of each instance, by name. Missing ones have not begun.</param>
    /// <param name="startedAt">When it left the queue, UTC.</param>
    /// <param name="endedAt">When it ended, UTC.</param>
    /// <param name="reason">Why it ended as it did.</param>
    /// <param name="deadlines">Its deadlines; null for none.</param>
    public static DagRunState Revive(
        DagGraph graph, RunFacts facts, RunState phase, DagRunMemory? memory, IReadOnlyDictionary<TaskId, EarlierInstance> instances,
        DateTimeOffset? startedAt = null, DateTimeOffset? endedAt = null, string? reason = null, IReadOnlyList<RunDeadline>? deadlines = null)
    {
        var tokenBase = instances.Count == 0 ? 0 : instances.Values.Max(instance => instance.Token);
        var run = new DagRunState(graph, new RunCreated(facts, tokenBase, Deadlines: deadlines)) { Phase = phase, StartedAt = startedAt, EndedAt = endedAt, Reason = reason };
        run.Remember(memory ?? new());
        for (var instance = 0; instance < run.Instances; instance++)
        {
            if (!instances.TryGetValue(run.NameOf(instance), out var earlier))
            {
                continue;
            }

            (run._tokens[instance], run._tries[instance]) = (earlier.Token, earlier.Tries);
            if (!run.IsGone(instance))
            {
                // Nothing is on its way in a run that is not there: what is not finished has yet to begin.
                run._states[instance] = earlier.State.IsFinished() ? earlier.State : TaskState.None;
                if (run._states[instance] == TaskState.None && earlier.Tries > 0)
                {
                    run._spent[instance] = earlier.Tries;
                }
            }
        }

        run.Recount();
        return run;
    }

    /// <summary>Instances of a mapped group that were there before what they wait for: that is outside and was cleared without them, or it is a task of the
    /// group that ended unexpanded. Null when it is not so.</summary>
    public (int First, int Length)? Late(int ended, int downstream) =>
        _blocks[downstream] is { IsGroup: true } block && (ended < Graph.Count || !ReferenceEquals(Graph.ScopeOf(downstream), Graph.ScopeOf(TaskOf(ended))))
            ? (block.First, block.Length)
            : null;

    private void Remember(DagRunMemory memory)
    {
        foreach (var expanded in memory.Expanded ?? [])
        {
            Expand(expanded);
        }

        foreach (var task in memory.Unmapped ?? [])
        {
            Retire(task);
        }

        foreach (var (instance, skips) in memory.Skips ?? [])
        {
            Choose(instance, skips);
        }

        foreach (var (task, lengths) in memory.Lengths ?? [])
        {
            _lengths[task] = lengths;
        }

        _pastMet.UnionWith(memory.PastMet ?? []);
    }

    private void Evolve(TasksCleared e)
    {
        foreach (var task in e.Unmapped ?? [])
        {
            var (first, length) = InstancesOf(task);
            for (var instance = first; instance < first + length; instance++)
            {
                Forget(instance, isOver: true);
                Release(instance);
            }

            _lengths.Remove(task);
            Retire(task);
        }

        foreach (var instance in e.Tasks)
        {
            MoveBy(TaskTransitionCause.Clear, instance, TaskState.None);
            Forget(instance, isOver: true);
            _lengths.Remove(TaskOf(instance));
        }

        foreach (var instance in e.Stopping ?? [])
        {
            _restarting[instance] = e.By;
        }

        if (Phase is RunState.Success or RunState.Failed)
        {
            MoveTo(RunState.Queued);
            (StartedAt, EndedAt, Reason) = (null, null, null);
        }

        Recount();
    }

    private void Evolve(TasksMarked e)
    {
        foreach (var instance in e.Tasks)
        {
            MoveBy(TaskTransitionCause.Mark, instance, e.State);
            Forget(instance, isOver: false);
            Release(instance);
        }

        Recount();
    }

    /// <summary>The attempt of a cleared instance has ended, however it did.</summary>
    private void Restart(int instance)
    {
        var state = _states[instance];
        MoveBy(TaskTransitionCause.Clear, instance, TaskState.None);
        Moving += (IsMoving(TaskState.None) ? 1 : 0) - (IsMoving(state) ? 1 : 0);
        _unsettled[TaskOf(instance)]++;
        Forget(instance, isOver: true);
    }

    private void MoveBy(TaskTransitionCause cause, int instance, TaskState to)
    {
        if (!TaskTransitions.IsAllowed(_states[instance], to, cause))
        {
            throw new InvalidOperationException($"Task {NameOf(instance)} cannot be taken from {_states[instance].Name()} to {to.Name()}.");
        }

        _states[instance] = to;
    }

    /// <summary>What came of an instance so far no longer holds. Its next token belongs to no attempt: it names the change in what people see.</summary>
    /// <param name="instance">The instance.</param>
    /// <param name="isOver">Its tries so far are no longer counted, either.</param>
    private void Forget(int instance, bool isOver)
    {
        _tokens[instance] = NextToken(instance);
        Due.Remove(instance);
        _asked.Remove(instance);
        _firstPokes.Remove(instance);
        _losses.Remove(instance);
        _reschedules.Remove(instance);
        _resuming.Remove(instance);
        _restarting.Remove(instance);
        _remoteJobs.Remove(instance);
        Choose(instance, null);
        if (isOver)
        {
            if (_tries[instance] > 0)
            {
                _spent[instance] = _tries[instance];
            }

            _pastMet.Remove(TaskOf(instance));
        }
    }

    /// <summary>The instances of a mapped task are gone, and it waits to be expanded again.</summary>
    private void Retire(int task)
    {
        if (_blocks[task] is not { } block)
        {
            return;
        }

        for (var instance = block.First; instance < block.First + block.Length; instance++)
        {
            MoveBy(TaskTransitionCause.Unmap, instance, TaskState.Removed);
        }

        _former[task] = block;
        _blocks[task] = null;
        MoveBy(TaskTransitionCause.Unmap, task, TaskState.None);
        CountExpected();
    }

    /// <summary>Instances that are made anew go on counting where those of the same name stopped, however many were made in between.</summary>
    private void Inherit(int task, int first, int length)
    {
        var known = 0;
        for (var i = _numbers.Count - 1; i >= 0 && known < length; i--)
        {
            var former = _numbers[i].Block;
            if (former.Task != task)
            {
                continue;
            }

            for (; known < Math.Min(length, former.Length); known++)
            {
                _tokens[first + known] = _tokens[former.First + known];
                _tries[first + known] = _spent[first + known] = _tries[former.First + known];
            }
        }
    }

    private void CountExpected()
    {
        for (var instance = 0; instance < Instances; instance++)
        {
            var count = 0;
            var scope = instance < Graph.Count ? null : Graph.ScopeOf(TaskOf(instance));
            foreach (var upstream in SpecOf(instance).Upstream)
            {
                count += scope is not { IsGroup: true } || !ReferenceEquals(Graph.ScopeOf(upstream), scope) ? InstancesOf(upstream).Length
                    : _blocks[upstream] is { } block && MapIndexOf(instance) >= block.Length ? 0 // it has no counterpart
                    : 1;
            }

            _expected[instance] = count;
        }
    }

    private int[]? RetiredTasks()
    {
        var retired = _former.Keys.Where(task => _blocks[task] is null).Order().ToArray();
        return retired.Length == 0 ? null : retired;
    }
}

/// <summary>What a run remembers beside the states of its instances; kept with it when it is over, for the day that it is cleared.</summary>
public sealed record DagRunMemory
{
    /// <summary>What was expanded, in order.</summary>
    public TasksExpanded[]? Expanded { get; init; }

    /// <summary>What branches and the like decided, by instance.</summary>
    public Dictionary<int, int[]>? Skips { get; init; }

    /// <summary>Lengths of outputs that others are mapped over, by task.</summary>
    public Dictionary<int, int[]>? Lengths { get; init; }

    /// <summary>Tasks whose past is met.</summary>
    public int[]? PastMet { get; init; }

    /// <summary>Tasks whose instances are gone, and which have not been expanded again.</summary>
    public int[]? Unmapped { get; init; }
}

/// <summary>The latest that is known of an instance of a run that is not in memory.</summary>
public readonly record struct EarlierInstance(int Token, int Tries, TaskState State);
