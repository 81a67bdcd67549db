namespace Sluice.Core.Queues;

/// <summary>What counts against one limit on tasks that may be out at once, a Dag's, a run's or a task's, and who waits for it.</summary>
internal sealed class QuotaUse(string name)
{
    public string Name { get; } = name;

    public int? Limit { get; set; }

    public int Active { get; set; }

    public bool Paused { get; set; }

    public bool IsFull => Limit is { } limit && Active >= limit;

    // By lane, so that those of one that is blocked do not stand before the others; nor do those of a paused Dag stand before its backfills'.
    private readonly Dictionary<(string Pool, string Queue, bool Backfill), PriorityQueue<ReadyTask, (int Priority, (long, long, long, int) Place)>> _parked = [];

    /// <summary>A backfill is started on purpose: it runs on a paused Dag, too.</summary>
    public bool Pauses(ReadyTask task) => Paused && !task.IsBackfill;

    public void Park(ReadyTask task)
    {
        var lane = (task.Pool, task.Queue, task.IsBackfill);
        if (!_parked.TryGetValue(lane, out var waiting))
        {
            _parked.Add(lane, waiting = new());
        }

        waiting.Enqueue(task, (-task.Priority, task.Place));
    }

    /// <summary>As many of each lane as there is room for: each completion moves a few, however many wait.</summary>
    public List<ReadyTask> Unpark()
    {
        var released = new List<ReadyTask>();
        var room = Limit is { } limit ? limit - Active : int.MaxValue;
        foreach (var ((_, _, backfill), waiting) in _parked)
        {
            if (Paused && !backfill)
            {
                continue;
            }

            for (var left = room; left > 0 && waiting.TryDequeue(out var task, out _); left--)
            {
                released.Add(task);
            }
        }

        return released;
    }

    public void Forget(long run)
    {
        foreach (var (lane, waiting) in _parked.ToList())
        {
            _parked[lane] = new(waiting.UnorderedItems.Where(entry => entry.Element.Key.Run != run));
        }
    }
}
