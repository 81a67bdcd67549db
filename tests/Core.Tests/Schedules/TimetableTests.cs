using System.Globalization;
using Sluice.Core.Schedules;

namespace Sluice.Core.Tests.Schedules;

public sealed class TimetableTests
{
    [Fact]
    public void A_daily_run_in_Seoul_covers_the_local_day_and_runs_when_it_is_over()
    {
        var start = ScheduleDates.Parse("2021-02-05", "Asia/Seoul");
        var timetable = Timetable.Create(Schedule.Cron("0 2 * * *"), "Asia/Seoul", start, null, CatchupMode.All);

        Assert.Equal(
            ["02-04T17:00/02-05T17:00@02-05T17:00", "02-05T17:00/02-06T17:00@02-06T17:00"],
            Show(SchedulePreview.Firings(timetable, null, 2)));
    }

    [Theory]
    // Every interval since the start.
    [InlineData(CatchupMode.All, "2024-01-01", null, "2024-01-05T12:00", "01-01T00:00/01-02T00:00@01-02T00:00")]
    [InlineData(CatchupMode.All, "2024-01-01", "2024-01-01/2024-01-02", "2024-01-05T12:00", "01-02T00:00/01-03T00:00@01-03T00:00")]
    // The first tick at or after the start date.
    [InlineData(CatchupMode.All, "2024-01-01T00:01", null, "2024-01-05T12:00", "01-02T00:00/01-03T00:00@01-03T00:00")]
    // In the future.
    [InlineData(CatchupMode.All, "2024-02-01", null, "2024-01-05T12:00", "02-01T00:00/02-02T00:00@02-02T00:00")]
    // A later start date jumps forward.
    [InlineData(CatchupMode.All, "2024-01-10", "2024-01-01/2024-01-02", "2024-01-05T12:00", "01-10T00:00/01-11T00:00@01-11T00:00")]
    // No start date: nothing to begin with, but it goes on.
    [InlineData(CatchupMode.All, null, null, "2024-01-05T12:00", null)]
    [InlineData(CatchupMode.All, null, "2024-01-01/2024-01-02", "2024-01-05T12:00", "01-02T00:00/01-03T00:00@01-03T00:00")]
    // The latest complete interval; at a tick that is the one that ends there.
    [InlineData(CatchupMode.Latest, "2024-01-01", null, "2024-01-05T12:00", "01-04T00:00/01-05T00:00@01-05T00:00")]
    [InlineData(CatchupMode.Latest, "2024-01-01", null, "2024-01-05T00:00", "01-04T00:00/01-05T00:00@01-05T00:00")]
    [InlineData(CatchupMode.Latest, "2024-01-01", null, "2024-01-04T23:59", "01-03T00:00/01-04T00:00@01-04T00:00")]
    [InlineData(CatchupMode.Latest, null, null, "2024-01-05T12:00", "01-04T00:00/01-05T00:00@01-05T00:00")]
    [InlineData(CatchupMode.Latest, "2024-01-05", null, "2024-01-05T12:00", "01-05T00:00/01-06T00:00@01-06T00:00")]
    [InlineData(CatchupMode.Latest, "2024-02-01", null, "2024-01-05T12:00", "02-01T00:00/02-02T00:00@02-02T00:00")]
    // Missed intervals are left out, then it goes on without a gap.
    [InlineData(CatchupMode.Latest, "2024-01-01", "2024-01-01/2024-01-02", "2024-01-05T12:00", "01-04T00:00/01-05T00:00@01-05T00:00")]
    [InlineData(CatchupMode.Latest, "2024-01-01", "2024-01-04/2024-01-05", "2024-01-05T12:00", "01-05T00:00/01-06T00:00@01-06T00:00")]
    // From the next tick on: the interval that is open now.
    [InlineData(CatchupMode.None, "2024-01-01", null, "2024-01-05T12:00", "01-05T00:00/01-06T00:00@01-06T00:00")]
    [InlineData(CatchupMode.None, "2024-01-01", null, "2024-01-05T00:00", "01-05T00:00/01-06T00:00@01-06T00:00")]
    [InlineData(CatchupMode.None, "2024-02-01", null, "2024-01-05T12:00", "02-01T00:00/02-02T00:00@02-02T00:00")]
    [InlineData(CatchupMode.None, "2024-01-01", "2024-01-01/2024-01-02", "2024-01-05T12:00", "01-05T00:00/01-06T00:00@01-06T00:00")]
    [InlineData(CatchupMode.None, "2024-01-01", "2024-01-05/2024-01-06", "2024-01-05T12:00", "01-06T00:00/01-07T00:00@01-07T00:00")]
    public void The_next_daily_interval(CatchupMode catchup, string? start, string? last, string now, string? expected) =>
        AssertNext(Schedule.Daily, catchup, start, last, now, expected);

