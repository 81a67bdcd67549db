using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Sluice.Core.Schedules;

namespace Sluice.Core.Tests.Schedules;

public sealed class CalendarTicksTests
{
    private static readonly BusinessCalendar Korea = new()
    {
        Name = "korea.ics",
        Holidays =
        [
            new(new(2026, 9, 24), "Chuseok"), new(new(2026, 9, 25), "Chuseok"), new(new(2026, 9, 26), "Chuseok"), new(new(2026, 10, 3), "National Foundation Day"),
            new(new(2026, 10, 5), "Substitute holiday"), new(new(2026, 10, 9), "Hangul Day"), new(new(2026, 12, 25), "Christmas Day"), new(new(2026, 12, 31), null),
        ],
        WorkingDays = [new(new(2026, 11, 7), "make-up day")],
    };

    [Theory]
    // Left out on weekends and holidays, but not on a Saturday that is worked.
    [InlineData("0 9 * * *", DayRule.WorkingDays, "2026-10-01", "10-01 10-02 10-06 10-07 10-08 10-12")]
    [InlineData("0 9 * * *", DayRule.WorkingDays, "2026-11-05", "11-05 11-06 11-07 11-09")]
    [InlineData("0 9 * * *", DayRule.FreeDays, "2026-10-01", "10-03 10-04 10-05 10-09 10-10 10-11 10-17")]
    // Moved: two that meet are one.
    [InlineData("0 9 * * *", DayRule.Next, "2026-10-01", "10-01 10-02 10-06 10-07 10-08 10-12")]
    [InlineData("0 9 3 * *", DayRule.Next, "2026-09-01", "09-03 10-06 11-03 12-03")]
    [InlineData("0 9 3 * *", DayRule.Previous, "2026-09-01", "09-03 10-02 11-03 12-03")]
    [InlineData("0 9 25 * *", DayRule.Next, "2026-09-01", "09-28 10-26 11-25 12-28")]
    [InlineData("0 9 25 * *", DayRule.Previous, "2026-09-01", "09-23 10-23 11-25 12-24")]
    // The last working day of the month: the 31st of December is free here.
    [InlineData("0 9 L * *", DayRule.Previous, "2026-09-01", "09-30 10-30 11-30 12-30")]
    [InlineData("0 9 LW * *", DayRule.Previous, "2026-09-01", "09-30 10-30 11-30 12-30")]
    // The first one.
    [InlineData("0 9 1 * *", DayRule.Next, "2026-07-01", "07-01 08-03 09-01 10-01 11-02")]
    // Next, but within its month.
    [InlineData("0 9 31 * *", DayRule.NextInMonth, "2026-09-01", "10-30 12-30")]
    [InlineData("0 9 3,24 * *", DayRule.NextInMonth, "2026-09-01", "09-03 09-28 10-06 10-26 11-03 11-24")]
    public void A_calendar_moves_or_leaves_out(string cron, DayRule rule, string from, string expected)
    {
        var ticks = Ticks(cron, Korea, rule);
        var days = expected.Split(' ').Select(day => DateTime.ParseExact("2026-" + day + " 09:00", "yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)).ToList();
        var found = new List<DateTime>();
        for (var tick = ticks.Next(DateTime.Parse(from, CultureInfo.InvariantCulture)); found.Count < days.Count; tick = ticks.Next(tick!.Value))
        {
            found.Add(tick!.Value);
        }

        Assert.Equal(days, found);
        for (var i = days.Count - 1; i > 0; i--)
        {
            Assert.Equal(days[i - 1], ticks.Previous(days[i]));
        }
    }

    [Fact]
    public void Ticks_equal_those_found_by_moving_every_tick_of_the_expression() =>
        Check.One(Properties.Of(2000), Prop.ForAll(Arb.From(Cases()), c =>
        {
            var ticks = Ticks(c.Cron, c.Calendar, c.Rule);
            var days = new WorkingDays(c.Calendar);
            var expected = new SortedSet<DateTime>();
            Assert.True(CronExpression.TryParse(c.Cron, out var cron, out var error), error);
            for (var tick = cron.Next(c.From.AddDays(-80)); tick < c.From.AddDays(140); tick = cron.Next(tick.Value))
            {
                if (days.Target(DateOnly.FromDateTime(tick.Value), c.Rule) is { } target)
                {
                    expected.Add(target.ToDateTime(TimeOnly.FromDateTime(tick.Value)));
                }
            }

            var until = c.From.AddDays(60);
            var inside = expected.Where(tick => tick > c.From && tick < until).ToList();
            var found = new List<DateTime>();
            for (var tick = ticks.Next(c.From); tick < until; tick = ticks.Next(tick.Value))
            {
                found.Add(tick.Value);
            }

            Assert.Equal(inside, found);
            found.Clear();
            for (var tick = ticks.Previous(until); tick > c.From; tick = ticks.Previous(tick.Value))
            {
                found.Insert(0, tick.Value);
            }

            Assert.Equal(inside, found);
        }));

    [Theory]
    [InlineData("0 9 3 * *", DayRule.Next, "UTC", "2026-10-06T09:00Z", "2026-10-03 09:00 is moved to 2026-10-06 09:00: 2026-10-03 is the holiday National Foundation Day.")]
    [InlineData("0 9 4 * *", DayRule.Next, "Asia/Seoul", "2026-10-06T00:00Z", "2026-10-04 09:00 is moved to 2026-10-06 09:00: 2026-10-04 is a Sunday.")]
    [InlineData("0 9 L * *", DayRule.Previous, "UTC", "2026-12-30T09:00Z", "2026-12-31 09:00 is moved to 2026-12-30 09:00: 2026-12-31 is a holiday of korea.ics.")]
    [InlineData("0 9 * * 5", DayRule.WorkingDays, "UTC", "2026-10-16T09:00Z", "2026-10-09 09:00 is left out: 2026-10-09 is the holiday Hangul Day.")]
    [InlineData("0 9 * * 5", DayRule.WorkingDays, "UTC", "2026-10-23T09:00Z", "")]
    public void A_preview_says_why_a_tick_is_elsewhere(string cron, DayRule rule, string zone, string tick, string expected)
    {
        var timetable = Timetable.Create(Schedule.At(cron).On(Korea, rule), zone, null, null, CatchupMode.All);
        var at = DateTimeOffset.Parse(tick, CultureInfo.InvariantCulture);

        Assert.Equal([new DataInterval(at, at)], timetable.Between(at, at.AddTicks(1)));
        Assert.Equal(expected, string.Join(" ", timetable.Reasons(new(new(at, at), at))));
    }

    [Theory]
    [InlineData("30 2 * * *", "America/New_York", "2024-03-10T07:30Z", "2024-03-10 02:30 does not exist in America/New_York: moved to 2024-03-10 03:30.")]
    [InlineData("30 1 * * *", "America/New_York", "2024-11-03T06:30Z", "2024-11-03 01:30 comes twice in America/New_York: the second time counts.")]
    [InlineData("*/30 * * * *", "America/New_York", "2024-11-03T06:30Z", "")]
    [InlineData("0 0 * * *", "Pacific/Apia", "2011-12-30T10:00Z", "2011-12-30 00:00 does not exist in Pacific/Apia: moved to 2011-12-31 00:00.")]
    [InlineData("0 12 * * *", "America/New_York", "2024-03-10T16:00Z", "")]
    public void A_preview_says_what_the_clock_did(string cron, string zone, string tick, string expected)
    {
        var at = DateTimeOffset.Parse(tick, CultureInfo.InvariantCulture);
        var timetable = Timetable.Create(Schedule.Cron(cron), zone, null, null, CatchupMode.All);

        Assert.Equal(at, timetable.Between(at, at.AddTicks(1)).Single().Start);
        Assert.Equal(expected, string.Join(" ", timetable.Reasons(new(new(at.AddDays(-1), at), at))));
    }

    [Fact]
    public void A_calendar_without_working_days_is_refused()
    {
        var never = new BusinessCalendar { Name = "never.txt", Weekend = Enum.GetValues<DayOfWeek>() };
        var error = Assert.Throws<FormatException>(() => Timetable.Create(Schedule.Cron("@daily").On(never), "UTC", null, null, CatchupMode.All));

        Assert.Equal("The calendar \"never.txt\" has no day of the week that is worked; take a day out of its weekend.", error.Message);
    }

    private static CalendarTicks Ticks(string text, BusinessCalendar calendar, DayRule rule)
    {
        Assert.True(CronExpression.TryParse(text, out var cron, out var error), error);
        return new(cron, new WorkingDays(calendar), rule);
    }

    private static Gen<Case> Cases() =>
        from cron in Gen.Elements(
            "0 9 * * *", "0 9,18 * * *", "30 */7 * * *", "0 0 * * MON", "0 9 * * SAT,SUN", "0 9 L * *", "15 9 1,15 * *", "0 9 31 * *", "0 10 1 * MON#1", "0 23 LW * *")
        from rule in Gen.Elements(Enum.GetValues<DayRule>())
        from offsets in Gen.Choose(-30, 90).ArrayOf(20)
        from run in Gen.Choose(0, 9)
        from runAt in Gen.Choose(0, 60)
        from worked in Gen.Choose(-30, 90).ArrayOf(3)
        from weekend in Gen.Elements(new[] { DayOfWeek.Saturday, DayOfWeek.Sunday }, [DayOfWeek.Friday], [])
        from hours in Gen.Choose(0, 366 * 24)
        let start = new DateTime(2025, 6, 1).AddHours(hours)
        let today = DateOnly.FromDateTime(start)
        select new Case(
            cron, rule, start, new()
            {
                Name = "made up",
                Weekend = weekend,
                Holidays = [.. offsets.Take(8).Concat(Enumerable.Range(runAt, run)).Select(offset => new CalendarDay(today.AddDays(offset)))],
                WorkingDays = [.. worked.Select(offset => new CalendarDay(today.AddDays(offset)))],
            });

    private sealed record Case(string Cron, DayRule Rule, DateTime From, BusinessCalendar Calendar);
}
