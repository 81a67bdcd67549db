namespace Sluice.Actors;

/// <summary>
/// Runs whole systems of actors on the calling thread, in an order drawn from a seed, on virtual time. The same seed and the same program
/// give the same order.
/// </summary>
/// <remarks>
/// Only code that leaves this thread breaks the promise: <c>Task.Run</c>, <c>ConfigureAwait(false)</c> on something that has not ended, real I/O
/// that is awaited, the real clock. See docs/concepts/actors.md.
/// </remarks>
public sealed class SimulationDispatcher : IDispatcher
{
    private const int MostSteps = 50_000_000;

    private readonly Lock _gate = new();
    private readonly Random _random;
    private readonly List<SimulationStep> _ready = [];
    private readonly PriorityQueue<(SimulationTimer Timer, int Version), (DateTimeOffset Due, int Tie, long Sequence)> _timers = new();
    private readonly SimulationNode _main;
    private long _sequence;
    private ulong _fingerprint = 14695981039346656037;
    private bool _running;

    /// <param name="seed">Chooses the order.</param>
    /// <param name="start">What the clock shows first. Default: 2021-02-05T00:00Z.</param>
    public SimulationDispatcher(int seed, DateTimeOffset? start = null)
    {
        Seed = seed;
        _random = new Random(seed);
        Now = start ?? new DateTimeOffset(2021, 2, 5, 0, 0, 0, TimeSpan.Zero);
        _main = new SimulationNode(this, "main");
    }

    public int Seed { get; }

    /// <summary>Virtual time, UTC.</summary>
    public DateTimeOffset Now { get; private set; }

    /// <summary>The clock of the main node.</summary>
    public SimulationTime Time => _main.Time;

    public int MessagesPerTurn => _main.MessagesPerTurn;

    /// <summary>Steps taken so far.</summary>
    public long Steps { get; private set; }

    /// <summary>A hash over all steps and their times: two runs went the same way when it is equal.</summary>
    public ulong Fingerprint => _fingerprint;

    /// <summary>Is told every step, for traces.</summary>
    public Action<DateTimeOffset, string>? OnStep { get; set; }

    /// <summary>Another node of the same simulation, which can crash alone.</summary>
    public SimulationNode CreateNode(string name) => new(this, name);

    public void Schedule(IThreadPoolWorkItem turn, bool yielding) => _main.Schedule(turn, yielding);

    /// <summary>Takes every step that is possible without moving the clock.</summary>
    public void RunUntilIdle() => Run(Now, static () => false);

    /// <summary>Lets the clock move on by this much, taking all the steps on the way.</summary>
    public void RunFor(TimeSpan duration)
    {
        var until = Now + duration;
        Run(until, static () => false);
        Now = until;
    }

    /// <summary>Runs until the condition holds, which is asked after every step.</summary>
    /// <param name="limit">Of virtual time.</param>
    /// <returns>False when the time is up, or when nothing is left that could happen.</returns>
    public bool RunUntil(Func<bool> condition, TimeSpan limit)
    {
        ArgumentNullException.ThrowIfNull(condition);
        return condition() || Run(Now + limit, condition);
    }

    /// <summary>Runs until the task has ended and gives its result.</summary>
    /// <exception cref="TimeoutException">It did not end within the limit of virtual time.</exception>
    public T Await<T>(Task<T> task, TimeSpan limit)
    {
        ArgumentNullException.ThrowIfNull(task);
        if (!RunUntil(() => task.IsCompleted, limit))
            throw new TimeoutException($"The task did not end within {limit} of virtual time (seed {Seed}).");
        return task.GetAwaiter().GetResult();
    }

    public Task WaitAsync(Task task)
    {
        if (!_running)
            RunUntil(() => task.IsCompleted, TimeSpan.FromDays(1));
        return task;
    }

    /// <summary>A number below <paramref name="bound"/> from the seed, for whatever else chance decides in the same simulation.</summary>
    public int NextRandom(int bound)
    {
        lock (_gate)
            return _random.Next(bound);
    }

    internal void Add(SimulationStep step)
    {
        lock (_gate)
            _ready.Add(step);
    }

    internal void Schedule(SimulationTimer timer, TimeSpan delay)
    {
        lock (_gate)
        {
            var due = delay > TimeSpan.Zero ? Now + delay : Now;
            _timers.Enqueue((timer, timer.Version), (due, _random.Next(), _sequence++));
        }
    }

    private bool Run(DateTimeOffset until, Func<bool> condition)
    {
        if (_running)
            throw new InvalidOperationException("The simulation runs already: an actor cannot run it.");
        _running = true;
        var outside = SynchronizationContext.Current;
        try
        {
            for (var steps = 0; steps < MostSteps; steps++)
            {
                if (TakeReady(out var step))
                {
                    if (!step.Node.IsCrashed)
                        Take(step);
                }
                else if (TakeTimer(until, out var timer))
                {
                    if (!timer.Node.IsCrashed)
                        Fire(timer);
                }
                else
                {
                    return false;
                }

                if (condition())
                    return true;
            }

            throw new InvalidOperationException($"The simulation of seed {Seed} took {MostSteps} steps without coming to rest at {Now:O}.");
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outside);
            _running = false;
        }
    }

    private void Take(SimulationStep step)
    {
        Note(step.Turn?.ToString() ?? "continuation", step.Node);
        SynchronizationContext.SetSynchronizationContext(step.Node);
        step.Run();
    }

    private void Fire(SimulationTimer timer)
    {
        Note("timer", timer.Node);
        SynchronizationContext.SetSynchronizationContext(timer.Node);
        timer.Fire();
    }

    private bool TakeReady(out SimulationStep step)
    {
        lock (_gate)
        {
            if (_ready.Count == 0)
            {
                step = default;
                return false;
            }

            var index = _random.Next(_ready.Count);
            step = _ready[index];
            _ready[index] = _ready[^1];
            _ready.RemoveAt(_ready.Count - 1);
            return true;
        }
    }

    private bool TakeTimer(DateTimeOffset until, out SimulationTimer timer)
    {
        lock (_gate)
        {
            while (_timers.TryPeek(out var entry, out var at))
            {
                if (entry.Version != entry.Timer.Version)
                {
                    _timers.Dequeue();
                    continue;
                }

                if (at.Due > until)
                    break;
                _timers.Dequeue();
                if (at.Due > Now)
                    Now = at.Due;
                timer = entry.Timer;
                return true;
            }

            timer = null!;
            return false;
        }
    }

    private void Note(string what, SimulationNode node)
    {
        Steps++;
        foreach (var letter in node.Name)
            Mix(letter);
        foreach (var letter in what)
            Mix(letter);
        Mix((ulong)Now.UtcTicks);
        OnStep?.Invoke(Now, $"{node.Name}: {what}");
    }

    private void Mix(ulong value) => _fingerprint = (_fingerprint ^ value) * 1099511628211;
}