    [Theory]
    [InlineData(CatchupMode.All, "2024-01-01T05:00", null, "2024-01-02", "01-01T05:00/01-01T15:00@01-01T15:00")]
    [InlineData(CatchupMode.All, "2024-01-01T05:00", "2024-01-01T05:00/2024-01-01T15:00", "2024-01-02", "01-01T15:00/01-02T01:00@01-02T01:00")]
    [InlineData(CatchupMode.Latest, "2024-01-01T05:00", null, "2024-01-03T01:00", "01-02T11:00/01-02T21:00@01-02T21:00")]
    [InlineData(CatchupMode.Latest, "2024-01-01T05:00", null, "2024-01-01T06:00", "01-01T05:00/01-01T15:00@01-01T15:00")]
    [InlineData(CatchupMode.None, "2024-01-01T05:00", null, "2024-01-03T01:00", "01-02T21:00/01-03T07:00@01-03T07:00")]
    public void The_next_interval_of_ten_hours_stays_on_the_grid_of_the_start_date(CatchupMode catchup, string? start, string? last, string now, string expected) =>
        AssertNext(Schedule.Every(TimeSpan.FromHours(10)), catchup, start, last, now, expected);

    [Theory]
    [InlineData(CatchupMode.All, "2024-01-01", null, "2024-01-05T12:00", "01-01T00:00/01-01T00:00@01-01T00:00")]
    [InlineData(CatchupMode.All, "2024-01-01", "2024-01-01/2024-01-01", "2024-01-05T12:00", "01-02T00:00/01-02T00:00@01-02T00:00")]
    [InlineData(CatchupMode.All, "2024-01-01", "2024-01-01/2024-01-02", "2024-01-05T12:00", "01-03T00:00/01-03T00:00@01-03T00:00")]
    [InlineData(CatchupMode.All, null, "2024-01-01/2024-01-01", "2024-01-05T12:00", "01-02T00:00/01-02T00:00@01-02T00:00")]
    [InlineData(CatchupMode.Latest, "2024-01-01", null, "2024-01-05T12:00", "01-05T00:00/01-05T00:00@01-05T00:00")]
    [InlineData(CatchupMode.Latest, "2024-01-01", "2024-01-05/2024-01-05", "2024-01-05T12:00", "01-06T00:00/01-06T00:00@01-06T00:00")]
    [InlineData(CatchupMode.Latest, "2024-02-01", null, "2024-01-05T12:00", "02-01T00:00/02-01T00:00@02-01T00:00")]
    [InlineData(CatchupMode.None, "2024-01-01", null, "2024-01-05T12:00", "01-06T00:00/01-06T00:00@01-06T00:00")]
    [InlineData(CatchupMode.None, "2024-01-01", null, "2024-01-05T00:00", "01-06T00:00/01-06T00:00@01-06T00:00")]
    public void The_next_tick_of_the_trigger_family(CatchupMode catchup, string? start, string? last, string now, string? expected) =>
        AssertNext(Schedule.At("@daily"), catchup, start, last, now, expected);

