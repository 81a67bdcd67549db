using NodaTime;
using NodaTime.TimeZones;
using Sluice.Core.Schedules;

namespace Sluice.Core.Tests.Schedules;

public sealed class EveryZoneTests
{
    private static readonly Instant From = Instant.FromUtc(1996, 1, 1, 0, 0);
    private static readonly Instant Until = Instant.FromUtc(2036, 1, 1, 0, 0);

    // The others are names for one of these.
    private static readonly List<string> Zones = [.. DateTimeZoneProviders.Tzdb.Ids.Where(id => TzdbDateTimeZoneSource.Default.CanonicalIdMap[id] == id)];

    /// <summary>Every change of the clock of every zone in 40 years: ticks around it are those that each time of the wall clock maps to, there and back.</summary>
    [Theory]
    [InlineData("0 * * * *", 72)]
    [InlineData("*/30 * * * *", 72)]
    [InlineData("*/20 * * * *", 7)]
    [InlineData("0 */2 * * *", 7)]
    [InlineData("30 1 * * *", 7)]
    [InlineData("0 0 * * *", 7)]
    [InlineData("15,45 0-3 * * *", 7)]
    public void No_zone_loses_or_doubles_an_interval(string text, int hours)
    {
        var around = TimeSpan.FromHours(hours);
        Assert.True(CronExpression.TryParse(text, out var cron, out _));
        var changes = 0;
        Parallel.ForEach(Zones, id =>
        {
            var zone = DateTimeZoneProviders.Tzdb[id];
            var ticks = new CronTicks(cron, zone);
            foreach (var span in zone.GetZoneIntervals(From, Until).Where(span => span.HasStart && span.Start > From))
            {
                Interlocked.Increment(ref changes);
                var (start, end) = (span.Start.ToDateTimeUtc() - around, span.Start.ToDateTimeUtc() + around);
                var expected = Expected(cron, zone, start, end);
                var there = new List<DateTime>();
                for (var tick = ticks.AtOrAfter(start); tick < end; tick = ticks.After(tick.Value))
                {
                    there.Add(tick.Value);
                }

                if (!expected.SequenceEqual(there))
                {
                    Assert.Fail($"{id} at {span.Start}: expected {string.Join(' ', expected)}, found {string.Join(' ', there)}");
                }

                var back = new List<DateTime>();
                for (var tick = ticks.Before(end); tick >= start; tick = ticks.Before(tick.Value))
                {
                    back.Add(tick.Value);
                }

                back.Reverse();
                if (!expected.SequenceEqual(back))
                {
                    Assert.Fail($"{id} at {span.Start}: expected {string.Join(' ', expected)}, found {string.Join(' ', back)} on the way back");
                }
            }
        });

        Assert.True(changes > 5_000, $"only {changes} changes of clocks were looked at");
    }

    /// <summary>Forty years in every zone, run after run: each interval begins where the one before ended, and its ends are those that the calendar on the wall has.</summary>
    [Theory]
    [InlineData("daily")]
    [InlineData("weekly")]
    [InlineData("monthly")]
    [InlineData("every 3 days")]
    [InlineData("every month")]
    public void Intervals_of_days_and_months_are_gapless_for_forty_years_in_every_zone(string name)
    {
        var start = new DateOnly(1996, 1, 7); // a Sunday
        Schedule schedule = name switch
        {
            "daily" => Schedule.Daily,
            "weekly" => Schedule.Weekly,
            "monthly" => Schedule.Monthly,
            "every 3 days" => Schedule.EveryDays(3),
            _ => Schedule.EveryMonths(1),
        };
        var wall = WallDates(name, start).TakeWhile(date => date.Year < 2036).ToList();
        Parallel.ForEach(Zones, id =>
        {
            var zone = DateTimeZoneProviders.Tzdb[id];
            var expected = wall.Select(date => OnWall(zone, date)).Distinct().Order().ToList(); // a day that a zone leaves out begins with the next one
            var timetable = Timetable.Create(schedule, id, OnWall(zone, start), null, CatchupMode.All);
            var intervals = expected.Zip(expected.Skip(1), (begin, end) => new DataInterval(begin, end)).ToList();
            if (!intervals.SequenceEqual(timetable.Between(expected[0], expected[^1])))
            {
                Assert.Fail($"{id}: {name} cuts the years in another way");
            }

            // A run goes on where the last one ended. Of days there are so many that the first years will do.
            DataInterval? last = null;
            foreach (var interval in intervals.Take(2000))
            {
                var firing = timetable.Next(last, expected[0]);
                if (firing?.Interval != interval)
                {
                    Assert.Fail($"{id}: after {last}, {name} gives {firing?.Interval}, not {interval}");
                }

                last = interval;
            }
        });
    }

