using Sluice.Core.Schedules;

namespace Sluice.Core.Backfills;

/// <summary>Counts what a backfill will do, interval by interval, and says why it makes no sense when it does not.</summary>
/// <param name="timetable">The Dag's timetable; its start date, end date and catchup do not matter.</param>
/// <param name="range"><c>[Start, End)</c> by logical date, UTC.</param>
/// <param name="options">How it goes about it.</param>
/// <param name="now">Only intervals that have ended by then are run.</param>
public sealed class BackfillPlan(Timetable timetable, DataInterval range, BackfillOptions options, DateTimeOffset now)
{
    /// <summary>Most intervals of one backfill: eleven years of hours.</summary>
    public const int MaxIntervals = 100_000;

    /// <summary>Its intervals, one after the other.</summary>
    public BackfillWalk Walk { get; } = new(timetable, range, options.Order, now);

    public DataInterval Range => range;

    /// <summary>Runs that will be made.</summary>
    public int ToCreate { get; private set; }

    /// <summary>Runs that will be run again.</summary>
    public int ToReprocess { get; private set; }

    /// <summary>Intervals that keep the run they have.</summary>
    public int ToSkip { get; private set; }

    public int Intervals => ToCreate + ToReprocess + ToSkip;

    public void Add(BackfillStep step)
    {
        switch (step.Action)
        {
            case BackfillAction.Create: ToCreate++; break;
            case BackfillAction.Reprocess: ToReprocess++; break;
            default: ToSkip++; break;
        }
    }

    /// <summary>One sentence: why there is nothing to begin with; null when there is. Needs no interval to be counted.</summary>
    public string? Nonsense()
    {
        if (options.MaxActiveRuns is < 1 or > BackfillOptions.MostActiveRuns)
        {
            return $"max_active_runs is {options.MaxActiveRuns}; it must be from 1 to {BackfillOptions.MostActiveRuns}.";
        }

        if (!timetable.IsPeriodic)
        {
            return "The Dag has no periodic schedule, so there are no intervals to backfill; trigger runs by hand instead.";
        }

        if (range.Start >= range.End)
        {
            return $"The backfill's start {Show(range.Start)} is not before its end {Show(range.End)}; the end is not part of the range.";
        }

        if (Walk.After(null).Take(MaxIntervals + 1).Count() is var intervals and (0 or > MaxIntervals))
        {
            return intervals > 0 ? $"The backfill would go over more than {MaxIntervals} intervals; choose a shorter range."
                : timetable.Between(range.Start, range.End).Any()
                    ? $"Nothing to backfill: no interval from {Show(range.Start)} to {Show(range.End)} is complete at {Show(now)}."
                    : $"Nothing to backfill: no interval of the schedule starts from {Show(range.Start)} to {Show(range.End)}.";
        }

        return null;
    }

    /// <summary>One sentence: why there is nothing to do, once every interval is counted; null when there is.</summary>
    public string? NothingToDo() => ToCreate + ToReprocess > 0
        ? null
        : $"Nothing to backfill: each of the {Intervals} intervals from {Show(range.Start)} to {Show(range.End)} has a run already" + options.Reprocess switch
        {
            Reprocess.None => "; to run them again, reprocess failed or completed ones.",
            Reprocess.Failed => " that did not fail; to run them again, reprocess completed ones.",
            _ => " that is still going on.",
        };

    private static string Show(DateTimeOffset instant) => instant.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ssZ");
}
