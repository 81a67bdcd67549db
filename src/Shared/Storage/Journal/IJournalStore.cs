using Sluice.Storage.ReadModel;

namespace Sluice.Storage.Journal;

/// <summary>The write-ahead log of all actors' events, written in groups.</summary>
/// <remarks>
/// One append is one transaction: fence, events, snapshots, read-model rows, all or nothing. A group is one row of the table, so its cost is
/// per commit, not per event.
/// </remarks>
public interface IJournalStore
{
    /// <summary>Appends one group.</summary>
    /// <param name="epoch">The lease's epoch under which the writer acts. The lease row is locked and compared in the same transaction.</param>
    /// <param name="batch">What to write.</param>
    /// <param name="cancellationToken">Cancelling leaves it open whether the group was written.</param>
    /// <returns>Sequence number of the group: strictly increasing, gaps allowed.</returns>
    /// <exception cref="FencedOutException">The lease is held under another epoch. Nothing was written.</exception>
    /// <exception cref="StoreException">
    /// Nothing was written and, when it is transient, the same batch may be tried again; except <c>journal.outcome_unknown</c>: the connection
    /// broke during the commit, so the writer must stop and recover.
    /// </exception>
    ValueTask<long> AppendAsync(long epoch, JournalBatch batch, CancellationToken cancellationToken);

    /// <summary>Everything needed to rebuild the actors: the snapshots of all living streams, then the events after them, in journal order.</summary>
    /// <remarks>An event that its stream's snapshot covers, or whose stream has ended, is left out.</remarks>
    IAsyncEnumerable<RecoveredRecord> RecoverAsync(CancellationToken cancellationToken);

    /// <summary>Deletes the oldest thousand groups at most, none above a sequence number. The caller makes sure that snapshots cover them.</summary>
    /// <remarks>A step at a time, so that appends pass in between: an engine with one writer holds them up for as long as a step takes.</remarks>
    /// <returns>True when groups are left to delete: call again.</returns>
    /// <exception cref="FencedOutException">The lease is held under another epoch.</exception>
    ValueTask<bool> TruncateAsync(long epoch, long throughSequence, CancellationToken cancellationToken);
}

/// <summary>One transaction's worth of writes.</summary>
public sealed class JournalBatch
{
    /// <summary>In journal order.</summary>
    public List<JournalEntry> Entries { get; } = [];

    /// <summary>Snapshots taken in this group.</summary>
    public List<SnapshotEntry> Snapshots { get; } = [];

    /// <summary>
    /// Streams that end with this group: their snapshots are deleted and nothing of them, up to this group, is recovered again. What a later
    /// group says of the same name is a new life.
    /// </summary>
    public List<string> EndedStreams { get; } = [];

    /// <summary>Read-model rows; of several changes to one row the last one wins.</summary>
    public List<ReadModelChange> Changes { get; } = [];

    public bool IsEmpty => Entries.Count == 0 && Snapshots.Count == 0 && EndedStreams.Count == 0 && Changes.Count == 0;
}

/// <summary>One event of one stream, serialized by its owner.</summary>
public readonly record struct JournalEntry(string Stream, ReadOnlyMemory<byte> Payload);

/// <summary>State of a stream after its first events of this group.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Payload">The state, serialized by its owner.</param>
/// <param name="EntriesBefore">How many of the group's entries (of any stream) precede the snapshot: those of this stream among them are covered by it.</param>
public readonly record struct SnapshotEntry(string Stream, ReadOnlyMemory<byte> Payload, int EntriesBefore);

/// <summary>One record of recovery.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="IsSnapshot">True for a snapshot, which comes before all events of its stream.</param>
/// <param name="Sequence">The group that it was written in.</param>
/// <param name="Payload">As it was written.</param>
public readonly record struct RecoveredRecord(string Stream, bool IsSnapshot, long Sequence, ReadOnlyMemory<byte> Payload);
