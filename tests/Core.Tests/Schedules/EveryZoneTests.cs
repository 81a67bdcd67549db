using NodaTime;
using NodaTime.TimeZones;
using Sluice.Core.Schedules;

namespace Sluice.Core.Tests.Schedules;

public sealed class EveryZoneTests
{
    private static readonly Instant From = Instant.FromUtc(1996, 1, 1, 0, 0);
    private static readonly Instant Until = Instant.FromUtc(2036, 1, 1, 0, 0);
    private static readonly TimeSpan Around = TimeSpan.FromHours(7);

    /// <summary>Every change of the clock of every zone in 40 years: ticks around it are those that each time of the wall clock maps to, there and back.</summary>
    [Theory]
    [InlineData("0 * * * *")]
    [InlineData("*/20 * * * *")]
    [InlineData("0 */2 * * *")]
    [InlineData("30 1 * * *")]
    [InlineData("0 0 * * *")]
    [InlineData("15,45 0-3 * * *")]
    public void No_zone_loses_or_doubles_an_interval(string text)
    {
        Assert.True(CronExpression.TryParse(text, out var cron, out _));
        var changes = 0;
        foreach (var id in DateTimeZoneProviders.Tzdb.Ids.Where(id => TzdbDateTimeZoneSource.Default.CanonicalIdMap[id] == id))
        {
            var zone = DateTimeZoneProviders.Tzdb[id];
            var ticks = new CronTicks(cron, zone);
            foreach (var span in zone.GetZoneIntervals(From, Until).Where(span => span.HasStart && span.Start > From))
            {
                changes++;
                var (start, end) = (span.Start.ToDateTimeUtc() - Around, span.Start.ToDateTimeUtc() + Around);
                var expected = Expected(cron, zone, start, end);
                var there = new List<DateTime>();
                for (var tick = ticks.AtOrAfter(start); tick < end; tick = ticks.After(tick.Value))
                {
                    there.Add(tick.Value);
                }

                Assert.True(expected.SequenceEqual(there), $"{id} at {span.Start}: expected {string.Join(' ', expected)}, found {string.Join(' ', there)}");
                var back = new List<DateTime>();
                for (var tick = ticks.Before(end); tick >= start; tick = ticks.Before(tick.Value))
                {
                    back.Add(tick.Value);
                }

                back.Reverse();
                Assert.True(expected.SequenceEqual(back), $"{id} at {span.Start}: expected {string.Join(' ', expected)}, found {string.Join(' ', back)} on the way back");
            }
        }

        Assert.True(changes > 5_000, $"only {changes} changes of clocks were looked at");
    }

    [Fact]
    public void Every_zone_that_this_machine_knows_has_gapless_intervals()
    {
        Schedule[] schedules = [Schedule.Hourly, Schedule.Daily, Schedule.EveryMonths(1), Schedule.Cron("*/30 * * * *"), Schedule.Cron("30 2 * * *", "0 1 L * *")];
        var zones = TimeZoneInfo.GetSystemTimeZones().Select(zone => zone.Id).Where(id => DateTimeZoneProviders.Tzdb.Ids.Contains(id)).ToList();
        Assert.True(zones.Count > 300, $"only {zones.Count} zones are known here");
        foreach (var zone in zones)
        {
            foreach (var schedule in schedules)
            {
                var timetable = Timetable.Create(schedule, zone, From.ToDateTimeOffset(), null, CatchupMode.All);
                DataInterval? last = null;
                foreach (var instant in DateTimeZoneProviders.Tzdb[zone].GetZoneIntervals(From, Until).Where(span => span.HasStart).Select(span => span.Start.ToDateTimeOffset()).TakeLast(6))
                {
                    last = null;
                    foreach (var interval in timetable.Between(instant.AddHours(-3), instant.AddHours(3)))
                    {
                        Assert.True(interval.End > interval.Start && (last is null || last.Value.End == interval.Start), $"{zone} {interval}");
                        last = interval;
                    }
                }
            }
        }
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
