using Sluice.Core.Dags;

namespace Sluice.Core.Queues;

/// <summary>Tasks that wait for one pool and one worker queue, in the order in which they go.</summary>
internal sealed class Lane(string queue)
{
    private readonly SortedDictionary<(int Backfill, int Priority), Level> _levels = [];

    public string Queue { get; } = queue;

    /// <summary>Rank of the head: lower goes first.</summary>
    public (int Backfill, int Priority) Rank { get; private set; }

    /// <summary>Who goes next; null when nobody waits.</summary>
    public ReadyTask? Head { get; private set; }

    /// <summary>How many wait here.</summary>
    public int Count => _levels.Values.Sum(level => level.Count);

    public void Add(ReadyTask task)
    {
        var rank = (task.IsBackfill ? 1 : 0, -task.Priority);
        if (!_levels.TryGetValue(rank, out var level))
        {
            _levels.Add(rank, level = new());
        }

        level.Add(task);
        if (Head is null || rank.CompareTo(Rank) < 0)
        {
            (Rank, Head) = (rank, level.Head);
        }
    }

    /// <summary>Takes the head.</summary>
    public ReadyTask Take()
    {
        var level = _levels[Rank];
        var taken = level.Take();
        if (level.Head is null)
        {
            _levels.Remove(Rank);
        }

        FindHead();
        return taken;
    }

    /// <summary>How many go before a task for certain: those of higher rank, and those of its Dag and rank that stand before it.</summary>
    public int CountBefore(ReadyTask task)
    {
        var rank = (task.IsBackfill ? 1 : 0, -task.Priority);
        var before = 0;
        foreach (var (other, level) in _levels)
        {
            if (other.CompareTo(rank) >= 0)
            {
                return other == rank ? before + level.CountBefore(task) : before;
            }

            before += level.Count;
        }

        return before;
    }

    /// <summary>Drops the tasks of a run; the others keep their order.</summary>
    public void Forget(long run)
    {
        foreach (var (rank, level) in _levels.ToList())
        {
            level.Forget(run);
            if (level.Head is null)
            {
                _levels.Remove(rank);
            }
        }

        FindHead();
    }

    private void FindHead()
    {
        using var first = _levels.GetEnumerator();
        (Rank, Head) = first.MoveNext() ? (first.Current.Key, first.Current.Value.Head) : default;
    }

    /// <summary>Tasks of one rank: Dags take turns, each in the order of its tasks.</summary>
    private sealed class Level
    {
        private readonly Dictionary<DagId, PriorityQueue<ReadyTask, (long, long, long, int)>> _byDag = [];
        private readonly Queue<DagId> _turns = new();

        public int Count => _byDag.Values.Sum(waiting => waiting.Count);

        public ReadyTask? Head => _turns.TryPeek(out var dag) ? _byDag[dag].Peek() : null;

        public int CountBefore(ReadyTask task) =>
            _byDag.TryGetValue(task.Dag, out var waiting) ? waiting.UnorderedItems.Count(other => other.Priority.CompareTo(task.Place) < 0) : 0;

        public void Add(ReadyTask task)
        {
            if (!_byDag.TryGetValue(task.Dag, out var waiting))
            {
                _byDag.Add(task.Dag, waiting = new());
                _turns.Enqueue(task.Dag);
            }

            waiting.Enqueue(task, task.Place);
        }

        public ReadyTask Take()
        {
            var dag = _turns.Dequeue();
            var waiting = _byDag[dag];
            var taken = waiting.Dequeue();
            if (waiting.Count == 0)
            {
                _byDag.Remove(dag);
            }
            else
            {
                _turns.Enqueue(dag);
            }

            return taken;
        }

        public void Forget(long run)
        {
            for (var left = _turns.Count; left > 0; left--)
            {
                var dag = _turns.Dequeue();
                var waiting = new PriorityQueue<ReadyTask, (long, long, long, int)>(_byDag[dag].UnorderedItems.Where(entry => entry.Element.Key.Run != run));
                if (waiting.Count == 0)
                {
                    _byDag.Remove(dag);
                    continue;
                }

                _byDag[dag] = waiting;
                _turns.Enqueue(dag);
            }
        }
    }
}
