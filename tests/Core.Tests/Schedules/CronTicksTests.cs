using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using NodaTime;
using NodaTime.TimeZones;
using Sluice.Core.Schedules;

namespace Sluice.Core.Tests.Schedules;

public sealed class CronTicksTests
{
    /// <summary>Rows of <c>zone;cron;from;ticks</c> around changes of the clock, computed by another program, minute by minute, from the system's zone data.</summary>
    public static TheoryData<string, string, string, string> Table()
    {
        var rows = new TheoryData<string, string, string, string>();
        foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Schedules", "ticks.csv")))
        {
            var cells = line.Split(';');
            rows.Add(cells[0], cells[1], cells[2], cells[3]);
        }

        return rows;
    }

    [Theory]
    [MemberData(nameof(Table))]
    public void Ticks_are_those_of_the_table_in_both_directions(string zone, string cron, string from, string expected)
    {
        var ticks = TicksOf(cron, zone);
        var instants = expected.Split(' ').Select(Utc).ToList();

        Assert.Equal(instants, Forwards(ticks, Utc(from)).Take(instants.Count));
        Assert.Equal(Enumerable.Reverse(instants).Skip(1), Backwards(ticks, instants[^1]).Take(instants.Count - 1));
    }

    [Theory]
    // Spring in New York: 02:00 does not exist and moves to 03:00.
    [InlineData("America/New_York", "0 */2 * * *", "2024-03-10T05:00Z", "2024-03-10T05:00Z 2024-03-10T07:00Z 2024-03-10T08:00Z 2024-03-10T10:00Z")]
    // The skipped 02:30 moves to 03:30 and falls on the other tick of that name: one tick.
    [InlineData("America/New_York", "30 2,3 * * *", "2024-03-10T05:00Z", "2024-03-10T07:30Z 2024-03-11T06:30Z 2024-03-11T07:30Z")]
    // Fall in New York: 01:30 happens twice, the second counts.
    [InlineData("America/New_York", "30 1 * * *", "2024-11-03T04:00Z", "2024-11-03T06:30Z 2024-11-04T06:30Z")]
    // Also when the look forward begins within the first time, and the match after it is a week away.
    [InlineData("America/New_York", "30 1 * * SUN", "2024-11-03T05:45Z", "2024-11-03T06:30Z 2024-11-10T06:30Z")]
    // Looking back over a midnight that is shown twice, with the match before it a year away.
    [InlineData("America/Havana", "45 * 3 11 *", "2024-11-03T00:00Z", "2024-11-03T04:45Z 2024-11-03T05:45Z 2024-11-03T06:45Z")]
    // An hourly schedule runs through the repeated hour.
    [InlineData("America/New_York", "0 * * * *", "2024-11-03T04:00Z", "2024-11-03T04:00Z 2024-11-03T05:00Z 2024-11-03T06:00Z 2024-11-03T07:00Z")]
    // Lord Howe shifts by 30 minutes: 02:00 to 02:30 in spring, 02:00 to 01:30 in fall.
    [InlineData("Australia/Lord_Howe", "0 * * * *", "2021-10-02T14:30Z", "2021-10-02T14:30Z 2021-10-02T15:30Z 2021-10-02T16:00Z 2021-10-02T17:00Z")]
    [InlineData("Australia/Lord_Howe", "0 * * * *", "2021-04-03T14:00Z", "2021-04-03T14:00Z 2021-04-03T15:30Z 2021-04-03T16:30Z")]
    [InlineData("Australia/Lord_Howe", "45 1 * * *", "2021-04-03T12:00Z", "2021-04-03T15:15Z 2021-04-04T15:15Z")]
    // Samoa left out the 30th of December 2011.
    [InlineData("Pacific/Apia", "0 0 * * *", "2011-12-29T00:00Z", "2011-12-29T10:00Z 2011-12-30T10:00Z 2011-12-31T10:00Z")]
    [InlineData("Pacific/Apia", "0 0 * * FRI", "2011-12-29T00:00Z", "2011-12-30T10:00Z 2012-01-05T10:00Z")]
    // Midnight does not exist in Sao Paulo on the day of the change.
    [InlineData("America/Sao_Paulo", "@daily", "2018-11-03T00:00Z", "2018-11-03T03:00Z 2018-11-04T03:00Z 2018-11-05T02:00Z")]
    // Leap days are skipped in 1900, not in 2000.
    [InlineData("UTC", "0 0 29 2 *", "1896-03-01T00:00Z", "1904-02-29T00:00Z 1908-02-29T00:00Z")]
    [InlineData("UTC", "0 0 29 2 *", "1996-03-01T00:00Z", "2000-02-29T00:00Z 2004-02-29T00:00Z")]
    public void A_clock_change_neither_drops_nor_doubles_a_tick(string zone, string cron, string from, string expected) =>
        Ticks_are_those_of_the_table_in_both_directions(zone, cron, from, expected);

