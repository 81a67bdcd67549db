using System.Diagnostics.CodeAnalysis;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Core.DagRuns;

/// <summary>State of one run: a few arrays, indexed by the number of an instance, changed in place by its one owner.</summary>
/// <remarks>
/// In place, because a copy per event would make a completion cost the size of the Dag. <see cref="DagRunDecider"/> is still a function of
/// (state, command): the same events over an empty state give the same state, which a property test holds it to.
/// The first numbers are those of the tasks. A mapped task's own number stands for it until it is expanded; its instances are then
/// numbered on from the last.
/// </remarks>
public sealed partial class DagRunState
{
    private readonly Dictionary<int, DateTimeOffset> _dispatchedAt = [];
    private readonly Dictionary<int, DateTimeOffset> _firstPokes = [];
    private readonly Dictionary<int, int> _losses = [];
    private readonly Dictionary<int, int> _reschedules = [];
    private readonly Dictionary<int, TaskAsked> _asked = [];
    private readonly HashSet<int> _resuming = [];
    private readonly HashSet<int> _pastMet = [];
    private TaskState[] _states;
    private int[] _tokens;
    private int[] _tries;
    private string?[] _workers;

    public DagRunState(DagGraph graph, RunCreated created)
    {
        Begin(graph, created.Facts, created.TokenBase);
        Deadlines = created.Deadlines ?? [];
        if (created.Earlier is { } earlier)
        {
            Restore(earlier);
        }
    }

    public DagRunState(DagGraph graph, DagRunSnapshot snapshot)
        : this(graph, new RunCreated(snapshot.Facts, snapshot.TokenBase, snapshot))
    {
    }

    public DagGraph Graph { get; private set; }

    public RunFacts Facts { get; private set; }

    /// <summary>Tokens of this life of the run are above it.</summary>
    public int TokenBase { get; private set; }

    public RunState Phase { get; private set; }

    public DateTimeOffset? StartedAt { get; private set; }

    public DateTimeOffset? EndedAt { get; private set; }

    public string? Reason { get; private set; }

    /// <summary>By when it should be over, in order of definition, and what came of that.</summary>
    public IReadOnlyList<RunDeadline> Deadlines { get; private set; } = [];

    /// <summary>The earliest deadline that is neither met nor missed; null when there is none.</summary>
    public DateTimeOffset? NextDeadline => DagRuns.Deadlines.Next(Deadlines);

    /// <summary>Instances that are in no finished state.</summary>
    public int Unfinished { get; private set; }

    /// <summary>Unfinished ones that are on their way: scheduled, with a worker, or waiting for a moment.</summary>
    public int Moving { get; private set; }

    /// <summary>Instances that wait for a moment, with the moment.</summary>
    public DueTasks Due { get; private set; }

    public TaskState StateOf(int instance) => _states[instance];

    /// <summary>Token of the latest attempt.</summary>
    public int TokenOf(int instance) => _tokens[instance];

    /// <summary>Tries begun that count against the retries.</summary>
    public int TriesOf(int instance) => _tries[instance];

    /// <summary>Who runs the current attempt; null when there is none.</summary>
    public string? WorkerOf(int instance) => _workers[instance];

    /// <summary>When the current attempt was dispatched; null when there is none.</summary>
    public DateTimeOffset? DispatchedAt(int instance) => _dispatchedAt.TryGetValue(instance, out var at) ? at : null;

    /// <summary>When a sensor's first poke began; null before it.</summary>
    public DateTimeOffset? FirstPokeOf(int instance) => _firstPokes.TryGetValue(instance, out var at) ? at : null;

    /// <summary>What an instance waits to be answered; null when it does not.</summary>
    public TaskAsked? QuestionOf(int instance) => _asked.GetValueOrDefault(instance);

    /// <summary>What waits to be answered, in the order of instances.</summary>
    public IEnumerable<TaskAsked> Questions => _asked.Values.OrderBy(asked => asked.Task);