    [Theory]
    // An interval of a day, of less than lies between two ticks, and of more: it ends at the tick, and the start date bounds the tick.
    [InlineData("1.00:00:00", CatchupMode.All, "2024-01-03", null, "2024-01-05T12:00", "01-02T00:00/01-03T00:00@01-03T00:00")]
    [InlineData("06:00:00", CatchupMode.All, "2024-01-03", null, "2024-01-05T12:00", "01-02T18:00/01-03T00:00@01-03T00:00")]
    [InlineData("7.00:00:00", CatchupMode.All, "2024-01-08T00:01", null, "2024-01-05T12:00", "01-02T00:00/01-09T00:00@01-09T00:00")]
    [InlineData("1.00:00:00", CatchupMode.All, "2024-01-01", "2024-01-02/2024-01-03", "2024-01-05T12:00", "01-03T00:00/01-04T00:00@01-04T00:00")]
    [InlineData("1.00:00:00", CatchupMode.Latest, "2024-01-01", null, "2024-01-05T12:00", "01-04T00:00/01-05T00:00@01-05T00:00")]
    [InlineData("1.00:00:00", CatchupMode.Latest, "2024-01-01", "2024-01-04/2024-01-05", "2024-01-05T12:00", "01-05T00:00/01-06T00:00@01-06T00:00")]
    [InlineData("1.00:00:00", CatchupMode.None, "2024-01-01", null, "2024-01-05T12:00", "01-05T00:00/01-06T00:00@01-06T00:00")]
    // The interval has become longer: no logical date comes twice.
    [InlineData("1.00:00:00", CatchupMode.All, "2024-01-01", "2024-01-05/2024-01-05", "2024-01-05T12:00", "01-06T00:00/01-07T00:00@01-07T00:00")]
    [InlineData("3.00:00:00", CatchupMode.All, "2024-01-01", "2024-01-04/2024-01-05", "2024-01-05T12:00", "01-05T00:00/01-08T00:00@01-08T00:00")]
    // It has become shorter, or the schedule one of ticks.
    [InlineData("00:00:00", CatchupMode.All, "2024-01-01", "2024-01-02/2024-01-05", "2024-01-05T12:00", "01-06T00:00/01-06T00:00@01-06T00:00")]
    [InlineData("06:00:00", CatchupMode.All, "2024-01-01", "2024-01-05T00:00/2024-01-05T01:00", "2024-01-05T12:00", "01-05T18:00/01-06T00:00@01-06T00:00")]
    public void The_next_tick_with_an_interval_before_it(string length, CatchupMode catchup, string? start, string? last, string now, string? expected) =>
        AssertNext(Schedule.At("@daily").WithInterval(TimeSpan.Parse(length, CultureInfo.InvariantCulture)), catchup, start, last, now, expected);

