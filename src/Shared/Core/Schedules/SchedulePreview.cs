namespace Sluice.Core.Schedules;

/// <summary>What a timetable is going to do, for people to look at before they trust it.</summary>
public static class SchedulePreview
{
    /// <summary>The first firings, in order, as if none had happened yet.</summary>
    /// <param name="timetable">The timetable, with its catchup.</param>
    /// <param name="now">The present; null: as seen from the start date, so that every interval since then counts.</param>
    /// <param name="count">How many at most; fewer when the timetable ends.</param>
    /// <remarks>Empty when the schedule needs a start date that it does not have.</remarks>
    public static IEnumerable<Firing> Firings(Timetable timetable, DateTimeOffset? now, int count)
    {
        if ((now ?? timetable.StartDate) is not { } present)
        {
            yield break;
        }

        DataInterval? last = null;
        while (count-- > 0 && timetable.Next(last, present) is { } firing)
        {
            yield return firing;
            last = firing.Interval;
        }
    }
}