    /// <summary>Whether its next attempt goes on in the try that it was in: it was rescheduled, lost or never begun.</summary>
    public bool IsResuming(int instance) => _resuming.Contains(instance);

    /// <summary>Attempts of the instance that were lost by our fault.</summary>
    public int LossesOf(int instance) => _losses.GetValueOrDefault(instance);

    /// <summary>How often the instance gave its slot back until its next poke, in its present try.</summary>
    public int ReschedulesOf(int instance) => _reschedules.GetValueOrDefault(instance);

    /// <summary>Whether a task still waits for the previous run.</summary>
    public bool AwaitsPast(int task) =>
        Graph.Spec.Tasks[task] is { DependsOnPast: true } or { WaitForDownstream: true } && !_pastMet.Contains(task);

    /// <summary>Attempts that some worker has, as it was told.</summary>
    public IEnumerable<AttemptId> ActiveAttempts()
    {
        for (var instance = 0; instance < Instances; instance++)
        {
            if (_workers[instance] is not null)
            {
                yield return AttemptOf(instance);
            }
        }
    }

    /// <summary>Everything that the events so far have made of the run.</summary>
    public DagRunSnapshot Snapshot()
    {
        var waits = new List<TaskWait>();
        for (var instance = 0; instance < Instances; instance++)
        {
            var wait = new TaskWait(
                instance, _workers[instance], Due.Of(instance), FirstPokeOf(instance), LossesOf(instance), _resuming.Contains(instance), DispatchedAt(instance),
                _spent.GetValueOrDefault(instance), RestartedBy(instance), ReschedulesOf(instance), RemoteJobOf(instance));
            if (wait != new TaskWait(instance))
            {
                waits.Add(wait);
            }
        }

        var memory = Memory();
        return new(Facts, Phase, StartedAt, Array.ConvertAll(_states, state => (byte)state), [.. _tokens], [.. _tries], [.. waits])
        {
            TokenBase = TokenBase,
            Expanded = memory?.Expanded,
            Skips = memory?.Skips,
            Lengths = memory?.Lengths,
            PastMet = memory?.PastMet,
            Unmapped = memory?.Unmapped,
            Asked = _asked.Count == 0 ? null : [.. Questions],
            Inherited = _inherited.Count == 0 ? null : [.. _inherited.Values.OrderBy(inherited => inherited.Instance)],
            Deadlines = Deadlines.Count == 0 ? null : Deadlines,
        };
    }

    /// <summary>Folds one event into the state. Every event type has a case.</summary>
    /// <exception cref="InvalidOperationException">The event takes the run, or an instance, where no way leads (<see cref="RunTransitions"/>, <see cref="TaskTransitions"/>).</exception>
    public void Evolve(DagRunEvent happened)
    {
        switch (happened)
        {
            case RunStarted e:
                MoveTo(RunState.Running);
                StartedAt = e.At;
                break;
            case TasksScheduled e:
                foreach (var instance in e.Tasks)
                {
                    Move(instance, TaskState.Scheduled);
                    Due.Remove(instance);
                }

                break;
            case TasksDispatched e:
                foreach (var instance in e.Tasks)
                {
                    Move(instance, SpecOf(instance).Sensor is { Mode: SensorMode.Async } ? TaskState.Deferred : TaskState.Running);
                    _tokens[instance] = NextToken(instance);
                    _workers[instance] = e.Worker;
                    _dispatchedAt[instance] = e.At;
                    if (!_resuming.Remove(instance))
                    {
                        _tries[instance]++;
                        _reschedules.Remove(instance);
                    }
                }

                break;
            case TaskEnded e:
                Evolve(e);
                break;
            case TaskAsked e:
                Evolve(e);
                break;
            case TaskAnswered:
                break; // what it makes of the task comes next
            case TasksResolved e:
                foreach (var instance in e.Tasks)
                {
                    if (_states[instance].IsFinished())
                    {
                        continue;
                    }

                    Release(instance);
                    Due.Remove(instance);
                    _restarting.Remove(instance);
                    Finish(instance, e.State);
                }

                break;
            case TasksExpanded e:
                Expand(e);
                break;
            case TasksCleared e:
                Evolve(e);
                break;
            case TasksMarked e:
                Evolve(e);
                break;
            case PastMet e:
                _pastMet.UnionWith(e.Tasks);
                break;
            case RunUpgraded e:
                Evolve(e);
                break;
            case RemoteJobKept e:
                Evolve(e);
                break;
            case CallbackDue or RemoteStopDue:
                break;
            case DeadlineMissed e:
                Deadlines = [.. Deadlines.Select(deadline => deadline.Name == e.Name ? deadline with { MissedAt = e.At } : deadline)];
                break;
            case DeadlinesReopened e:
                Deadlines = DagRuns.Deadlines.Reopen(Deadlines, e.At);
                break;
            case RunEnded e:
                MoveTo(e.State);
                (EndedAt, Reason) = (e.At, e.Reason);
                Deadlines = [.. Deadlines.Select(deadline => deadline.IsOpen ? deadline with { MetAt = e.At } : deadline)];
                break;
            default:
                throw new ArgumentException($"No fold for {happened.GetType().Name}.", nameof(happened));
        }
    }

