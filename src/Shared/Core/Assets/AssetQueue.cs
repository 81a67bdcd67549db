using System.Collections.Immutable;
using Sluice.Core.DagRuns;
using Sluice.Core.Schedules;

namespace Sluice.Core.Assets;

/// <summary>Events that a Dag has not used for a run yet, oldest first. Immutable.</summary>
public sealed record AssetQueue
{
    /// <summary>Of each asset only the latest are kept: what waits for a rare asset must not hold years of a busy one.</summary>
    public const int Depth = 50;

    public static AssetQueue Empty { get; } = new();

    public ImmutableList<AssetEvent> Events { get; init; } = [];

    /// <summary>With later events behind; those that are in it already, by id, are passed over.</summary>
    public AssetQueue Add(IEnumerable<AssetEvent> later)
    {
        var events = Events;
        foreach (var one in later)
        {
            if (!events.IsEmpty && one.Id <= events[^1].Id)
            {
                continue;
            }

            bool IsSame(AssetEvent other) => (other.Asset, other.Alias) == (one.Asset, one.Alias);
            if (events.Count(IsSame) >= Depth)
            {
                events = events.RemoveAt(events.FindIndex(IsSame));
            }

            events = events.Add(one);
        }

        return this with { Events = events };
    }

    /// <summary>Without what a run was made of.</summary>
    public AssetQueue Without(long through) => this with { Events = Events.RemoveAll(one => one.Id <= through) };

    /// <summary>Only what an expression asks for.</summary>
    public AssetQueue Only(IReadOnlyList<NamedAsset> names) => this with { Events = Events.RemoveAll(one => !names.Any(name => name.Has(one))) };
}

/// <summary>Which run a Dag's queued events make.</summary>
public static class AssetRuns
{
    /// <summary>The events that the next run is of: all that wait, once the expression is met. Null while it is not.</summary>
    public static IReadOnlyList<AssetEvent>? Due(AssetExpression expression, AssetQueue queue) =>
        expression.IsMetBy(queue.Events) ? queue.Events : null;

    /// <summary>From the earliest start to the latest end of the runs that the events came from; an event from outside counts as the moment that it happened at.</summary>
    public static DataInterval IntervalOf(IReadOnlyList<AssetEvent> events) => new(
        events.Min(one => one.SourceInterval?.Start ?? one.At),
        events.Max(one => one.SourceInterval?.End ?? one.At));

    /// <summary>Whether runs of this type are the one run of their interval; others may share a logical date.</summary>
    public static bool IsOfInterval(this RunType type) => type is RunType.Scheduled or RunType.Backfill;
}
