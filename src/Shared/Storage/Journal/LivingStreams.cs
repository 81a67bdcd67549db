namespace Sluice.Storage.Journal;

/// <summary>Decides during recovery which entries still count: not those of ended streams, not those that a snapshot covers.</summary>
internal sealed class LivingStreams
{
    private readonly Dictionary<string, long> _endedIn = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (long Sequence, int EntriesBefore)> _snapshots = new(StringComparer.Ordinal);

    /// <summary>Takes note of the streams that ended with a group. What a later group says of the same name is a new life.</summary>
    public void Ended(long sequence, ReadOnlyMemory<byte> names)
    {
        foreach (var name in GroupFrame.DecodeNames(names))
        {
            _endedIn[name] = Math.Max(sequence, _endedIn.GetValueOrDefault(name));
        }
    }

    public RecoveredRecord Snapshot(string stream, long sequence, int entriesBefore, byte[] payload)
    {
        _snapshots[stream] = (sequence, entriesBefore);
        return new(stream, IsSnapshot: true, sequence, payload);
    }

    public IEnumerable<RecoveredRecord> Entries(long sequence, byte[] payload)
    {
        var entries = GroupFrame.Decode(payload);
        for (var i = 0; i < entries.Count; i++)
        {
            var (stream, bytes) = entries[i];
            if (_endedIn.TryGetValue(stream, out var end) && sequence <= end)
            {
                continue;
            }

            if (_snapshots.TryGetValue(stream, out var covered)
                && (sequence < covered.Sequence || (sequence == covered.Sequence && i < covered.EntriesBefore)))
            {
                continue;
            }

            yield return new(stream, IsSnapshot: false, sequence, bytes);
        }
    }
}