    /// <summary>A run in which nothing has happened yet.</summary>
    [MemberNotNull(nameof(Graph), nameof(Facts), nameof(Due), nameof(_states), nameof(_tokens), nameof(_tries), nameof(_workers), nameof(_upstreams), nameof(_expected), nameof(_open), nameof(_unsettled), nameof(_blocks))]
    private void Begin(DagGraph graph, RunFacts facts, int tokenBase)
    {
        (Graph, Facts, TokenBase, Due) = (graph, facts, tokenBase, new());
        _states = new TaskState[graph.Count];
        _tokens = new int[graph.Count];
        _tries = new int[graph.Count];
        _workers = new string?[graph.Count];
        _upstreams = new UpstreamCounts[graph.Count];
        _expected = new int[graph.Count];
        _open = new int[graph.Count];
        _unsettled = new int[graph.Count];
        _blocks = new Block?[graph.Count];
        Array.Fill(_tokens, tokenBase);
        Array.Fill(_open, 1);
        Array.Fill(_unsettled, 1);
        for (var task = 0; task < graph.Count; task++)
        {
            _expected[task] = graph.Spec.Tasks[task].Upstream.Count;
        }

        (Unfinished, Moving) = (graph.Count, 0);
    }

    /// <summary>No worker has it any more.</summary>
    private void Release(int instance)
    {
        _workers[instance] = null;
        _dispatchedAt.Remove(instance);
        Disinherit(instance);
    }

    /// <summary>Above those of its earlier attempts, and of everyone's before the run's version changed: then no two attempts have one id.</summary>
    private int NextToken(int instance) => Math.Max(_tokens[instance], TokenBase) + 1;

    private void Evolve(TaskEnded e)
    {
        LeaveRemoteJob(e);
        Release(e.Task);
        if (e.State == TaskState.None)
        {
            Restart(e.Task);
            return;
        }

        if (e.Lost)
        {
            _losses[e.Task] = LossesOf(e.Task) + 1;
        }

        // A sensor that was rescheduled, and an attempt lost by our fault, go on in the try that they were in.
        if (e.Lost || e.HandedBack || e.State == TaskState.UpForReschedule)
        {
            _resuming.Add(e.Task);
        }

        if (e.State == TaskState.UpForReschedule)
        {
            _reschedules[e.Task] = ReschedulesOf(e.Task) + 1;
        }

        if (e.FirstPoke is { } firstPoke)
        {
            _firstPokes[e.Task] = firstPoke;
        }

        if (e.Lengths is { } lengths)
        {
            AddLengths(e.Task, lengths);
        }

        if (e.State.IsFinished())
        {
            Due.Remove(e.Task);
            Choose(e.Task, e.Skips);
            Finish(e.Task, e.State);
        }
        else
        {
            Move(e.Task, e.State);
            Due.Set(e.Task, e.Due ?? e.At);
        }
    }

