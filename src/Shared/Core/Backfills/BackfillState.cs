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
}

/// <summary>One backfill, folded from its events.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Dag">Its Dag.</param>
/// <param name="Range"><c>[Start, End)</c> by logical date, UTC.</param>
/// <param name="MaxActiveRuns">Runs at once.</param>
/// <param name="Runs">All planned runs, oldest first.</param>
/// <param name="Next">Place of the run that is started next; the length of <paramref name="Runs"/> when all have been.</param>
/// <param name="Active">Places of the runs that have been started and have not ended.</param>
/// <param name="Succeeded">How many ended well.</param>
/// <param name="Failed">How many ended as failed.</param>
/// <param name="Phase">What it is at.</param>
/// <param name="CreatedAt">UTC.</param>
/// <param name="EndedAt">When the last run ended, UTC; null while any is active or to come.</param>
public sealed record BackfillState(
    string Id,
    DagId Dag,
    DataInterval Range,
    int MaxActiveRuns,
    ImmutableArray<PlannedRun> Runs,
    int Next,
    ImmutableArray<int> Active,
    int Succeeded,
    int Failed,
    BackfillPhase Phase,
    DateTimeOffset CreatedAt,
    DateTimeOffset? EndedAt)
{
    /// <summary>Before its first event.</summary>
    public static BackfillState Empty { get; } = new("", default, default, 0, [], 0, [], 0, 0, BackfillPhase.Running, default, null);

    [JsonIgnore]
    public bool Exists => Id.Length > 0;

    /// <summary>Runs that a cancelled backfill never started.</summary>
    [JsonIgnore]
    public int Cancelled => Phase == BackfillPhase.Cancelled ? Runs.Length - Next : 0;

    /// <summary>The active run with a logical date, by its place; -1 when there is none.</summary>
    public int FindActive(DateTimeOffset logicalDate)
    {
        foreach (var ordinal in Active)
        {
            if (Runs[ordinal].Start == logicalDate)
            {
                return ordinal;
            }
        }

        return -1;
    }
}
