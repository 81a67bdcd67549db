using Sluice.Actors;
using Sluice.Storage.Journal;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.Journal;

/// <summary>Asks the journal to write, and to tell others once it is on disk.</summary>
/// <remarks>
/// The sender's state is ahead of the disk from the moment it decided; nobody outside learns of it before the commit, because everything that
/// leaves goes through <see cref="OnCommitted"/>.
/// </remarks>
internal sealed class Append(string stream)
{
    public string Stream { get; } = stream;

    /// <summary>Events of the stream, in order.</summary>
    public List<ReadOnlyMemory<byte>> Events { get; } = [];

    /// <summary>Events of other streams that must be written in the same transaction.</summary>
    public List<JournalEntry> Others { get; } = [];

    /// <summary>State after <see cref="Events"/>; null for none.</summary>
    public ReadOnlyMemory<byte>? Snapshot { get; set; }

    /// <summary>The stream ends: nothing of it will be needed again.</summary>
    public bool Ends { get; set; }

    public List<ReadModelChange> Changes { get; } = [];

    /// <summary>Told in order, after the commit and not before.</summary>
    public List<Delivery> OnCommitted { get; } = [];

    public bool IsEmpty => Events.Count == 0 && Others.Count == 0 && Changes.Count == 0 && OnCommitted.Count == 0 && Snapshot is null && !Ends;
}

/// <summary>A message that waits for a commit.</summary>
internal readonly record struct Delivery(ActorRef To, object Message);

/// <summary>Journal to the owner of a stream whose events hold up truncation: append a snapshot.</summary>
internal sealed record SnapshotDue
{
    public static SnapshotDue Instance { get; } = new();
}

/// <summary>From whoever begins or goes on with a stream: it is to be asked for snapshots.</summary>
internal sealed record Owns(string Stream);