    [Fact]
    public void Ticks_equal_those_found_by_walking_every_minute() =>
        Check.One(Properties.Of(400), Prop.ForAll(Arb.From(Cases()), c =>
        {
            var from = c.From;
            var expected = c.WalkEveryMinute();
            var ticks = TicksOf(c.Cron, c.Zone);

            Assert.Equal(expected, Forwards(ticks, from).TakeWhile(t => t < from + Case.Span));
            Assert.Equal(Enumerable.Reverse(expected), Backwards(ticks, from + Case.Span).TakeWhile(t => t >= from));
        }));

    [Fact]
    public void Ticks_are_strictly_increasing_and_the_way_back_is_the_way_there() =>
        Check.One(Properties.Of(500), Prop.ForAll(Arb.From(Cases()), c =>
        {
            var ticks = TicksOf(c.Cron, c.Zone);
            var there = Forwards(ticks, c.From).Take(60).ToList();
            for (var i = 1; i < there.Count; i++)
            {
                Assert.True(there[i - 1] < there[i]);
                Assert.Equal(there[i - 1], ticks.Before(there[i]));
                Assert.Equal(there[i], ticks.AtOrAfter(there[i]));
                Assert.Equal(there[i], ticks.AtOrBefore(there[i]));
            }
        }));

    [Fact]
    public void The_sequence_ends_with_the_calendar_instead_of_failing()
    {
        var ticks = TicksOf("0 0 29 2 *", "America/New_York");

        Assert.Null(ticks.After(DateTime.SpecifyKind(DateTime.MaxValue, DateTimeKind.Utc)));
        Assert.Null(ticks.Before(DateTime.SpecifyKind(DateTime.MinValue, DateTimeKind.Utc).AddTicks(1)));
        Assert.NotNull(ticks.After(DateTime.SpecifyKind(DateTime.MinValue, DateTimeKind.Utc).AddTicks(1)));
        Assert.NotNull(ticks.Before(DateTime.SpecifyKind(DateTime.MaxValue, DateTimeKind.Utc)));
    }

    private static CronTicks TicksOf(string cron, string zone)
    {
        Assert.True(CronExpression.TryParse(cron, out var expression, out var error), error);
        return new CronTicks(expression, DateTimeZoneProviders.Tzdb[zone]);
    }

    private static IEnumerable<DateTime> Forwards(CronTicks ticks, DateTime from)
    {
        for (var tick = ticks.AtOrAfter(from); tick is not null; tick = ticks.After(tick.Value))
        {
            yield return tick.Value;
        }
    }

    private static IEnumerable<DateTime> Backwards(CronTicks ticks, DateTime before)
    {
        for (var tick = ticks.Before(before); tick is not null; tick = ticks.Before(tick.Value))
        {
            yield return tick.Value;
        }
    }

    private static DateTime Utc(string text) =>
        DateTime.ParseExact(text, "yyyy-MM-ddTHH:mmK", CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal);

