using Sluice.Core.Dags;

namespace Sluice.Core.Queues;

/// <summary>Who goes next, and where: ready tasks, pools and workers' slots. Changed in place by its one owner.</summary>
/// <remarks>
/// Tasks wait in lanes, one per pool and worker queue, so that a full pool holds up nobody else (semantics.md, 0.7). In a lane: live work before
/// backfills, then by priority, then Dags take turns. A task that needs several pool slots keeps its place at the head until they are free,
/// so that small ones cannot overtake it for ever; one that needs more than its pool has steps aside until the pool grows. Tasks of a Dag at its
/// limit step aside, too, each lane's in their order. An offer costs O(log priorities), a grant O(lanes + workers).
/// </remarks>
public sealed partial class DispatchQueue
{
    /// <summary>Pool of tasks that name none.</summary>
    public const string DefaultPool = "default_pool";

    /// <summary>Slots of the default pool when nobody sets them (semantics.md, 8).</summary>
    public const int DefaultPoolSlots = 128;

    private const int AllTasks = -1;

    private readonly Dictionary<(string Pool, string Queue), Lane> _lanes = [];
    private readonly List<Lane> _rotation = [];
    private readonly Dictionary<string, PoolUse> _pools = new(StringComparer.Ordinal);
    private readonly Dictionary<string, WorkerUse> _workers = new(StringComparer.Ordinal);
    private readonly Dictionary<TaskKey, Holding> _holdings = [];
    private readonly Dictionary<(DagId Dag, long Run, int Task), QuotaUse> _quotas = []; // run 0: over all runs; task -1: over all tasks
    private readonly Dictionary<long, RunUse> _runs = [];
    private int _turn;

    public DispatchQueue(int defaultPoolSlots = DefaultPoolSlots) => SetPool(DefaultPool, defaultPoolSlots);

    /// <summary>Tasks that wait.</summary>
    public int Waiting { get; private set; }

    /// <summary>Tasks that were granted and not freed.</summary>
    public int Active => _holdings.Count;

    /// <summary>Workers that take tasks.</summary>
    public int Workers => _workers.Count;

    /// <summary>Slots of all workers.</summary>
    public int Slots => _workers.Values.Sum(worker => worker.Slots);

    /// <summary>Creates, resizes or removes a pool. It may be over its size for a while after it shrank; what waits for one that is gone, waits.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="slots">-1 is without limit; null removes it.</param>
    /// <param name="includeDeferred">Whether async sensors, which take no slot of a worker, take their slots of the pool.</param>
    public void SetPool(string name, int? slots, bool includeDeferred = false)
    {
        var pool = PoolOf(name);
        pool.Slots = slots;
        pool.IncludeDeferred = includeDeferred;
        foreach (var task in pool.TooLarge.Where(task => pool.MayEverFit(task.PoolSlots)).ToList())
        {
            pool.TooLarge.Remove(task);
            Queue(task);
        }
    }

    /// <summary>What a Dag may have out.</summary>
    /// <param name="dag">The Dag.</param>
    /// <param name="limit">Task instances that may be active at once; null for no limit.</param>
    /// <param name="paused">None of its tasks is given out but those of backfills; what is out stays out.</param>
    public void SetDagLimit(DagId dag, int? limit, bool paused = false)
    {
        var use = QuotaOf((dag, 0, AllTasks));
        (use.Limit, use.Paused) = (limit, paused);
        Unpark(use);
    }

    /// <summary>A worker offers its slots, anew or again; what it already holds counts.</summary>
    public void AddWorker(string id, int slots, IReadOnlyList<string> queues)
    {
        var used = _holdings.Values.Count(holding => holding.Worker == id && holding.Task.NeedsSlot);
        _workers[id] = new(id, slots, [.. queues]) { Used = used };
    }

    /// <summary>A worker takes nothing more. What it holds is held until it is freed.</summary>
    public void RemoveWorker(string id) => _workers.Remove(id);

    /// <summary>A task instance asks for a slot.</summary>
    public void Offer(ReadyTask task)
    {
        RunOf(task.Key.Run).Waiting++;
        Waiting++;
        Queue(task);
    }

    private void Queue(ReadyTask task)
    {
        var key = (task.Pool, task.Queue);
        if (!_lanes.TryGetValue(key, out var lane))
        {
            _lanes.Add(key, lane = new(task.Queue));
            _rotation.Add(lane);
        }

        lane.Add(task);
    }