    private void Evolve(TaskAsked e)
    {
        Release(e.Task);
        _remoteJobs.Remove(e.Task);
        Move(e.Task, TaskState.AwaitingInput);
        _asked[e.Task] = e;
        if (e.Due is { } due)
        {
            Due.Set(e.Task, due);
        }
    }

    private void Restore(DagRunSnapshot snapshot)
    {
        Deadlines = snapshot.Deadlines ?? [];
        (Phase, StartedAt) = (snapshot.Phase, snapshot.StartedAt);
        Remember(new()
        {
            Expanded = snapshot.Expanded,
            Skips = snapshot.Skips,
            Lengths = snapshot.Lengths,
            PastMet = snapshot.PastMet,
            Unmapped = snapshot.Unmapped,
        });
        _tokens = [.. snapshot.Tokens];
        _tries = [.. snapshot.Tries];
        for (var instance = 0; instance < Instances; instance++)
        {
            _states[instance] = (TaskState)snapshot.States[instance];
        }

        Recount();
        foreach (var asked in snapshot.Asked ?? [])
        {
            _asked[asked.Task] = asked;
        }

        foreach (var wait in snapshot.Waits)
        {
            Restore(wait);
        }

        foreach (var inherited in snapshot.Inherited ?? [])
        {
            Inherit(inherited);
        }
    }

    private void Restore(TaskWait wait)
    {
        _workers[wait.Task] = wait.Worker;
        if (wait.Due is { } due)
        {
            Due.Set(wait.Task, due);
        }

        if (wait.DispatchedAt is { } dispatchedAt)
        {
            _dispatchedAt[wait.Task] = dispatchedAt;
        }

        if (wait.FirstPoke is { } firstPoke)
        {
            _firstPokes[wait.Task] = firstPoke;
        }

        if (wait.Losses > 0)
        {
            _losses[wait.Task] = wait.Losses;
        }

        if (wait.Reschedules > 0)
        {
            _reschedules[wait.Task] = wait.Reschedules;
        }

        if (wait.Spent > 0)
        {
            _spent[wait.Task] = wait.Spent;
        }

        if (wait.Restarting is { } by)
        {
            _restarting[wait.Task] = by;
        }

        if (wait.RemoteJob is { } kept)
        {
            _remoteJobs[wait.Task] = kept;
        }

        if (wait.Resuming)
        {
            _resuming.Add(wait.Task);
        }
    }

    private void Finish(int instance, TaskState state)
    {
        Move(instance, state);
        _remoteJobs.Remove(instance);
        Unfinished--;
        var task = TaskOf(instance);
        _open[task]--;
        var isSetup = Graph.Spec.Tasks[task].Kind == TaskKind.Setup;
        foreach (var downstream in Graph.Downstream(task))
        {
            var target = Graph.LooksAtAll(downstream) ? downstream : Following(instance, downstream);
            if (target >= 0)
            {
                _upstreams[target].Add(state, isSetup);
            }
            else if (Late(instance, downstream) is var (first, length))
            {
                for (var late = first; late < first + length; late++)
                {
                    _upstreams[late].Add(state, isSetup);
                }
            }
        }
    }

    private void MoveTo(RunState to)
    {
        if (!RunTransitions.IsAllowed(Phase, to))
        {
            throw new InvalidOperationException($"Run {Facts.Id} cannot go from {Phase} to {to}.");
        }

        Phase = to;
    }

    private void Move(int instance, TaskState to)
    {
        var from = _states[instance];
        if (!TaskTransitions.IsAllowed(from, to))
        {
            throw new InvalidOperationException($"Task {NameOf(instance)} cannot go from {from.Name()} to {to.Name()}.");
        }

        _states[instance] = to;
        _unsettled[TaskOf(instance)] -= from == TaskState.None ? 1 : 0;
        _asked.Remove(instance);
        Moving += (IsMoving(to) ? 1 : 0) - (IsMoving(from) ? 1 : 0);
    }

    private static bool IsMoving(TaskState state) => state != TaskState.None && !state.IsFinished();
}