    [Theory]
    // A tenth of a day is 2:24.
    [InlineData("@daily", null, "2024-01-05T02:24", "01-05T00:00")]
    [InlineData("@daily", null, "2024-01-05T02:24:01", "01-06T00:00")]
    [InlineData("@daily", null, "2024-01-05T00:00", "01-05T00:00")]
    // Five minutes at least.
    [InlineData("*/10 * * * *", null, "2024-01-05T00:05", "01-05T00:00")]
    [InlineData("*/10 * * * *", null, "2024-01-05T00:05:01", "01-05T00:10")]
    // However long ago; so long ago at most.
    [InlineData("@daily", "always", "2024-01-05T23:59", "01-05T00:00")]
    [InlineData("@monthly", "always", "2024-01-05T23:59", "01-01T00:00")]
    [InlineData("@daily", "12:00:00", "2024-01-05T12:00", "01-05T00:00")]
    [InlineData("@daily", "12:00:00", "2024-01-05T12:00:01", "01-06T00:00")]
    [InlineData("@daily", "00:01:00", "2024-01-05T00:02", "01-06T00:00")]
    [InlineData("@daily", "00:00:00", "2024-01-05T00:00", "01-05T00:00")]
    public void Without_a_start_date_the_first_tick_is_the_latest_if_that_was_just_now_or_the_schedule_says_so(string cron, string? immediately, string now, string tick)
    {
        var schedule = Immediately(cron, immediately);
        foreach (var catchup in new[] { CatchupMode.All, CatchupMode.Latest })
        {
            AssertNext(schedule, catchup, null, null, now, $"{tick}/{tick}@{tick}");
        }

        // Without catchup only when the schedule speaks of it.
        if (immediately is not null)
        {
            AssertNext(schedule, CatchupMode.None, null, null, now, $"{tick}/{tick}@{tick}");
        }

        // With a start date, or a run before, it is of no matter.
        AssertNext(schedule, CatchupMode.All, "2024-02-01", null, now, "02-01T00:00/02-01T00:00@02-01T00:00");
        Assert.Equal(
            Create(Schedule.At(cron), CatchupMode.Latest, null).Next(new DataInterval(Utc("2023-01-01"), Utc("2023-01-01")), Utc(now)),
            Create(schedule, CatchupMode.Latest, null).Next(new DataInterval(Utc("2023-01-01"), Utc("2023-01-01")), Utc(now)));
    }

    [Fact]
    public void Without_catchup_and_start_date_the_first_tick_is_the_next() =>
        AssertNext(Schedule.At("@daily"), CatchupMode.None, null, null, "2024-01-05T00:00", "01-06T00:00/01-06T00:00@01-06T00:00");

    [Fact]
    public void Ticks_with_an_interval_are_found_by_logical_date_and_end_at_the_end_date()
    {
        var timetable = Create(Schedule.At("@daily").WithInterval(TimeSpan.FromDays(2)), CatchupMode.All, "2024-01-03", "2024-01-05");

        Assert.Equal(["01-01/01-03", "01-02/01-04"], timetable.Between(Utc("2024-01-01"), Utc("2024-01-03")).Select(interval => $"{interval.Start:MM-dd}/{interval.End:MM-dd}"));
        Assert.Equal(["01-03", "01-04", "01-05"], SchedulePreview.Firings(timetable, null, 9).Select(firing => $"{firing.RunAfter:MM-dd}"));
        Assert.Equal(new DataInterval(Utc("2024-01-03T10:00"), Utc("2024-01-05T10:00")), timetable.ManualInterval(Utc("2024-01-05T10:00")));
    }

    [Theory]
    [InlineData("-00:00:01", null, "interval of the schedule's ticks is -00:00:01")]
    [InlineData("36526.00:00:00", null, "at most 100 years")]
    [InlineData("00:00:00", "-00:00:01", "immediately on a tick within -00:00:01")]
    public void Ticks_with_an_impossible_interval_are_refused(string length, string? immediately, string problem)
    {
        var schedule = Immediately("@daily", immediately).WithInterval(TimeSpan.Parse(length, CultureInfo.InvariantCulture));
        Assert.Contains(problem, Assert.Throws<FormatException>(() => Create(schedule, CatchupMode.All, null)).Message, StringComparison.Ordinal);
    }

    private static CronTriggerSchedule Immediately(string cron, string? immediately) => immediately switch
    {
        null => Schedule.At(cron),
        "always" => Schedule.At(cron).RunImmediately(),
        _ => Schedule.At(cron).RunImmediately(TimeSpan.Parse(immediately, CultureInfo.InvariantCulture)),
    };

    [Theory]
    [InlineData("2024-01-01T05:00", null, "01-01T05:00/01-01T05:00@01-01T05:00")]
    [InlineData("2024-01-01T05:00", "2024-01-01T05:00/2024-01-01T05:00", null)]
    [InlineData(null, null, null)]
    public void Once_runs_once_at_its_start(string? start, string? last, string? expected) =>
        AssertNext(Schedule.Once, CatchupMode.None, start, last, "2024-01-05", expected);

