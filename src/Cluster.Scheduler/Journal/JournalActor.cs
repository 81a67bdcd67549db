using System.Globalization;
using Microsoft.Extensions.Logging;
using Sluice.Actors;
using Sluice.Storage;
using Sluice.Storage.Journal;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.Journal;

/// <summary>The one writer: whatever gathers while a commit is in flight is the next commit.</summary>
/// <remarks>
/// A write that fails ends this leadership (the exception escalates): whether a broken commit was written is unknown, and only replaying the
/// journal under a new epoch tells.
/// </remarks>
/// <param name="store">Where it writes.</param>
/// <param name="epoch">Under which lease.</param>
/// <param name="recovered">From which group on each stream was recovered.</param>
/// <param name="groupsKept">
/// Groups that may gather before those that nobody needs are deleted, and streams that have not been written lately are asked for a snapshot;
/// more when there are many streams.
/// </param>
/// <param name="onWritten">Told of each change to the read model once it is on disk, before anybody else hears of it.</param>
internal sealed partial class JournalActor(IJournalStore store, long epoch, IReadOnlyDictionary<string, long> recovered, int groupsKept = 20_000, Action<ReadModelChange>? onWritten = null) : Actor
{
    // A snapshot of thousands of streams in one commit would hold up all others, and asking for each too often costs more the more there are.
    private const int AskedPerCommit = 16;
    private const int GroupsPerStream = 2;

    // From which group on recovery needs each stream, of those that were written before this leadership, too.
    private readonly Dictionary<string, long> _oldest = new(recovered, StringComparer.Ordinal);
    private readonly Dictionary<string, ActorRef> _owners = new(StringComparer.Ordinal);
    private readonly Queue<string> _toAsk = [];

    private JournalBatch _batch = new();
    private List<Delivery> _deliveries = [];
    private bool _flushAsked;
    private bool _writing;
    private bool _truncating;
    private long _groups;
    private long _entries;
    private long _asked = long.MinValue / 2; // The first commit tidies up after the leaderships before.

    private long Kept => Math.Max(groupsKept, (long)GroupsPerStream * _oldest.Count);

    protected override ValueTask ReceiveAsync(object message)
    {
        switch (message)
        {
            case Append append:
                Gather(append);
                if (!_writing && !_flushAsked)
                {
                    // Behind whatever is in the mailbox already: that joins this commit.
                    _flushAsked = true;
                    Context.Self.Tell(Flush.Instance);
                }

                break;
            case Flush:
                _flushAsked = false;
                if (!_writing)
                {
                    Write();
                }

                break;
            case Owns owns:
                _owners[owns.Stream] = Context.Sender!;
                break;
            case Committed committed:
                Finish(committed);
                break;
            case Truncated truncated:
                GoOnTruncating(truncated);
                break;
            case Broken { Error: StoreException { IsTransient: true } error, Truncating: true }:
                // Old groups only take room; it is tried again when the next have gathered.
                _truncating = false;
                LogNotTruncated(Context.Logger, error.Message);
                break;
            case Broken broken:
                throw broken.Error;
        }

        return ValueTask.CompletedTask;
    }

    protected override string Describe() =>
        string.Create(CultureInfo.InvariantCulture, $"epoch {epoch}, {_groups} commits, {_entries} events, {_oldest.Count} streams");

    private void Gather(Append append)
    {
        foreach (var payload in append.Events)
        {
            _batch.Entries.Add(new(append.Stream, payload));
        }

        _batch.Entries.AddRange(append.Others);

        if (append.Snapshot is { } snapshot)
        {
            _batch.Snapshots.Add(new(append.Stream, snapshot, _batch.Entries.Count));
        }

        if (append.Ends)
        {
            _batch.EndedStreams.Add(append.Stream);
        }

        _batch.Changes.AddRange(append.Changes);
        _deliveries.AddRange(append.OnCommitted);
    }

    private void Write()
    {
        var (batch, deliveries) = (_batch, _deliveries);
        (_batch, _deliveries) = (new(), []);
        if (batch.IsEmpty)
        {
            Deliver(deliveries);
            return;
        }

        _writing = true;
        var write = store.AppendAsync(epoch, batch, CancellationToken.None);
        Context.PipeToSelf(
            write.AsTask(),
            sequence => new Committed(sequence, batch, deliveries),
            error => new Broken(error));
    }

    private void Finish(Committed committed)
    {
        _writing = false;
        _groups++;
        _entries += committed.Batch.Entries.Count;
        Track(committed);
        if (onWritten is not null)
        {
            committed.Batch.Changes.ForEach(onWritten);
        }

        Deliver(committed.Deliveries);
        if (!_batch.IsEmpty || _deliveries.Count > 0)
        {
            Write();
        }

        AskForSnapshots();
        if (_groups - _asked >= Kept && !_truncating && _toAsk.Count == 0)
        {
            _asked = _groups;
            TidyUp(committed.Sequence);
        }
    }

    private static void Deliver(List<Delivery> deliveries)
    {
        foreach (var (to, message) in deliveries)
        {
            to.Tell(message);
        }
    }

    /// <summary>Remembers from which group on each living stream is still needed.</summary>
    private void Track(Committed committed)
    {
        var batch = committed.Batch;
        foreach (var entry in batch.Entries)
        {
            _oldest.TryAdd(entry.Stream, committed.Sequence);
        }

        foreach (var snapshot in batch.Snapshots)
        {
            _oldest[snapshot.Stream] = committed.Sequence;
        }

        foreach (var ended in batch.EndedStreams)
        {
            _oldest.Remove(ended);
            _owners.Remove(ended);
        }
    }

    private void TidyUp(long newest)
    {
        var needed = _oldest.Count == 0 ? newest : _oldest.Values.Min();
        _truncating = true;
        Truncate(needed - 1);
        foreach (var (stream, sequence) in _oldest)
        {
            if (sequence < newest - (Kept / 2))
            {
                _toAsk.Enqueue(stream);
            }
        }

        AskForSnapshots();
    }

    private void AskForSnapshots()
    {
        for (var asked = 0; asked < AskedPerCommit && _toAsk.TryDequeue(out var stream); asked++)
        {
            if (_owners.TryGetValue(stream, out var owner))
            {
                owner.Tell(SnapshotDue.Instance);
            }
        }
    }

    /// <summary>One step beside the commits: those that gather meanwhile go before the next step.</summary>
    private void Truncate(long through) => Context.PipeToSelf(
        store.TruncateAsync(epoch, through, CancellationToken.None).AsTask(),
        more => new Truncated(through, more),
        error => new Broken(error, Truncating: true));

    private void GoOnTruncating(Truncated step)
    {
        _truncating = step.More;
        if (step.More)
        {
            Truncate(step.Through);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Old groups of the journal could not be deleted, which is tried again later: {Error}")]
    private static partial void LogNotTruncated(ILogger logger, string error);

    private sealed record Truncated(long Through, bool More);

    private sealed record Flush
    {
        public static Flush Instance { get; } = new();
    }

    private sealed record Committed(long Sequence, JournalBatch Batch, List<Delivery> Deliveries);

    private sealed record Broken(Exception Error, bool Truncating = false);
}
