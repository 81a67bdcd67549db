using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sluice.Core.Assets;
using Sluice.Core.Schedules;

namespace Sluice.Core.Dags;

/// <summary>What happened to one Dag. Stored in the journal.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "$")]
[JsonDerivedType(typeof(DagDefined), "d")]
[JsonDerivedType(typeof(DagRemoved), "x")]
[JsonDerivedType(typeof(DagPaused), "p")]
[JsonDerivedType(typeof(IntervalScheduled), "i")]
[JsonDerivedType(typeof(RunSucceeded), "s")]
[JsonDerivedType(typeof(RunQueued), "q")]
[JsonDerivedType(typeof(RunUnqueued), "u")]
[JsonDerivedType(typeof(DagFaulted), "f")]
[JsonDerivedType(typeof(AssetsFollowed), "af")]
[JsonDerivedType(typeof(AssetsQueued), "aq")]
[JsonDerivedType(typeof(AssetsUsed), "au")]
[JsonDerivedType(typeof(QueuedDeadlinePassed), "qd")]
[JsonDerivedType(typeof(DagRenamed), "r")]
[JsonDerivedType(typeof(TasksRenamed), "t")]
public abstract record DagEvent
{
    private protected DagEvent()
    {
    }
}

/// <summary>A file defines the Dag, for the first time or anew.</summary>
public sealed record DagDefined(string Version, string? Bundle, string File, DateTimeOffset? At = null) : DagEvent;

/// <summary>Its file no longer defines it.</summary>
public sealed record DagRemoved : DagEvent;

/// <summary>Someone paused it or let it go on.</summary>
public sealed record DagPaused(bool Paused, DateTimeOffset? At = null) : DagEvent;

/// <summary>The scheduled run of an interval was created: the timetable stands here now.</summary>
public sealed record IntervalScheduled(DataInterval Interval) : DagEvent;

/// <summary>A run succeeded: the <c>prev_*_success</c> of those after it.</summary>
public sealed record RunSucceeded(DataInterval Interval, DateTimeOffset StartedAt, DateTimeOffset? EndedAt = null) : DagEvent;

/// <summary>A run was made that has to wait for its turn.</summary>
/// <param name="Run">Its key.</param>
/// <param name="Due">Its next deadline; null for none.</param>
public sealed record RunQueued(long Run, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? Due = null) : DagEvent;

/// <summary>A run left the queue: it begins, or was cancelled.</summary>
/// <param name="Run">Its key.</param>
/// <param name="Due">The deadline that was next for it; null for none.</param>
public sealed record RunUnqueued(long Run, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? Due = null) : DagEvent;

/// <summary>The deadline of a run that waits for its turn has passed, and what follows was done.</summary>
/// <param name="Run">Its key.</param>
/// <param name="Due">That deadline.</param>
/// <param name="Next">Its next one; null for none.</param>
public sealed record QueuedDeadlinePassed(
    long Run, DateTimeOffset Due, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? Next = null) : DagEvent;

/// <summary>When the next deadline of a run is that waits for its turn. Ordered by the moment.</summary>
public readonly record struct QueuedDeadline(
    [property: JsonPropertyName("d"), JsonConverter(typeof(DagRuns.UnixMicroseconds))] DateTimeOffset Due,
    [property: JsonPropertyName("r")] long Run) : IComparable<QueuedDeadline>
{
    public int CompareTo(QueuedDeadline other) => Due.CompareTo(other.Due) is not 0 and var byDue ? byDue : Run.CompareTo(other.Run);

    public static bool operator <(QueuedDeadline left, QueuedDeadline right) => left.CompareTo(right) < 0;

    public static bool operator >(QueuedDeadline left, QueuedDeadline right) => left.CompareTo(right) > 0;

    public static bool operator <=(QueuedDeadline left, QueuedDeadline right) => left.CompareTo(right) <= 0;

    public static bool operator >=(QueuedDeadline left, QueuedDeadline right) => left.CompareTo(right) >= 0;
}

/// <summary>The scheduler that leads cannot read the definition, for instance because its machine lacks a time zone; null: it can again.</summary>
public sealed record DagFaulted(string? Problem) : DagEvent;

/// <summary>From now on events of these assets count; null: of none.</summary>
/// <param name="Names">What the schedule asks for.</param>
/// <param name="Through">Id of the latest event of the deployment: what comes after it counts.</param>
public sealed record AssetsFollowed(IReadOnlyList<NamedAsset>? Names, long Through) : DagEvent;

/// <summary>Events wait for a run.</summary>
/// <param name="Events">In the order of their ids.</param>
/// <param name="Through">Id of the last one: later looks begin after it.</param>
public sealed record AssetsQueued(IReadOnlyList<AssetEvent> Events, long Through) : DagEvent;

/// <summary>A run was made of everything that waited, up to this event.</summary>
public sealed record AssetsUsed(long Through) : DagEvent;

/// <summary>What was a Dag of another name goes on under this one.</summary>
/// <param name="From">The name that it had.</param>
/// <param name="State">All that it is from now on.</param>
/// <param name="By">Who asked.</param>
/// <param name="Note">Why; null for none.</param>
/// <param name="At">When, UTC.</param>
public sealed record DagRenamed(DagId From, DagState State, string By, string? Note, DateTimeOffset At) : DagEvent;

/// <summary>Tasks have other names from now on, so that its version has another hash.</summary>
/// <param name="Version">The version that new runs take.</param>
/// <param name="By">Who asked.</param>
/// <param name="Note">Why; null for none.</param>
/// <param name="At">When, UTC.</param>
public sealed record TasksRenamed(
    string Version, string By, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Note, DateTimeOffset At) : DagEvent;

