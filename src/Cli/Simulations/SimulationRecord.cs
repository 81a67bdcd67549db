using Sluice.Actors;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using Sluice.Storage;
using Sluice.Storage.Bundles;
using Sluice.Storage.Journal;
using Sluice.Storage.Leases;
using Sluice.Storage.ReadModel;
using Sluice.Storage.Secrets;
using Sluice.Storage.Sqlite;

namespace Sluice.Cli.Simulations;

/// <summary>One run that a simulation saw.</summary>
internal sealed class SeenRun(DagGraph graph, RunCreated created)
{
    public RunFacts Facts { get; } = created.Facts;

    /// <summary>What the events have made of it: which task an instance belongs to.</summary>
    public DagRunState Folded { get; } = new(graph, created);

    public DateTimeOffset? StartedAt { get; set; }

    public DateTimeOffset? EndedAt { get; set; }

    public RunState State { get; set; }

    public string? Reason { get; set; }

    /// <summary>The longest that one of its tasks, ready to run, waited for a slot.</summary>
    public TimeSpan LongestWait { get; set; }

    public int Attempts { get; set; }

    public int Failures { get; set; }
}

/// <summary>One task over all runs: how long it waited for a slot when it was ready.</summary>
internal sealed class SeenTask(DagId dag, TaskSpec spec)
{
    public DagId Dag { get; } = dag;

    public TaskSpec Spec { get; } = spec;

    public int Waits { get; set; }

    public TimeSpan TotalWait { get; set; }

    public TimeSpan LongestWait { get; set; }

    public DateTimeOffset LongestWaitAt { get; set; }

    /// <summary>Why that one waited, in the scheduler's words; what weighs most comes first.</summary>
    public IReadOnlyList<TaskReason> Why { get; set; } = [];
}

/// <summary>A real store in memory, with an eye on what the scheduler writes. What nobody will read is not kept.</summary>
internal sealed class SimulationRecord(SimulationDispatcher simulation, IReadOnlyDictionary<DagId, DagSpec> dags, IReadOnlyDictionary<string, int> pools) : IStore, IJournalStore
{
    // Shorter waits are those of messages on their way.
    private static readonly TimeSpan Notable = TimeSpan.FromSeconds(1);

    private readonly SqliteStore _inner = SqliteStore.InMemory(simulation.Time);
    private readonly Dictionary<DagId, DagGraph> _graphs = dags.Values.ToDictionary(dag => dag.Id, dag => new DagGraph(dag));
    private readonly Dictionary<(long Run, int Task), DateTimeOffset> _ready = [];
    private readonly HashSet<(long Run, int Task)> _newlyReady = [];
    private readonly Dictionary<(long Run, int Task), IReadOnlyList<TaskReason>> _whys = [];
    private readonly Dictionary<(DagId Dag, int Task), (long Run, int Task)> _asked = []; // one at a time of each task
    private readonly HashSet<AttemptId> _begun = [];
    private long _sequence;

    public Dictionary<long, SeenRun> Runs { get; } = [];

    public Dictionary<(DagId Dag, int Task), SeenTask> Tasks { get; } = [];

    public Dictionary<string, SeenPool> Pools { get; } = pools.ToDictionary(pool => pool.Key, pool => new SeenPool(pool.Value), StringComparer.Ordinal);

    /// <summary>Asks the scheduler why an instance waits.</summary>
    public Func<SeenRun, int, Task<IReadOnlyList<TaskReason>>>? Ask { get; set; }

    /// <summary>Tasks that are ready and wait for a slot now.</summary>
    public int Waiting => _ready.Count;

    public ILeaseStore Leases => _inner.Leases;

    public IJournalStore Journal => this;

    public IReadModel ReadModel => RunsRead;

    public IBundleStore Bundles => _inner.Bundles;

    public ISecretStore Secrets => _inner.Secrets;

    private SimulatedReadModel RunsRead => field ??= new(_inner.ReadModel, Runs);

    public async ValueTask<long> AppendAsync(long epoch, JournalBatch batch, CancellationToken cancellationToken)
    {
        foreach (var entry in batch.Entries)
        {
            if (entry.Stream.StartsWith("r:", StringComparison.Ordinal))
            {
                See(long.Parse(entry.Stream.AsSpan(2), System.Globalization.CultureInfo.InvariantCulture), DagRunJson.DeserializeEvent(entry.Payload.Span));
            }
        }

        foreach (var waiting in _newlyReady)
        {
            LookAfter(waiting, simulation.Now, Notable);
        }

        _newlyReady.Clear();

        // Of what is written the scheduler reads again only its Dags, runs and updates of assets; the journal only after a takeover.
        var kept = new JournalBatch();
        foreach (var change in batch.Changes)
        {
            if (change is DagRunRow run)
            {
                RunsRead.Write(run);
            }
            else if (change is DagVersionRow or AssetEventRow)
            {
                kept.Changes.Add(change);
            }
        }

        if (kept.Changes.Count > 0)
        {
            await _inner.Journal.AppendAsync(epoch, kept, cancellationToken);
        }

        return ++_sequence;
    }

    public IAsyncEnumerable<RecoveredRecord> RecoverAsync(CancellationToken cancellationToken) => _inner.Journal.RecoverAsync(cancellationToken);

    public ValueTask<bool> TruncateAsync(long epoch, long throughSequence, CancellationToken cancellationToken) => ValueTask.FromResult(false);

