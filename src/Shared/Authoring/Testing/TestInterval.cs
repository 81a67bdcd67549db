using Sluice.Authoring.Dags;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;

namespace Sluice.Authoring.Testing;

/// <summary>Finds the data interval of a test run.</summary>
public static class TestInterval
{
    private static readonly int[] WindowsInDays = [1, 8, 32, 400];

    /// <summary>The interval that a date lies in; without a date the one that a run triggered now would get.</summary>
    /// <param name="dag">The Dag.</param>
    /// <param name="date">Read in the Dag's time zone.</param>
    /// <param name="now">UTC.</param>
    public static DataInterval Of(DagSpec dag, Date? date, DateTimeOffset now)
    {
        var timetable = Timetable.Create(dag.Schedule, dag.TimeZone, DagDates.Start(dag), endDate: null, CatchupMode.All);
        if (date?.ToUtc(dag.TimeZone) is not { } at)
        {
            return timetable.ManualInterval(now);
        }

        if (timetable.IsPeriodic)
        {
            // Frequent schedules are found in the first small window, rare ones have few intervals in the large ones.
            foreach (var days in WindowsInDays)
            {
                if (timetable.Between(at.AddDays(-days), at.AddTicks(1)).Select(interval => (DataInterval?)interval).LastOrDefault() is { } found)
                {
                    return found;
                }
            }
        }

        return new(at, at);
    }
}