    /// <summary>Takes note of an attempt that a worker has already: after a takeover.</summary>
    public void Hold(ReadyTask task, string worker)
    {
        if (_holdings.TryAdd(task.Key, new(task, worker)))
        {
            RunOf(task.Key.Run).Held.Add(task.Key.Task);
            Count(task, worker, +1);
        }
    }

    /// <summary>A run is over: what it holds is free, also what was granted and never taken, and what waits is forgotten.</summary>
    public void Leave(long run)
    {
        if (!_runs.Remove(run, out var use))
        {
            return;
        }

        foreach (var task in use.Held)
        {
            Free(new(run, task), null);
        }

        // Only a run that was cut short leaves tasks behind: then all that wait are looked at once.
        if (use.Waiting > 0)
        {
            Waiting -= use.Waiting;
            _rotation.ForEach(lane => lane.Forget(run));
            foreach (var pool in _pools.Values)
            {
                pool.TooLarge.RemoveAll(task => task.Key.Run == run);
            }

            foreach (var quota in _quotas.Values)
            {
                quota.Forget(run);
            }
        }

        foreach (var key in use.Quotas)
        {
            _quotas.Remove(key);
        }
    }

    /// <summary>A worker gave back what it was given ahead: long tasks hold its slots.</summary>
    public void HandBack(TaskKey key)
    {
        if (_holdings.TryGetValue(key, out var holding) && _workers.TryGetValue(holding.Worker, out var worker))
        {
            worker.IsBusy();
        }

        Free(key, null);
    }

    /// <summary>An attempt ended, or its grant was refused.</summary>
    /// <param name="key">The task instance.</param>
    /// <param name="ran">How long it ran; tells how many short tasks a worker may be given ahead. Null when it did not run to its end.</param>
    public void Free(TaskKey key, TimeSpan? ran)
    {
        if (!_holdings.Remove(key, out var holding))
        {
            return;
        }

        if (_runs.TryGetValue(key.Run, out var run))
        {
            run.Held.Remove(key.Task);
        }

        Count(holding.Task, holding.Worker, -1);
        foreach (var quota in QuotasOf(holding.Task))
        {
            Unpark(quota);
        }

        if (ran is { } length && _workers.TryGetValue(holding.Worker, out var worker))
        {
            worker.Ran(length);
        }
    }

    /// <summary>Gives out whatever can be given out now.</summary>
    public List<Grant> Assign()
    {
        var grants = new List<Grant>();
        while (Waiting > 0 && Best() is var (lane, worker))
        {
            var task = lane.Take();
            if (FullQuota(task) is { } quota)
            {
                quota.Park(task);
                LeaveRoom(task, quota);
                continue;
            }

            Waiting--;
            var run = RunOf(task.Key.Run);
            run.Waiting--;
            if (_holdings.ContainsKey(task.Key))
            {
                // Cleared and ready again before its first offer was taken: one grant is enough.
                continue;
            }

            run.Held.Add(task.Key.Task);
            _holdings.Add(task.Key, new(task, worker.Id));
            Count(task, worker.Id, +1);
            grants.Add(new(task.Key, worker.Id));
        }

        return grants;
    }

    /// <summary>Slots in use, those of async sensors apart, and tasks that wait, of every pool that has any or exists.</summary>
    public IReadOnlyDictionary<string, PoolOccupancy> Pools()
    {
        var waiting = _lanes.GroupBy(lane => lane.Key.Pool, StringComparer.Ordinal).ToDictionary(lanes => lanes.Key, lanes => lanes.Sum(lane => lane.Value.Count), StringComparer.Ordinal);
        return _pools
            .Select(pool => (pool.Key, pool.Value.Slots, Occupancy: new PoolOccupancy(pool.Value.Used, pool.Value.Deferred, waiting.GetValueOrDefault(pool.Key) + pool.Value.TooLarge.Count)))
            .Where(pool => pool.Slots is not null || pool.Occupancy != default)
            .ToDictionary(pool => pool.Key, pool => pool.Occupancy, StringComparer.Ordinal);
    }

    /// <summary>The lane whose head goes first among those that can go, with its worker; lanes of equal rank take turns.</summary>
    private (Lane Lane, WorkerUse Worker)? Best()
    {
        (Lane Lane, WorkerUse Worker)? best = null;
        for (var i = 0; i < _rotation.Count; i++)
        {
            var lane = _rotation[(_turn + i) % _rotation.Count];
            SetAsideTooLarge(lane);
            if (lane.Head is not { } head || (best is { } other && lane.Rank.CompareTo(other.Lane.Rank) >= 0))
            {
                continue;
            }

            // An unknown pool is never scheduled (semantics.md, 8).
            if (PoolOf(head.Pool) is var pool && pool.Takes(head) && !pool.Fits(head.PoolSlots))
            {
                continue;
            }

            if (Freest(lane.Queue, head.NeedsSlot) is { } worker)
            {
                best = (lane, worker);
            }
        }

        _turn = (_turn + 1) % Math.Max(1, _rotation.Count);
        return best;
    }

