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

    private static readonly Schedule[] Schedules =
    [
        Schedule.Hourly, Schedule.Daily, Schedule.Weekly, Schedule.Monthly, Schedule.Quarterly, Schedule.Yearly, Schedule.Cron("*/30 * * * *"),
        Schedule.Cron("*/7 1-3 * * *"), Schedule.Cron("30 2 * * *"), Schedule.Cron("0 */2 * * MON-FRI"), Schedule.Cron("15 1,2,3 13 * FRI"),
        Schedule.Cron("0 0 29 2 *"), Schedule.Cron("59 23 1,15 * *"), Schedule.Every(TimeSpan.FromMinutes(7)), Schedule.Every(TimeSpan.FromDays(1)),
    ];

    [Fact]
    public void Intervals_are_strictly_increasing_and_each_end_is_the_next_start() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(1000), Prop.ForAll(Arb.From(Cases()), c =>
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
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(500), Prop.ForAll(Arb.From(Cases()), c =>
        {
            var timetable = Timetable.Create(c.Schedule, c.Zone, c.Start, null, CatchupMode.All);
            var scheduled = SchedulePreview.Firings(timetable, null, 30).Select(f => f.Interval).ToList();

            Assert.Equal(scheduled, timetable.Between(c.Start, scheduled[^1].End));
        }));

    [Fact]
    public void Without_catchup_the_first_run_is_the_latest_complete_one_and_the_next_is_open() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(500), Prop.ForAll(Arb.From(Cases()), c =>
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

    [Fact]
    public void A_change_of_schedule_never_repeats_or_goes_back() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(1000), Prop.ForAll(Arb.From(Cases()), Arb.From(Gen.Elements(Schedules)), (c, changed) =>
        {
            var last = SchedulePreview.Firings(Timetable.Create(c.Schedule, c.Zone, c.Start, null, CatchupMode.All), null, 3).Last().Interval;
            foreach (var catchup in Enum.GetValues<CatchupMode>())
            {
                var next = Timetable.Create(changed, c.Zone, c.Start.AddYears(-9), null, catchup).Next(last, last.End)!.Value.Interval;

                Assert.True(next.Start > last.Start);
                Assert.True(next.End > next.Start);
                Assert.True(catchup != CatchupMode.All || next.Start <= last.End, "no data is left out");
            }
        }));

    private static Gen<Case> Cases() =>
        from zone in Gen.Elements(Zones)
        from schedule in Gen.Elements(Schedules)
        from minutes in Gen.Choose(0, 40 * 365 * 24 * 60)
        select new Case(schedule, zone, new DateTimeOffset(1985, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMinutes(minutes));

    private sealed record Case(Schedule Schedule, string Zone, DateTimeOffset Start);
}
