using Sluice.Storage.ReadModel;

namespace Sluice.Storage.Journal;

/// <summary>A batch as it will be written: framed, and with one change a row.</summary>
internal sealed class PreparedGroup
{
    public PreparedGroup(JournalBatch batch)
    {
        Payload = GroupFrame.Encode(batch.Entries);
        Changes = new CoalescedChanges(batch.Changes);
        if (batch.EndedStreams.Count > 0)
        {
            EndedStreams = [.. batch.EndedStreams.Distinct(StringComparer.Ordinal)];
            Ended = GroupFrame.EncodeNames(EndedStreams);
        }

        if (batch.Snapshots.Count > 0)
        {
            // The end of a stream wins over its snapshot; of two snapshots the later one counts.
            var latest = new Dictionary<string, SnapshotEntry>(StringComparer.Ordinal);
            foreach (var snapshot in batch.Snapshots)
            {
                latest[snapshot.Stream] = snapshot;
            }

            Snapshots = [.. latest.Values.Where(snapshot => !EndedStreams.Contains(snapshot.Stream, StringComparer.Ordinal))];
        }
    }

    public byte[] Payload { get; }

    /// <summary>The ended streams framed; null when none ended.</summary>
    public byte[]? Ended { get; }

    public string[] EndedStreams { get; } = [];

    public SnapshotEntry[] Snapshots { get; } = [];

    public CoalescedChanges Changes { get; }
}
