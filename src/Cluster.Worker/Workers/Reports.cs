using Sluice.Cluster.Wire;
using Sluice.Core.TaskInstances;

namespace Sluice.Cluster.Worker.Workers;

/// <summary>Ends of attempts, from the moment they happen until the leader says that they are on disk.</summary>
internal sealed class Reports(TimeProvider time)
{
    private const int MostRemembered = 8192;

    private readonly Dictionary<AttemptId, Unacknowledged> _unacknowledged = [];
    private readonly HashSet<AttemptId> _acknowledged = [];
    private readonly Queue<AttemptId> _acknowledgedInOrder = new();
    private List<TaskReport> _toSend = [];

    public int Count => _unacknowledged.Count;

    public bool HasSomethingToSend => _toSend.Count > 0;

    public IEnumerable<AttemptId> Ids => _unacknowledged.Keys;

    public IEnumerable<TaskReport> All => _unacknowledged.Values.Select(u => u.Report);

    public void Add(TaskReport report)
    {
        _unacknowledged[report.Id] = new(report) { SentAt = time.GetTimestamp() };
        _toSend.Add(report);
    }

    /// <summary>Sends a report again with the next batch; false when there is none of this attempt.</summary>
    public bool Repeat(AttemptId id)
    {
        if (!_unacknowledged.TryGetValue(id, out var found))
        {
            return false;
        }

        found.SentAt = time.GetTimestamp();
        _toSend.Add(found.Report);
        return true;
    }

    /// <summary>Sends again what has waited too long for its acknowledgement.</summary>
    public void RepeatOlderThan(TimeSpan age)
    {
        var now = time.GetTimestamp();
        foreach (var late in _unacknowledged.Values.Where(u => time.GetElapsedTime(u.SentAt, now) >= age))
        {
            late.SentAt = now;
            _toSend.Add(late.Report);
        }
    }

    /// <summary>Takes the batch that has gathered.</summary>
    public IReadOnlyList<TaskReport> TakeBatch()
    {
        var batch = _toSend;
        _toSend = [];
        return batch;
    }

    /// <summary>Forgets what the leader has on disk, but remembers for a while that it was run.</summary>
    public void Acknowledge(IReadOnlyList<AttemptId> ids)
    {
        foreach (var id in ids)
        {
            if (_unacknowledged.Remove(id) && _acknowledged.Add(id))
            {
                _acknowledgedInOrder.Enqueue(id);
            }
        }

        while (_acknowledgedInOrder.Count > MostRemembered)
        {
            _acknowledged.Remove(_acknowledgedInOrder.Dequeue());
        }
    }

    /// <summary>True when it ran here and its end is known to be durable.</summary>
    public bool WasAcknowledged(AttemptId id) => _acknowledged.Contains(id);

    private sealed class Unacknowledged(TaskReport report)
    {
        public TaskReport Report { get; } = report;

        public long SentAt { get; set; }
    }
}