    [Fact]
    public void A_schedule_of_none_never_runs() => AssertNext(Schedule.None, CatchupMode.All, "2024-01-01", null, "2024-01-05", null);

    [Theory]
    [InlineData("2024-01-03", 3)]
    [InlineData("2024-01-03T00:01", 3)]
    [InlineData("2024-01-02T23:59", 2)]
    [InlineData("2024-01-01", 1)]
    public void The_end_date_bounds_the_logical_date_and_is_part_of_it(string end, int runs)
    {
        Assert.Equal(runs, SchedulePreview.Firings(Create(Schedule.Daily, CatchupMode.All, "2024-01-01", end), null, 10).Count());
        Assert.Equal(runs, SchedulePreview.Firings(Create(Schedule.At("@daily"), CatchupMode.All, "2024-01-01", end), null, 10).Count());
        Assert.Equal(runs, SchedulePreview.Firings(Create(Schedule.Every(TimeSpan.FromDays(1)), CatchupMode.All, "2024-01-01", end), null, 10).Count());
    }

    [Theory]
    // Hourly to daily after 05:00: the rest of the day comes first.
    [InlineData("@daily", "2024-01-05T05:00/2024-01-05T06:00", "01-05T06:00/01-06T00:00@01-06T00:00")]
    [InlineData("@daily", "2024-01-05T00:00/2024-01-05T01:00", "01-05T01:00/01-06T00:00@01-06T00:00")]
    // Daily to hourly, and to another hour of the day: on from the last end, a short interval until the new tick.
    [InlineData("@hourly", "2024-01-04/2024-01-05", "01-05T00:00/01-05T01:00@01-05T01:00")]
    [InlineData("0 3 * * *", "2024-01-04T02:00/2024-01-05T02:00", "01-05T02:00/01-05T03:00@01-05T03:00")]
    [InlineData("0 1 * * *", "2024-01-04T02:00/2024-01-05T02:00", "01-05T02:00/01-06T01:00@01-06T01:00")]
    // From the trigger family: its last tick is taken.
    [InlineData("@daily", "2024-01-05/2024-01-05", "01-06T00:00/01-07T00:00@01-07T00:00")]
    public void A_changed_schedule_goes_on_without_repeating_a_logical_date(string cron, string last, string expected) =>
        AssertNext(Schedule.Cron(cron), CatchupMode.All, "2024-01-01", last, "2024-01-05T06:30", expected);

    [Fact]
    public void Days_on_which_the_clock_changes_last_23_and_25_hours()
    {
        var timetable = Timetable.Create(Schedule.Daily, "Europe/Berlin", null, null, CatchupMode.All);

        Assert.Equal([24, 23, 24], Hours("2024-03-30", "2024-04-02"));
        Assert.Equal([24, 25, 24], Hours("2024-10-26", "2024-10-29"));

        IEnumerable<double> Hours(string from, string to) => timetable
            .Between(ScheduleDates.Parse(from, "Europe/Berlin"), ScheduleDates.Parse(to, "Europe/Berlin"))
            .Select(interval => (interval.End - interval.Start).TotalHours);
    }

    [Fact]
    public void Between_takes_the_start_and_leaves_the_end()
    {
        var timetable = Create(Schedule.Daily, CatchupMode.Latest, "2024-06-01", "2024-06-02");

        Assert.Equal(["01-01T00:00/01-02T00:00", "01-02T00:00/01-03T00:00"], timetable.Between(Utc("2024-01-01"), Utc("2024-01-03")).Select(Show));
        Assert.Equal(["01-02T00:00/01-03T00:00"], timetable.Between(Utc("2024-01-01T00:01"), Utc("2024-01-02T00:01")).Select(Show));
        Assert.Empty(timetable.Between(Utc("2024-01-01T00:01"), Utc("2024-01-02")));
        Assert.Empty(timetable.Between(Utc("2024-01-03"), Utc("2024-01-01")));
        Assert.Equal(2, timetable.Between(Utc("2024-01-01"), DateTimeOffset.MaxValue).Take(2).Count());
    }

