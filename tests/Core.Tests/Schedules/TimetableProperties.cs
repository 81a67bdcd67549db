using FsCheck;
using FsCheck.Fluent;
using Sluice.Core.Schedules;

namespace Sluice.Core.Tests.Schedules;

public sealed class TimetableProperties
{
    private static readonly string[] Zones =
    [
        "UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Seoul", "Africa/Casablanca", "Pacific/Apia", "America/Sao_Paulo",
        "Asia/Kathmandu", "Antarctica/Troll", "Africa/Monrovia",
    ];

    private static readonly BusinessCalendar WestAndEast = new()
    {
        Name = "both.txt",
        Holidays = [.. Enumerable.Range(1985, 60).SelectMany(year => new CalendarDay[] { new(new(year, 1, 1)), new(new(year, 5, 31)), new(new(year, 12, 25)) })],
    };

    private static readonly Schedule[] Schedules =
    [
        Schedule.Hourly, Schedule.Daily, Schedule.Weekly, Schedule.Monthly, Schedule.Quarterly, Schedule.Yearly, Schedule.Cron("*/30 * * * *"),
        Schedule.Cron("*/7 1-3 * * *"), Schedule.Cron("30 2 * * *"), Schedule.Cron("0 */2 * * MON-FRI"), Schedule.Cron("15 1,2,3 13 * FRI"),
        Schedule.Cron("0 0 29 2 *"), Schedule.Cron("59 23 1,15 * *"), Schedule.Every(TimeSpan.FromMinutes(7)), Schedule.Every(TimeSpan.FromDays(1)),
        Schedule.Cron("0 9 L * *", "30 1 * * MON#2", "*/30 3 15W * *"), Schedule.Cron("*/20 30 1 * * *").WithSeconds(), Schedule.EveryDays(1),
        Schedule.EveryWeeks(2), Schedule.EveryMonths(1), Schedule.EveryMonths(5), Schedule.EveryYears(1), new CalendarIntervalSchedule(1, 3),
        Schedule.Cron("0 18 * * *").On(WestAndEast), Schedule.Cron("0 18 L * *").On(WestAndEast, DayRule.Previous),
    ];

    [Fact]
    public void Intervals_are_strictly_increasing_and_each_end_is_the_next_start() =>
        Check.One(Properties.Of(1000), Prop.ForAll(Arb.From(Cases()), c =>
        {
            var timetable = Timetable.Create(c.Schedule, c.Zone, c.Start, null, CatchupMode.All);
            var firings = SchedulePreview.Firings(timetable, null, 50).ToList();

            Assert.Equal(50, firings.Count);
            Assert.True(firings[0].Interval.Start >= c.Start);
            Assert.All(firings, f => Assert.True(f.Interval.Start < f.Interval.End && f.RunAfter == f.Interval.End));
            Assert.All(firings.Zip(firings.Skip(1)), pair => Assert.Equal(pair.First.Interval.End, pair.Second.Interval.Start));
        }));

    [Fact]
    public void A_backfill_sees_the_same_intervals_as_the_schedule() =>
        Check.One(Properties.Of(500), Prop.ForAll(Arb.From(Cases()), c =>
        {
            var timetable = Timetable.Create(c.Schedule, c.Zone, c.Start, null, CatchupMode.All);
            var scheduled = SchedulePreview.Firings(timetable, null, 30).Select(f => f.Interval).ToList();

            Assert.Equal(scheduled, timetable.Between(c.Start, scheduled[^1].End));
        }));

    [Fact]
    public void Without_catchup_the_first_run_is_the_latest_complete_one_and_the_next_is_open() =>
        Check.One(Properties.Of(500), Prop.ForAll(Arb.From(Cases()), c =>
        {
            var now = c.Start.AddDays(4000);
            var latest = Timetable.Create(c.Schedule, c.Zone, c.Start, null, CatchupMode.Latest);
            var first = latest.Next(null, now)!.Value;
            var second = latest.Next(first.Interval, now)!.Value;

            Assert.True(first.RunAfter <= now);
            Assert.True(second.RunAfter > now);
            Assert.Equal(first.Interval.End, second.Interval.Start);
            Assert.Equal(second, Timetable.Create(c.Schedule, c.Zone, c.Start, null, CatchupMode.None).Next(null, now));
            Assert.Equal(first, latest.Next(null, second.RunAfter.AddTicks(-1)));
        }));

    /// <summary>What a Dag goes through: its schedule, zone, start and catchup change again and again while time passes and runs are made.</summary>
    [Fact]
    public void However_schedules_change_no_moment_is_run_twice_and_no_logical_date_comes_again() =>
        Check.One(Properties.Of(1500), Prop.ForAll(Arb.From(Histories()), history =>
        {
            var now = history[0].Case.Start;
            DataInterval? last = null;
            var onlyIntervals = true;
            foreach (var (c, catchup, hours) in history)
            {
                var timetable = Timetable.Create(c.Schedule, c.Zone, c.Start, null, catchup);
                now = now.AddHours(hours);
                onlyIntervals &= c.Schedule is not CronTriggerSchedule;
                for (var runs = 0; runs < 40 && timetable.Next(last, now) is { } firing && firing.RunAfter <= now; runs++)
                {
                    var interval = firing.Interval;
                    Assert.True(interval.Start < interval.End || c.Schedule is CronTriggerSchedule, "an interval is never empty");
                    if (last is { } before)
                    {
                        Assert.True(interval.Start > before.Start, "logical dates increase");
                        Assert.True(interval.Start >= before.End, "no moment is in two intervals");
                        Assert.True(
                            catchup != CatchupMode.All || !onlyIntervals || interval.Start == before.End || interval.Start >= c.Start && before.End < c.Start,
                            "with catchup nothing is left out, but for a later start date");
                    }

                    last = interval;
                }
            }
        }));