    public ValueTask MigrateAsync(CancellationToken cancellationToken) => _inner.MigrateAsync(cancellationToken);

    public ValueTask DisposeAsync() => _inner.DisposeAsync();

    /// <summary>An attempt has its slot.</summary>
    public void Began(AttemptId id, DateTimeOffset at)
    {
        if (!Runs.TryGetValue(id.Run, out var run))
        {
            return;
        }

        run.Attempts++;
        _begun.Add(id);
        Use(run, id.Task, 1);
        if (_ready.Remove((id.Run, id.Task), out var ready) && at - ready is var waited && waited >= Notable)
        {
            run.LongestWait = waited > run.LongestWait ? waited : run.LongestWait;
            Waited(run, id.Task, waited, ready);
        }
    }

    /// <summary>An attempt is over, whether it had begun or not.</summary>
    public void Ended(AttemptId id)
    {
        if (_begun.Remove(id))
        {
            Use(Runs[id.Run], id.Task, -1);
        }
    }

    /// <summary>Counts those that still wait, as if their wait ended now.</summary>
    public void CloseAt(DateTimeOffset at)
    {
        foreach (var pool in Pools.Values)
        {
            pool.Use(0, at);
        }

        foreach (var ((key, task), ready) in _ready)
        {
            if (at - ready >= Notable && Runs.TryGetValue(key, out var run))
            {
                run.LongestWait = at - ready > run.LongestWait ? at - ready : run.LongestWait;
                Waited(run, task, at - ready, ready);
            }
        }
    }

    private void Waited(SeenRun run, int instance, TimeSpan waited, DateTimeOffset since)
    {
        var place = (run.Facts.Dag, run.Folded.TaskOf(instance));
        if (!Tasks.TryGetValue(place, out var seen))
        {
            Tasks[place] = seen = new(run.Facts.Dag, run.Folded.SpecOf(instance));
        }

        seen.Waits++;
        seen.TotalWait += waited;
        if (waited > seen.LongestWait)
        {
            (seen.LongestWait, seen.LongestWaitAt) = (waited, since);
            seen.Why = _whys.GetValueOrDefault((run.Facts.Key, instance)) ?? seen.Why;
        }

        _whys.Remove((run.Facts.Key, instance));
    }

    /// <summary>Asks why an instance waits, once it has waited for so long and is about to be the one of its task that waited longest.</summary>
    private void LookAfter((long Run, int Task) waiting, DateTimeOffset since, TimeSpan wait)
    {
        ITimer? timer = null;
        timer = simulation.Time.CreateTimer(
            _ =>
            {
                timer!.Dispose();
                if (IsWaiting(waiting, since) && Runs.TryGetValue(waiting.Run, out var run))
                {
                    Look(run, waiting, since);
                }
            },
            null, wait, Timeout.InfiniteTimeSpan);
    }

    private void Look(SeenRun run, (long Run, int Task) waiting, DateTimeOffset since)
    {
        var waited = simulation.Now - since;
        var place = (run.Facts.Dag, run.Folded.TaskOf(waiting.Task));
        var longest = Tasks.TryGetValue(place, out var seen) ? seen.LongestWait : TimeSpan.Zero;
        if (waited < longest || (_asked.TryGetValue(place, out var other) && _ready.ContainsKey(other)))
        {
            LookAfter(waiting, since, waited < longest ? longest - waited : waited);
            return;
        }

        _asked[place] = waiting;
        _ = NoteWhyAsync(run, waiting, since);
    }

    private async Task NoteWhyAsync(SeenRun run, (long Run, int Task) waiting, DateTimeOffset since)
    {
        var reasons = await Ask!(run, waiting.Task);
        if (IsWaiting(waiting, since))
        {
            _whys[waiting] = reasons;
        }
    }

    private bool IsWaiting((long Run, int Task) waiting, DateTimeOffset since) => _ready.TryGetValue(waiting, out var ready) && ready == since;

    private void See(long key, DagRunEvent happened)
    {
        if (happened is RunCreated created)
        {
            Runs[key] = new(_graphs[created.Facts.Dag], created);
            return;
        }

        var run = Runs[key];
        run.Folded.Evolve(happened);
        switch (happened)
        {
            case RunStarted e:
                (run.State, run.StartedAt) = (RunState.Running, e.At);
                break;
            case TasksScheduled e:
                foreach (var task in e.Tasks)
                {
                    _ready[(key, task)] = simulation.Now;
                    _newlyReady.Add((key, task));
                }

                break;
            case TasksDispatched e:
                foreach (var task in e.Tasks)
                {
                    _newlyReady.Remove((key, task));
                }

                break;
            case TaskEnded e:
                run.Failures += e.State is TaskState.Failed or TaskState.UpForRetry && !e.HandedBack ? 1 : 0;
                break;
            case TasksResolved e:
                foreach (var task in e.Tasks)
                {
                    _ready.Remove((key, task));
                }

                break;
            case RunEnded e:
                (run.State, run.EndedAt, run.Reason) = (e.State, e.At, e.Reason);
                break;
        }
    }

    private void Use(SeenRun run, int task, int change)
    {
        var spec = run.Folded.SpecOf(task);
        if (spec.Sensor is { Mode: SensorMode.Async })
        {
            return;
        }

        Pools[spec.Pool].Use(change * spec.PoolSlots, simulation.Now);
    }
}