    /// <summary>A head that its pool can never hold would keep everyone behind it waiting for ever.</summary>
    private void SetAsideTooLarge(Lane lane)
    {
        while (lane.Head is { } head && PoolOf(head.Pool) is var pool && pool.Takes(head) && !pool.MayEverFit(head.PoolSlots))
        {
            pool.TooLarge.Add(lane.Take());
        }
    }

    private WorkerUse? Freest(string queue, bool needsSlot)
    {
        WorkerUse? freest = null;
        foreach (var worker in _workers.Values)
        {
            // A worker without slots is about to stop: it takes no sensor either.
            if (worker.Queues.Contains(queue) && worker.Slots > 0 && (!needsSlot || worker.Free > 0) && (freest is null || worker.IdleSlots > freest.IdleSlots))
            {
                freest = worker;
            }
        }

        return freest;
    }

    private void Count(ReadyTask task, string worker, int sign)
    {
        foreach (var quota in QuotasOf(task))
        {
            quota.Active += sign;
        }

        if (!task.NeedsSlot)
        {
            PoolOf(task.Pool).Deferred += sign * task.PoolSlots;
            return;
        }

        PoolOf(task.Pool).Used += sign * task.PoolSlots;

        if (_workers.TryGetValue(worker, out var use))
        {
            use.Used += sign;
        }
    }

    /// <summary>The room that another limit had made for this task is for the next that waits there.</summary>
    private void LeaveRoom(ReadyTask task, QuotaUse parkedBy)
    {
        if (task.Limits is null)
        {
            return;
        }

        foreach (var quota in QuotasOf(task))
        {
            if (quota != parkedBy && !quota.IsFull)
            {
                Unpark(quota);
            }
        }
    }

    private void Unpark(QuotaUse quota)
    {
        foreach (var task in quota.Unpark())
        {
            Queue(task);
        }
    }

    private RunUse RunOf(long run)
    {
        if (!_runs.TryGetValue(run, out var use))
        {
            _runs.Add(run, use = new());
        }

        return use;
    }

    /// <summary>What the task counts against: its Dag, and whatever of run and task has a limit.</summary>
    private List<QuotaUse> QuotasOf(ReadyTask task)
    {
        var quotas = new List<QuotaUse>(1) { QuotaOf((task.Dag, 0, AllTasks)) };
        if (task.Limits is { } limits)
        {
            Add(limits.PerRun, task.Key.Run, AllTasks);
            Add(limits.PerTask, 0, limits.Task);
            Add(limits.PerTaskAndRun, task.Key.Run, limits.Task);
        }

        return quotas;

        void Add(int? limit, long run, int of)
        {
            if (limit is null)
            {
                return;
            }

            var quota = QuotaOf((task.Dag, run, of));
            quota.Limit = limit;
            quotas.Add(quota);
        }
    }

    private QuotaUse? FullQuota(ReadyTask task)
    {
        if (task.Limits is null)
        {
            var ofDag = QuotaOf((task.Dag, 0, AllTasks));
            return ofDag.IsFull || ofDag.Pauses(task) ? ofDag : null;
        }

        return QuotasOf(task).Find(quota => quota.IsFull || quota.Pauses(task));
    }

    private QuotaUse QuotaOf((DagId Dag, long Run, int Task) key)
    {
        if (!_quotas.TryGetValue(key, out var quota))
        {
            _quotas.Add(key, quota = new(key switch
            {
                (_, 0, AllTasks) => "the Dag",
                (_, _, AllTasks) => "the run",
                (_, 0, _) => "the task",
                _ => "the task in this run",
            }));
            if (key.Run != 0)
            {
                RunOf(key.Run).Quotas.Add(key);
            }
        }

        return quota;
    }

    private PoolUse PoolOf(string name)
    {
        if (!_pools.TryGetValue(name, out var pool))
        {
            _pools.Add(name, pool = new());
        }

        return pool;
    }

    private sealed record Holding(ReadyTask Task, string Worker);

    private sealed class RunUse
    {
        public HashSet<int> Held { get; } = [];

        /// <summary>Quotas that end with it.</summary>
        public List<(DagId Dag, long Run, int Task)> Quotas { get; } = [];

        public int Waiting { get; set; }
    }
}
