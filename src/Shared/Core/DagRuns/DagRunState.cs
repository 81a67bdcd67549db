using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Core.DagRuns;

/// <summary>State of one run: a few arrays, indexed by task, changed in place by its one owner.</summary>
/// <remarks>
/// In place, because a copy per event would make a completion cost the size of the Dag. <see cref="DagRunDecider"/> is still a function of
/// (state, command): the same events over an empty state give the same state, which a property test holds it to.
/// </remarks>
public sealed class DagRunState
{
    private readonly TaskState[] _states;
    private readonly int[] _tokens;
    private readonly int[] _tries;
    private readonly string?[] _workers;
    private readonly UpstreamCounts[] _upstreams;
    private readonly DueTasks _due = new();
    private readonly Dictionary<int, DateTimeOffset> _dispatchedAt = [];
    private readonly Dictionary<int, DateTimeOffset> _firstPokes = [];
    private readonly Dictionary<int, int> _losses = [];
    private readonly HashSet<int> _resuming = [];

    public DagRunState(DagGraph graph, RunCreated created)
    {
        Graph = graph;
        Facts = created.Facts;
        _states = new TaskState[graph.Count];
        _tokens = new int[graph.Count];
        _tries = new int[graph.Count];
        _workers = new string?[graph.Count];
        _upstreams = new UpstreamCounts[graph.Count];
        Array.Fill(_tokens, created.TokenBase);
        Unfinished = graph.Count;
    }

    public DagRunState(DagGraph graph, DagRunSnapshot snapshot)
        : this(graph, new RunCreated(snapshot.Facts, 0))
    {
        (Phase, StartedAt) = (snapshot.Phase, snapshot.StartedAt);
        _tokens = snapshot.Tokens;
        _tries = snapshot.Tries;
        for (var task = 0; task < graph.Count; task++)
        {
            var state = (TaskState)snapshot.States[task];
            if (state.IsFinished())
            {
                Finish(task, state);
            }

            _states[task] = state;
        }

        foreach (var wait in snapshot.Waits)
        {
            Restore(wait);
        }
    }

    public DagGraph Graph { get; }

    public RunFacts Facts { get; }

    public RunState Phase { get; private set; }

    public DateTimeOffset? StartedAt { get; private set; }

    public DateTimeOffset? EndedAt { get; private set; }

    public string? Reason { get; private set; }

    /// <summary>Tasks that are in no finished state.</summary>
    public int Unfinished { get; private set; }

    /// <summary>Tasks that wait for a moment, with the moment.</summary>
    public DueTasks Due => _due;

    public TaskState StateOf(int task) => _states[task];

    /// <summary>Token of the latest attempt.</summary>
    public int TokenOf(int task) => _tokens[task];

    /// <summary>Tries begun that count against the retries.</summary>
    public int TriesOf(int task) => _tries[task];

    /// <summary>Who runs the current attempt; null when there is none.</summary>
    public string? WorkerOf(int task) => _workers[task];

    /// <summary>When the current attempt was dispatched; null when there is none.</summary>
    public DateTimeOffset? DispatchedAt(int task) => _dispatchedAt.TryGetValue(task, out var at) ? at : null;

    /// <summary>When a sensor's first poke began; null before it.</summary>
    public DateTimeOffset? FirstPokeOf(int task) => _firstPokes.TryGetValue(task, out var at) ? at : null;

    /// <summary>Attempts of the task that were lost by our fault.</summary>
    public int LossesOf(int task) => _losses.GetValueOrDefault(task);

    public ref readonly UpstreamCounts UpstreamsOf(int task) => ref _upstreams[task];

    /// <summary>Attempts that some worker has, as it was told.</summary>
    public IEnumerable<AttemptId> ActiveAttempts()
    {
        for (var task = 0; task < _workers.Length; task++)
        {
            if (_workers[task] is not null)
            {
                yield return new(Facts.Key, task, _tokens[task]);
            }
        }
    }

    /// <summary>Everything that the events so far have made of the run.</summary>
    public DagRunSnapshot Snapshot()
    {
        var waits = new List<TaskWait>();
        for (var task = 0; task < _states.Length; task++)
        {
            var wait = new TaskWait(
                task, _workers[task], _due.Of(task), FirstPokeOf(task), LossesOf(task), _resuming.Contains(task), DispatchedAt(task));
            if (wait != new TaskWait(task))
            {
                waits.Add(wait);
            }
        }

        return new(Facts, Phase, StartedAt, Array.ConvertAll(_states, state => (byte)state), [.. _tokens], [.. _tries], [.. waits]);
    }

    /// <summary>Folds one event into the state. Every event type has a case.</summary>
    public void Evolve(DagRunEvent happened)
    {
        switch (happened)
        {
            case RunStarted e:
                (Phase, StartedAt) = (RunState.Running, e.At);
                break;
            case TasksScheduled e:
                foreach (var task in e.Tasks)
                {
                    _states[task] = TaskState.Scheduled;
                    _due.Remove(task);
                }

                break;
            case TasksDispatched e:
                foreach (var task in e.Tasks)
                {
                    _states[task] = Graph.Spec.Tasks[task].Sensor is { Mode: SensorMode.Async } ? TaskState.Deferred : TaskState.Running;
                    _tokens[task]++;
                    _workers[task] = e.Worker;
                    _dispatchedAt[task] = e.At;
                    if (!_resuming.Remove(task))
                    {
                        _tries[task]++;
                    }
                }

                break;
            case TaskEnded e:
                Evolve(e);
                break;
            case TasksResolved e:
                foreach (var task in e.Tasks)
                {
                    _workers[task] = null;
                    _dispatchedAt.Remove(task);
                    _due.Remove(task);
                    Finish(task, e.State);
                }

                break;
            case RunEnded e:
                (Phase, EndedAt, Reason) = (e.State, e.At, e.Reason);
                break;
            default:
                throw new ArgumentException($"No fold for {happened.GetType().Name}.", nameof(happened));
        }
    }

    private void Evolve(TaskEnded e)
    {
        _workers[e.Task] = null;
        _dispatchedAt.Remove(e.Task);
        if (e.Lost)
        {
            _losses[e.Task] = LossesOf(e.Task) + 1;
        }

        // A sensor that was rescheduled, and an attempt lost by our fault, go on in the try that they were in.
        if (e.Lost || e.HandedBack || e.State == TaskState.UpForReschedule)
        {
            _resuming.Add(e.Task);
        }

        if (e.FirstPoke is { } firstPoke)
        {
            _firstPokes[e.Task] = firstPoke;
        }

        if (e.State.IsFinished())
        {
            Finish(e.Task, e.State);
        }
        else
        {
            _states[e.Task] = e.State;
            _due.Set(e.Task, e.Due ?? e.At);
        }
    }

    private void Restore(TaskWait wait)
    {
        _workers[wait.Task] = wait.Worker;
        if (wait.Due is { } due)
        {
            _due.Set(wait.Task, due);
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

        if (wait.Resuming)
        {
            _resuming.Add(wait.Task);
        }
    }

    private void Finish(int task, TaskState state)
    {
        if (_states[task].IsFinished())
        {
            return;
        }

        _states[task] = state;
        Unfinished--;
        foreach (var downstream in Graph.Downstream(task))
        {
            _upstreams[downstream].Add(state);
        }
    }
}
