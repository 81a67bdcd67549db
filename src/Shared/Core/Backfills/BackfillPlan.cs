using System.Text.Json.Serialization;
using Sluice.Core.DagRuns;
using Sluice.Core.Schedules;

namespace Sluice.Core.Backfills;

/// <summary>What a backfill does with a run that its range already holds. A run that has not finished is never touched.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Reprocess>))]
public enum Reprocess
{
    /// <summary>Leaves it.</summary>
    None,

    /// <summary>Runs it again when it failed.</summary>
    Failed,

    /// <summary>Runs it again however it ended.</summary>
    Completed,
}

/// <summary>One run of a backfill. Times are UTC.</summary>
/// <param name="Start">Start of the data interval: the logical date.</param>
/// <param name="End">End of the data interval.</param>
/// <param name="Again">A run with this logical date exists: it is run again, under its own run id.</param>
public readonly record struct PlannedRun(
    [property: JsonPropertyName("s")] DateTimeOffset Start,
    [property: JsonPropertyName("e")] DateTimeOffset End,
    [property: JsonPropertyName("g"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Again = false)
{
    [JsonIgnore]
    public DataInterval Interval => new(Start, End);
}

/// <summary>Which runs a backfill makes, or why it makes none.</summary>
public sealed record BackfillPlan
{
    /// <summary>Most runs of one backfill: twelve years of hours.</summary>
    public const int MaxRuns = 100_000;

    private BackfillPlan()
    {
    }

    /// <summary><c>[Start, End)</c> by logical date, UTC, as it was asked for.</summary>
    public required DataInterval Range { get; init; }

    /// <summary>Oldest first; empty when refused.</summary>
    public IReadOnlyList<PlannedRun> Runs { get; private init; } = [];

    /// <summary>Intervals that keep the run they have.</summary>
    public IReadOnlyList<DataInterval> LeftAlone { get; private init; } = [];

    /// <summary>One sentence: why there is nothing to do; null when there is.</summary>
    public string? Refusal { get; private init; }

    /// <summary>Plans the runs for the complete intervals whose logical date lies in <c>[start, end)</c>; start date, end date and catchup of the Dag do not matter.</summary>
    /// <param name="timetable">The Dag's timetable.</param>
    /// <param name="start">First logical date.</param>
    /// <param name="end">Where to stop; not part of it.</param>
    /// <param name="now">Only intervals that have ended by then are run.</param>
    /// <param name="existing">State of the Dag's runs in the range, by logical date.</param>
    /// <param name="reprocess">What to do with those.</param>
    public static BackfillPlan Create(
        Timetable timetable,
        DateTimeOffset start,
        DateTimeOffset end,
        DateTimeOffset now,
        IReadOnlyDictionary<DateTimeOffset, RunState> existing,
        Reprocess reprocess = Reprocess.None)
    {
        var range = new DataInterval(start.ToUniversalTime(), end.ToUniversalTime());
        if (!timetable.IsPeriodic)
        {
            return Refused(range, "The Dag has no periodic schedule, so there are no intervals to backfill; trigger runs by hand instead.");
        }

        if (start >= end)
        {
            return Refused(range, $"The backfill's start {Show(start)} is not before its end {Show(end)}; the end is not part of the range.");
        }

        var runs = new List<PlannedRun>();
        var leftAlone = new List<DataInterval>();
        foreach (var interval in timetable.Between(start, end).TakeWhile(interval => interval.End <= now))
        {
            if (!existing.TryGetValue(interval.Start, out var state))
            {
                runs.Add(new(interval.Start, interval.End));
            }
            else if (RunsAgain(state, reprocess))
            {
                runs.Add(new(interval.Start, interval.End, Again: true));
            }
            else
            {
                leftAlone.Add(interval);
            }

            if (runs.Count > MaxRuns || leftAlone.Count > MaxRuns)
            {
                return Refused(range, $"The backfill would go over more than {MaxRuns} intervals; choose a shorter range.");
            }
        }

        if (runs.Count > 0)
        {
            return new() { Range = range, Runs = runs, LeftAlone = leftAlone };
        }

        return leftAlone.Count > 0
            ? Refused(range, $"Nothing to backfill: each of the {leftAlone.Count} intervals from {Show(start)} to {Show(end)} has a run already{Hint(reprocess)}.", leftAlone)
            : timetable.Between(start, end).Any()
                ? Refused(range, $"Nothing to backfill: no interval from {Show(start)} to {Show(end)} is complete at {Show(now)}.")
                : Refused(range, $"Nothing to backfill: no interval of the schedule starts from {Show(start)} to {Show(end)}.");
    }

    private static bool RunsAgain(RunState state, Reprocess reprocess) => state switch
    {
        RunState.Failed => reprocess is Reprocess.Failed or Reprocess.Completed,
        RunState.Success => reprocess is Reprocess.Completed,
        _ => false,
    };

    private static string Hint(Reprocess reprocess) => reprocess switch
    {
        Reprocess.None => "; to run them again, reprocess failed or completed ones",
        Reprocess.Failed => " that did not fail; to run them again, reprocess completed ones",
        _ => " that is still going on",
    };

    private static BackfillPlan Refused(DataInterval range, string why, IReadOnlyList<DataInterval>? leftAlone = null) =>
        new() { Range = range, Refusal = why, LeftAlone = leftAlone ?? [] };

    private static string Show(DateTimeOffset instant) => instant.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ssZ");
}
