using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;

namespace Sluice.Core.Backfills;

/// <summary>State of a backfill. The names are stored.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<BackfillPhase>))]
public enum BackfillPhase
{
    Running,
    Success,

    /// <summary>All runs ended, at least one as failed.</summary>
    Failed,

    /// <summary>Starts no more runs; some may still be active.</summary>
    Cancelled,

    /// <summary>Starts no more runs until it is resumed; some may still be active.</summary>
    Paused,
}

/// <summary>One backfill, folded from its events. As large for a hundred thousand intervals as for one.</summary>
public sealed record BackfillState
{
    /// <summary>Before its first event.</summary>
    public static BackfillState Empty { get; } = new();

    public string Id { get; init; } = "";

    public DagId Dag { get; init; }

    /// <summary>The version of the Dag whose schedule it keeps to. Its runs take the version of their day.</summary>
    public string Version { get; init; } = "";

    /// <summary><c>[Start, End)</c> by logical date, UTC.</summary>
    public DataInterval Range { get; init; }

    public BackfillOptions Options { get; init; } = new();

    /// <summary>Complete intervals in the range when it was made.</summary>
    public int Intervals { get; init; }

    /// <summary>Those that were to be run then.</summary>
    public int Planned { get; init; }

    /// <summary>Logical date of the run that was started last: the walk goes on after it.</summary>
    public DateTimeOffset? Cursor { get; init; }

    /// <summary>Runs that have been started and have not ended.</summary>
    public ImmutableArray<DataInterval> Active { get; init; } = [];

    public int Succeeded { get; init; }

    public int Failed { get; init; }

    /// <summary>Planned ones that turned out to be done by someone else when their turn came.</summary>
    public int Overtaken { get; init; }

    public BackfillPhase Phase { get; init; }

    /// <summary>It was cancelled with its active runs.</summary>
    public bool StopsRuns { get; init; }

    /// <summary>Who made it, when, and why.</summary>
    public BackfillWord Made { get; init; } = new("", default);

    /// <summary>Who changed it last, when, and why.</summary>
    public BackfillWord? Changed { get; init; }

    /// <summary>When it began to run: was made, or resumed.</summary>
    public DateTimeOffset RunsSince { get; init; }

    /// <summary>When its latest runs ended, oldest first; <see cref="BackfillPace.Window"/> at most, none from before it was resumed.</summary>
    public ImmutableArray<DateTimeOffset> Ends { get; init; } = [];

    /// <summary>When the last run ended, UTC; null while any is active or to come.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    [JsonIgnore]
    public bool Exists => Id.Length > 0;

    /// <summary>Runs that it makes in all. Until it has ended, an estimate from the day it was made.</summary>
    [JsonIgnore]
    public int Total => EndedAt is not null && Phase != BackfillPhase.Cancelled
        ? Succeeded + Failed
        : Math.Max(Planned - Overtaken, Succeeded + Failed + Active.Length);

    /// <summary>Runs that may be started now, by its limit.</summary>
    [JsonIgnore]
    public int Room => Phase == BackfillPhase.Running ? Math.Max(0, Options.MaxActiveRuns - Active.Length) : 0;

    /// <summary>Runs that a cancelled backfill never started.</summary>
    [JsonIgnore]
    public int Cancelled => Phase == BackfillPhase.Cancelled ? Total - Succeeded - Failed - Active.Length : 0;

    [JsonIgnore]
    public BackfillPace Pace => Ends.Length < BackfillPace.Window ? new(RunsSince, Ends.Length) : new(Ends[0], Ends.Length - 1);

    /// <summary>The active run with a logical date.</summary>
    public DataInterval? FindActive(DateTimeOffset logicalDate)
    {
        foreach (var run in Active)
        {
            if (run.Start == logicalDate)
            {
                return run;
            }
        }

        return null;
    }
}