    [Fact]
    public void Between_follows_fixed_intervals_and_ticks_and_knows_none_for_the_rest()
    {
        var every = Create(Schedule.Every(TimeSpan.FromHours(10)), CatchupMode.All, "2024-01-02T05:00");
        Assert.Equal(["01-01T09:00/01-01T19:00", "01-01T19:00/01-02T05:00"], every.Between(Utc("2024-01-01"), Utc("2024-01-02")).Select(Show));

        var at = Create(Schedule.At("0 12 * * *"), CatchupMode.All, "2024-01-01");
        Assert.Equal(["01-01T12:00/01-01T12:00"], at.Between(Utc("2024-01-01"), Utc("2024-01-02")).Select(Show));

        Assert.Empty(Create(Schedule.Once, CatchupMode.All, "2024-01-01").Between(Utc("2024-01-01"), Utc("2024-01-02")));
        Assert.Empty(Create(Schedule.None, CatchupMode.All, "2024-01-01").Between(Utc("2024-01-01"), Utc("2024-01-02")));
    }

    [Fact]
    public void A_manual_run_gets_the_latest_complete_interval_or_the_length_before_it()
    {
        var at = Utc("2024-01-05T12:30").ToOffset(TimeSpan.FromHours(9));

        Assert.Equal("01-04T00:00/01-05T00:00", Show(Create(Schedule.Daily, CatchupMode.All, null).ManualInterval(at)));
        Assert.Equal("01-05T02:30/01-05T12:30", Show(Create(Schedule.Every(TimeSpan.FromHours(10)), CatchupMode.All, null).ManualInterval(at)));
        Assert.Equal("01-05T12:30/01-05T12:30", Show(Create(Schedule.At("@daily"), CatchupMode.All, null).ManualInterval(at)));
        Assert.Equal("01-05T12:30/01-05T12:30", Show(Create(Schedule.None, CatchupMode.All, null).ManualInterval(at)));
        Assert.Equal(TimeSpan.Zero, Create(Schedule.None, CatchupMode.All, null).ManualInterval(at).Start.Offset);
    }

    [Fact]
    public void Periodic_is_everything_with_a_rhythm()
    {
        Assert.True(Create(Schedule.Daily, CatchupMode.All, null).IsPeriodic);
        Assert.True(Create(Schedule.At("@daily"), CatchupMode.All, null).IsPeriodic);
        Assert.True(Create(Schedule.Every(TimeSpan.FromHours(1)), CatchupMode.All, null).IsPeriodic);
        Assert.False(Create(Schedule.Once, CatchupMode.All, null).IsPeriodic);
        Assert.False(Create(Schedule.None, CatchupMode.All, null).IsPeriodic);
    }