    [Theory]
    [InlineData("2024-01-31T10:00", 1, "2024-01-31T10:00 2024-02-29T10:00 2024-03-29T10:00 2024-04-29T10:00")]
    [InlineData("2023-01-31T10:00", 1, "2023-01-31T10:00 2023-02-28T10:00 2023-03-28T10:00")]
    [InlineData("2023-10-31T10:00", 1, "2023-10-31T10:00 2023-11-30T10:00 2023-12-30T10:00 2024-01-30T10:00 2024-02-29T10:00")]
    [InlineData("2024-08-31T00:00", 3, "2024-08-31T00:00 2024-11-30T00:00 2025-02-28T00:00 2025-05-28T00:00")]
    [InlineData("2024-02-29T00:00", 12, "2024-02-29T00:00 2025-02-28T00:00 2026-02-28T00:00 2027-02-28T00:00 2028-02-28T00:00")]
    [InlineData("2024-02-29T00:00", 48, "2024-02-29T00:00 2028-02-29T00:00 2032-02-29T00:00")]
    [InlineData("2024-01-15T02:30", 1, "2024-01-15T02:30 2024-02-15T02:30 2024-03-15T02:30")]
    public void Months_step_from_the_date_before_and_are_clamped(string start, int months, string expected)
    {
        var first = ScheduleDates.Parse(start, "UTC");
        var timetable = Timetable.Create(Schedule.EveryMonths(months), "UTC", first, null, CatchupMode.All);
        var ticks = expected.Split(' ').Select(text => ScheduleDates.Parse(text, "UTC")).ToList();

        Assert.Equal(ticks.Zip(ticks.Skip(1), (a, b) => new DataInterval(a, b)), SchedulePreview.Firings(timetable, null, ticks.Count - 1).Select(f => f.Interval));
        Assert.Equal(ticks.Zip(ticks.Skip(1), (a, b) => new DataInterval(a, b)), timetable.Between(ticks[0], ticks[^1]));
    }

    [Fact]
    public void Calendar_days_follow_the_wall_clock()
    {
        var timetable = Timetable.Create(Schedule.EveryDays(1), "Europe/Berlin", ScheduleDates.Parse("2024-03-29T08:00", "Europe/Berlin"), null, CatchupMode.All);

        Assert.Equal([24, 23, 24], SchedulePreview.Firings(timetable, null, 3).Select(f => (f.Interval.End - f.Interval.Start).TotalHours));
    }

    [Fact]
    public void A_continuous_schedule_starts_when_the_last_run_ended()
    {
        var start = new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var timetable = Timetable.Create(Schedule.Continuous, "UTC", start, start.AddDays(2), CatchupMode.Latest);

        Assert.Equal(new Firing(new(start, start.AddHours(7)), start.AddHours(7)), timetable.Next(null, start.AddHours(7)));
        Assert.Equal(new Firing(new(start.AddHours(7), start.AddHours(9)), start.AddHours(9)), timetable.Next(new(start, start.AddHours(7)), start.AddHours(9)));
        // A run that ended at once: a second lies between two logical dates.
        Assert.Equal(start.AddHours(7).AddSeconds(1), timetable.Next(new(start, start.AddHours(7)), start.AddHours(7))!.Value.RunAfter);
        Assert.Equal(start.AddSeconds(1), timetable.Next(null, start.AddHours(-7))!.Value.RunAfter);
        Assert.Null(timetable.Next(new(start, start.AddDays(3)), start.AddDays(3)));
        Assert.True(timetable.IsContinuous);
        Assert.False(timetable.IsPeriodic);
        Assert.Empty(timetable.Between(start, start.AddDays(1)));
    }

    private static Gen<(Case Case, CatchupMode Catchup, int Hours)[]> Histories() =>
        Gen.Choose(2, 7).SelectMany(changes => (
            from c in Cases()
            from trigger in Gen.Choose(0, 5)
            from catchup in Gen.Elements(Enum.GetValues<CatchupMode>())
            from hours in Gen.Frequency((2, Gen.Choose(0, 100)), (1, Gen.Choose(0, 20_000)))
            from start in Gen.Choose(0, 24 * 60 * 30)
            select (c with { Start = new DateTimeOffset(2021, 10, 1, 0, 0, 0, TimeSpan.Zero).AddMinutes(start), Schedule = trigger == 0 ? Schedule.At("30 1 * * *") : c.Schedule }, catchup, hours)).ArrayOf(changes));

    private static Gen<Case> Cases() =>
        from zone in Gen.Elements(Zones)
        from schedule in Gen.Elements(Schedules)
        from minutes in Gen.Choose(0, 40 * 365 * 24 * 60)
        select new Case(schedule, zone, new DateTimeOffset(1985, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMinutes(minutes));

    private sealed record Case(Schedule Schedule, string Zone, DateTimeOffset Start);
}