/// <summary>A Dag's own state: version, position of its timetable, latest success. Its runs are apart.</summary>
public sealed record DagState
{
    public string? Version { get; init; }

    public string? Bundle { get; init; }

    public string File { get; init; } = "";

    public bool Active { get; init; }

    public bool Paused { get; init; }

    /// <summary>Interval of the latest scheduled run that was created.</summary>
    public DataInterval? LastScheduled { get; init; }

    public RunSucceeded? LastSuccess { get; init; }

    /// <summary>Keys of the runs that wait for their turn. Keys grow, so the first has waited longest.</summary>
    /// <remarks>Only keys: what a run is about is in the read model until its turn comes, so that a hundred thousand of them may wait.</remarks>
    public ImmutableSortedSet<long> Queued { get; init; } = [];

    /// <summary>The next deadline of each of them that has one: these runs have no actor, so their Dag watches the clock for them.</summary>
    public ImmutableSortedSet<QueuedDeadline> QueuedDeadlines { get; init; } = [];

    /// <summary>Why nothing new runs though a file defines it; null when all is well.</summary>
    public string? Problem { get; init; }

    /// <summary>Since when its schedule runs as it does: it was defined or let go on then, UTC.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Up to which event of assets it has looked; null when it waits for none.</summary>
    public long? AssetsThrough { get; init; }

    /// <summary>Events of assets that no run has used yet.</summary>
    public AssetQueue Assets { get; init; } = AssetQueue.Empty;

    /// <summary>Folds one event into the state.</summary>
    public DagState Evolve(DagEvent happened) => happened switch
    {
        DagDefined e => this with { Version = e.Version, Bundle = e.Bundle, File = e.File, Active = true, Since = e.At ?? Since },
        DagRemoved => this with { Active = false, AssetsThrough = null, Assets = AssetQueue.Empty },
        DagPaused e => this with { Paused = e.Paused, Since = e.At ?? Since },
        IntervalScheduled e => this with { LastScheduled = e.Interval },
        RunSucceeded e when LastSuccess is null || e.Interval.Start >= LastSuccess.Interval.Start => this with { LastSuccess = e },
        RunSucceeded => this,
        RunQueued e => this with { Queued = Queued.Add(e.Run), QueuedDeadlines = Add(QueuedDeadlines, e.Run, e.Due) },
        RunUnqueued e => this with { Queued = Queued.Remove(e.Run), QueuedDeadlines = Remove(QueuedDeadlines, e.Run, e.Due) },
        QueuedDeadlinePassed e => this with { QueuedDeadlines = Add(Remove(QueuedDeadlines, e.Run, e.Due), e.Run, e.Next) },
        DagFaulted e => this with { Problem = e.Problem },
        AssetsFollowed { Names: { } names } e => this with { AssetsThrough = e.Through, Assets = Assets.Only(names) },
        AssetsFollowed => this with { AssetsThrough = null, Assets = AssetQueue.Empty },
        AssetsQueued e => this with { AssetsThrough = e.Through, Assets = Assets.Add(e.Events) },
        DagRenamed e => e.State,
        TasksRenamed e => this with { Version = e.Version },
        AssetsUsed e => this with { Assets = Assets.Without(e.Through) },
        _ => throw new ArgumentException($"No fold for {happened.GetType().Name}.", nameof(happened)),
    };

    /// <summary>This state under another name, where a Dag may have been defined that has no history: that one's definition counts, and this one's history.</summary>
    /// <param name="defined">The Dag of that name; null when there is none.</param>
    public DagState RenamedOver(DagState? defined) => defined?.Version is null ? this : this with
    {
        Version = defined.Version,
        Bundle = defined.Bundle,
        File = defined.File,
        Active = defined.Active,
        Paused = Paused || defined.Paused,
        Problem = defined.Problem,
        Since = defined.Since,
        // Events of assets are looked at again from where the former left off.
        AssetsThrough = defined.AssetsThrough is null ? null : AssetsThrough ?? defined.AssetsThrough,
        Assets = defined.AssetsThrough is null ? AssetQueue.Empty : AssetsThrough is null ? defined.Assets : Assets,
    };

    private static ImmutableSortedSet<QueuedDeadline> Add(ImmutableSortedSet<QueuedDeadline> deadlines, long run, DateTimeOffset? due) =>
        due is { } moment ? deadlines.Add(new(moment, run)) : deadlines;

    private static ImmutableSortedSet<QueuedDeadline> Remove(ImmutableSortedSet<QueuedDeadline> deadlines, long run, DateTimeOffset? due) =>
        due is { } moment ? deadlines.Remove(new(moment, run)) : deadlines;
}

/// <summary>Events and snapshots of Dags as UTF-8 JSON.</summary>
public static class DagJson
{
    public static byte[] Serialize(DagEvent happened) => JsonSerializer.SerializeToUtf8Bytes(happened, DagJsonContext.Default.DagEvent);

    public static DagEvent DeserializeEvent(ReadOnlySpan<byte> utf8) => JsonSerializer.Deserialize(utf8, DagJsonContext.Default.DagEvent)!;

    public static byte[] Serialize(DagState state) => JsonSerializer.SerializeToUtf8Bytes(state, DagJsonContext.Default.DagState);

    public static DagState DeserializeState(ReadOnlySpan<byte> utf8) => JsonSerializer.Deserialize(utf8, DagJsonContext.Default.DagState)!;
}

[JsonSerializable(typeof(DagEvent))]
[JsonSerializable(typeof(DagState))]
internal sealed partial class DagJsonContext : JsonSerializerContext;