    [Theory]
    [InlineData("0 0 31 2 *", "UTC", null, "never occurs")]
    [InlineData("61 * * * *", "UTC", null, "minute \"61\"")]
    [InlineData("@daily", "Mars/Base", null, "There is no time zone \"Mars/Base\"")]
    [InlineData("@daily", "UTC", "2023-12-31", "The end date 2023-12-31T00:00:00+00:00 is before the start date 2024-01-01T00:00:00+00:00.")]
    public void Nonsense_is_refused_in_one_sentence(string cron, string zone, string? end, string expected)
    {
        foreach (var schedule in new Schedule[] { Schedule.Cron(cron), Schedule.At(cron) })
        {
            var error = Assert.Throws<FormatException>(
                () => Timetable.Create(schedule, zone, Utc("2024-01-01"), end is null ? null : Utc(end), CatchupMode.All));
            Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-60)]
    [InlineData(0.5)]
    public void An_interval_lasts_at_least_a_second(double seconds)
    {
        var error = Assert.Throws<FormatException>(() => Create(Schedule.Every(TimeSpan.FromSeconds(seconds)), CatchupMode.All, null));
        Assert.Contains("at least one second", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("@daily")]
    [InlineData("0 0 29 2 *")]
    public void The_edges_of_the_calendar_end_a_schedule_instead_of_breaking_it(string cron)
    {
        var (first, last) = (DateTimeOffset.MinValue, DateTimeOffset.MaxValue);
        foreach (var schedule in new[] { Schedule.Cron(cron), Schedule.At(cron), Schedule.At(cron).WithInterval(TimeSpan.FromDays(400)), Schedule.Every(TimeSpan.FromDays(1)), Schedule.Every(TimeSpan.MaxValue) })
        {
            foreach (var catchup in Enum.GetValues<CatchupMode>())
            {
                var timetable = Timetable.Create(schedule, "America/New_York", first, null, catchup);
                _ = timetable.Next(null, first);
                _ = timetable.Next(new DataInterval(first, first), first);
                _ = timetable.Between(first, last).Take(3).Count();
                Assert.Null(timetable.Next(new DataInterval(last, last), last));
                Assert.Null(Timetable.Create(schedule, "America/New_York", last, null, catchup).Next(null, first)?.Interval.End);
            }
        }
    }

    [Fact]
    public void A_preview_begins_where_its_now_and_catchup_say()
    {
        var all = Create(Schedule.Daily, CatchupMode.All, "2024-01-01");
        var latest = Create(Schedule.Daily, CatchupMode.Latest, "2024-01-01");
        var now = Utc("2024-01-05T12:00");

        Assert.Equal("01-01T00:00/01-02T00:00@01-02T00:00", Show(SchedulePreview.Firings(all, now, 3))[0]);
        Assert.Equal(
            ["01-04T00:00/01-05T00:00@01-05T00:00", "01-05T00:00/01-06T00:00@01-06T00:00", "01-06T00:00/01-07T00:00@01-07T00:00"],
            Show(SchedulePreview.Firings(latest, now, 3)));
        Assert.Equal("01-01T00:00/01-02T00:00@01-02T00:00", Show(SchedulePreview.Firings(latest, null, 3))[0]);
        Assert.Empty(SchedulePreview.Firings(Create(Schedule.Daily, CatchupMode.All, null), null, 3));
        Assert.Empty(SchedulePreview.Firings(all, now, 0));
    }

    private static void AssertNext(Schedule schedule, CatchupMode catchup, string? start, string? last, string now, string? expected)
    {
        var ends = last?.Split('/').Select(Utc).ToArray();
        var firing = Create(schedule, catchup, start).Next(ends is null ? null : new DataInterval(ends[0], ends[1]), Utc(now));

        Assert.Equal(expected, firing is null ? null : Show(firing.Value));
    }

    private static Timetable Create(Schedule schedule, CatchupMode catchup, string? start, string? end = null) =>
        Timetable.Create(schedule, "UTC", start is null ? null : Utc(start), end is null ? null : Utc(end), catchup);

    private static DateTimeOffset Utc(string text) => ScheduleDates.Parse(text, "UTC");

    private static string[] Show(IEnumerable<Firing> firings) => [.. firings.Select(Show)];

    private static string Show(Firing firing) => $"{Show(firing.Interval)}@{firing.RunAfter:MM-ddTHH:mm}";

    private static string Show(DataInterval interval)
    {
        Assert.Equal(TimeSpan.Zero, interval.Start.Offset);
        Assert.Equal(TimeSpan.Zero, interval.End.Offset);
        return $"{interval.Start:MM-ddTHH:mm}/{interval.End:MM-ddTHH:mm}";
    }
}