    private static Gen<Case> Cases()
    {
        string[] zones =
        [
            "UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Seoul", "Africa/Casablanca", "Pacific/Apia", "America/Sao_Paulo",
            "Asia/Kathmandu", "America/St_Johns", "Antarctica/Troll", "Asia/Tehran", "Pacific/Kwajalein", "America/Caracas", "Asia/Pyongyang", "Africa/Monrovia",
        ];
        // Half of the cases lie within three days of a change of the clock.
        var anywhere = Gen.Choose(0, 60 * 365 * 24 * 60).Select(minutes => new DateTime(1968, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddMinutes(minutes));
        return
            from zone in Gen.Elements(zones)
            from moment in anywhere
            from nearChange in Gen.Elements(true, false)
            from shift in Gen.Choose(0, 3 * 24 * 60)
            from minutes in Values(0, 59)
            from hours in Values(0, 23)
            from days in Values(1, 31)
            from months in Values(1, 12)
            from weekdays in Values(0, 6)
            from openDays in Gen.Choose(0, 2)
            from openHours in Gen.Choose(0, 2)
            select new Case(
                zone,
                nearChange ? NextChange(zone, moment).AddMinutes(-shift) : moment,
                minutes,
                openHours == 0 ? [.. Enumerable.Range(0, 24)] : hours,
                openDays < 2 ? [.. Enumerable.Range(1, 31)] : days,
                openDays < 2 ? [.. Enumerable.Range(1, 12)] : months,
                openDays < 1 ? [.. Enumerable.Range(0, 7)] : weekdays);
    }

    private static DateTime NextChange(string zone, DateTime moment)
    {
        var interval = DateTimeZoneProviders.Tzdb[zone].GetZoneInterval(Instant.FromDateTimeUtc(moment));
        return interval.HasEnd && interval.End < Instant.FromUtc(2090, 1, 1, 0, 0) ? interval.End.ToDateTimeUtc() : moment;
    }

    private static Gen<int[]> Values(int low, int high) =>
        Gen.Choose(1, 4).SelectMany(count => Gen.Choose(low, high).ArrayOf(count)).Select(values => values.Distinct().Order().ToArray());

    private sealed record Case(string Zone, DateTime From, int[] Minutes, int[] Hours, int[] Days, int[] Months, int[] Weekdays)
    {
        public static readonly TimeSpan Span = TimeSpan.FromDays(6);

        public string Cron => string.Join(' ', new[] { Minutes, Hours, Days, Months, Weekdays }.Select(values => string.Join(',', values)));

        public override string ToString() => $"{Cron} in {Zone} from {From:O}";

        public List<DateTime> WalkEveryMinute()
        {
            var zone = DateTimeZoneProviders.Tzdb[Zone];
            var resolver = Resolvers.CreateMappingResolver(Resolvers.ReturnLater, Resolvers.ReturnForwardShifted);
            var found = new SortedSet<DateTime>();
            var end = From + Span;
            var first = new DateTime(From.Ticks - (From.Ticks % TimeSpan.TicksPerMinute)).AddDays(-3);
            for (var wall = first; wall < end.AddDays(3); wall = wall.AddMinutes(1))
            {
                if (!Matches(wall))
                {
                    continue;
                }

                var mapping = zone.MapLocal(LocalDateTime.FromDateTime(wall));
                found.Add(resolver(mapping).ToDateTimeUtc());
                if (mapping.Count == 2 && Hours.Length == 24)
                {
                    found.Add(mapping.First().ToDateTimeUtc());
                }
            }

            return [.. found.Where(tick => tick >= From && tick < end)];
        }

        private bool Matches(DateTime wall)
        {
            if (!Minutes.Contains(wall.Minute) || !Hours.Contains(wall.Hour) || !Months.Contains(wall.Month))
            {
                return false;
            }

            var (day, weekday) = (Days.Contains(wall.Day), Weekdays.Contains((int)wall.DayOfWeek));
            return (Days.Length < 31, Weekdays.Length < 7) switch
            {
                (true, true) => day || weekday,
                (true, false) => day,
                _ => weekday,
            };
        }
    }
}