    /// <summary>Three days around every change of every clock: what the clock does moves no interval over another, and loses none.</summary>
    [Fact]
    public void Short_intervals_are_gapless_around_every_change_of_every_clock()
    {
        Schedule[] schedules = [Schedule.Hourly, Schedule.Cron("*/30 * * * *"), Schedule.Every(TimeSpan.FromHours(1)), Schedule.Every(TimeSpan.FromMinutes(30)), Schedule.Cron("30 2 * * *", "0 1 L * *")];
        var changes = 0;
        Parallel.ForEach(Zones, zone =>
        {
            var timetables = Array.ConvertAll(schedules, schedule => Timetable.Create(schedule, zone, From.ToDateTimeOffset(), null, CatchupMode.All));
            foreach (var span in DateTimeZoneProviders.Tzdb[zone].GetZoneIntervals(From, Until).Where(span => span.HasStart && span.Start > From))
            {
                Interlocked.Increment(ref changes);
                var (start, end) = (span.Start.ToDateTimeOffset().AddDays(-3), span.Start.ToDateTimeOffset().AddDays(3));
                for (var i = 0; i < schedules.Length; i++)
                {
                    var intervals = timetables[i].Between(start, end).ToList();
                    for (var at = 0; at < intervals.Count; at++)
                    {
                        var interval = intervals[at];
                        if (interval.End <= interval.Start || (at > 0 && intervals[at - 1].End != interval.Start))
                        {
                            Assert.Fail($"{zone}, {schedules[i]}: {interval}");
                        }
                    }

                    // Of elapsed time there are as many as fit; on the wall half an hour or an hour is doubled or left out.
                    var (whole, slack) = schedules[i] switch { IntervalSchedule { Length: var length } => ((int)((end - start) / length), 0), CronSchedule { More: not null } => (6, 2), CronSchedule { Expression: "@hourly" } => (144, 1), _ => (288, 1) };
                    if (Math.Abs(intervals.Count - whole) > slack)
                    {
                        Assert.Fail($"{zone} at {span.Start}, {schedules[i]}: {intervals.Count} intervals in six days");
                    }
                }
            }
        });
        Assert.True(changes > 5_000, $"only {changes} changes of clocks were looked at");
    }

    private static IEnumerable<DateOnly> WallDates(string name, DateOnly start) => name switch
    {
        "daily" => Enumerable.Range(0, int.MaxValue).Select(start.AddDays),
        "weekly" => Enumerable.Range(0, int.MaxValue).Select(n => start.AddDays(7 * n)),
        "monthly" => Enumerable.Range(1, int.MaxValue - 1).Select(n => new DateOnly(1996, 1, 1).AddMonths(n)),
        "every 3 days" => Enumerable.Range(0, int.MaxValue).Select(n => start.AddDays(3 * n)),
        _ => Enumerable.Range(0, int.MaxValue).Select(start.AddMonths),
    };

    // Midnight; where the clock skips it, as much later as it skips; where it comes twice, the second.
    private static DateTimeOffset OnWall(DateTimeZone zone, DateOnly date)
    {
        var mapping = zone.MapLocal(new LocalDateTime(date.Year, date.Month, date.Day, 0, 0));
        return mapping.Count > 0
            ? mapping.Last().ToDateTimeOffset().ToUniversalTime()
            : new DateTimeOffset(date.ToDateTime(default), TimeSpan.Zero) - mapping.EarlyInterval.WallOffset.ToTimeSpan();
    }

    private static List<DateTime> Expected(CronExpression cron, DateTimeZone zone, DateTime start, DateTime end)
    {
        // A zone may skip a whole day (Kwajalein, Apia).
        var margin = TimeSpan.FromHours(48);
        var found = new SortedSet<DateTime>();
        for (var wall = cron.Next(start - margin); wall < end + margin; wall = cron.Next(wall.Value))
        {
            var mapping = zone.MapLocal(LocalDateTime.FromDateTime(wall.Value));
            if (mapping.Count == 0)
            {
                found.Add((wall.Value - mapping.EarlyInterval.WallOffset.ToTimeSpan()));
                continue;
            }

            found.Add(mapping.Last().ToDateTimeUtc());
            if (mapping.Count == 2 && cron.RunsEveryHour)
            {
                found.Add(mapping.First().ToDateTimeUtc());
            }
        }

        return [.. found.Where(tick => tick >= start && tick < end)];
    }
}
