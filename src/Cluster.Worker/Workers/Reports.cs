using Sluice.Authoring.XComs;
using Sluice.Cluster.Wire;
using Sluice.Core.TaskInstances;

namespace Sluice.Cluster.Worker.Workers;

/// <summary>Ends of attempts, from the moment they happen until the leader says that they are on disk.</summary>
internal sealed class Reports(TimeProvider time)
{
    // In one message: as JSON inside JSON a character may take six bytes, and a message has 64 MiB.
    private const long MostCharacters = XComJson.MaxTogether;

    private const int MostRemembered = 8192;

    private readonly Dictionary<AttemptId, Unacknowledged> _unacknowledged = [];
    private readonly HashSet<AttemptId> _acknowledged = [];
    private readonly Queue<AttemptId> _acknowledgedInOrder = new();
    private List<TaskReport> _toSend = [];

    public int Count => _unacknowledged.Count;

    public bool HasSomethingToSend => _toSend.Count > 0;

    public IEnumerable<AttemptId> Ids => _unacknowledged.Keys;

    /// <summary>What a registration has room for. The others are sent after it, and named in it meanwhile as if they ran.</summary>
    public (IReadOnlyList<TaskReport> First, IReadOnlyList<AttemptId> Later) ForRegistration()
    {
        var all = _unacknowledged.Values.Select(u => u.Report).ToList();
        var first = Fitting(all);
        var later = all[first..];
        _toSend = [.. later, .. _toSend.Where(report => !later.Contains(report))];
        return (all[..first], later.ConvertAll(report => report.Id));
    }

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

    /// <summary>Takes of what has gathered as much as goes into one message.</summary>
    public IReadOnlyList<TaskReport> TakeBatch()
    {
        var count = Fitting(_toSend);
        var batch = count == _toSend.Count ? _toSend : _toSend[..count];
        _toSend = count == _toSend.Count ? [] : _toSend[count..];
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

    // At least one: none is longer than a message.
    private static int Fitting(List<TaskReport> reports)
    {
        var (count, characters) = (0, 0L);
        while (count < reports.Count)
        {
            characters += (reports[count].Outcome.XComs ?? []).Sum(xcom => (long)xcom.Value.Length) + (reports[count].Outcome.Rendered?.Length ?? 0)
                + (reports[count].Outcome.Evidence?.Length ?? 0);
            if (count > 0 && characters > MostCharacters)
            {
                break;
            }

            count++;
        }

        return count;
    }

    /// <summary>True when it ran here and its end is known to be durable.</summary>
    public bool WasAcknowledged(AttemptId id) => _acknowledged.Contains(id);

    private sealed class Unacknowledged(TaskReport report)
    {
        public TaskReport Report { get; } = report;

        public long SentAt { get; set; }
    }
}
