using Sluice.Core.Backfills;
using Sluice.Core.DagRuns;
using Sluice.Core.Schedules;

namespace Sluice.Core.Tests.Backfills;

public sealed class BackfillPlanTests
{
    private static readonly Dictionary<DateTimeOffset, RunState> NoRuns = [];

    // Its own bounds and catchup do not matter to a backfill.
    private static readonly Timetable Daily = Timetable.Create(Schedule.Daily, "UTC", Day(1, month: 6), Day(2, month: 6), CatchupMode.None);

    [Fact]
    public void The_range_takes_its_start_and_leaves_its_end()
    {
        var plan = BackfillPlan.Create(Daily, Day(1), Day(4), Day(1, month: 12), NoRuns);

        Assert.Null(plan.Refusal);
        Assert.Equal([new(Day(1), Day(2)), new(Day(2), Day(3)), new(Day(3), Day(4))], plan.Runs);
        Assert.Equal(new DataInterval(Day(1), Day(4)), plan.Range);
    }

    [Fact]
    public void Days_are_those_of_the_dags_zone()
    {
        var seoul = Timetable.Create(Schedule.Daily, "Asia/Seoul", null, null, CatchupMode.Latest);

        var plan = BackfillPlan.Create(
            seoul, ScheduleDates.Parse("2024-01-01", "Asia/Seoul"), ScheduleDates.Parse("2024-02-01", "Asia/Seoul"), Day(1, month: 12), NoRuns);

        Assert.Equal(31, plan.Runs.Count);
        Assert.Equal(new DateTimeOffset(2023, 12, 31, 15, 0, 0, TimeSpan.Zero), plan.Runs[0].Start);
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(-1, 1)] // the third interval ends exactly now, and a minute before that it is not complete
    public void Only_complete_intervals_are_run(int minutes, int last)
    {
        var plan = BackfillPlan.Create(Daily, Day(1), Day(30), Day(4).AddMinutes(minutes), NoRuns);

        Assert.Equal(Day(last + 1), plan.Runs[^1].Start);
    }

    [Theory]
    [InlineData(Reprocess.None, new[] { 1 }, new int[0])]
    [InlineData(Reprocess.Failed, new[] { 1, 3 }, new[] { 3 })]
    [InlineData(Reprocess.Completed, new[] { 1, 2, 3 }, new[] { 2, 3 })]
    public void Runs_that_exist_are_left_or_run_again_but_never_while_they_go_on(Reprocess reprocess, int[] days, int[] again)
    {
        var existing = new Dictionary<DateTimeOffset, RunState>
        {
            [Day(2)] = RunState.Success,
            [Day(3)] = RunState.Failed,
            [Day(4)] = RunState.Running,
            [Day(5)] = RunState.Queued,
        };

        var plan = BackfillPlan.Create(Daily, Day(1), Day(6), Day(1, month: 12), existing, reprocess);

        Assert.Equal(days.Select(d => Day(d)), plan.Runs.Select(run => run.Start));
        Assert.Equal(again.Select(d => Day(d)), plan.Runs.Where(run => run.Again).Select(run => run.Start));
        Assert.Equal(5 - days.Length, plan.LeftAlone.Count);
    }

    [Fact]
    public void The_trigger_family_has_a_run_for_each_tick()
    {
        var at = Timetable.Create(Schedule.At("0 12 * * *"), "UTC", null, null, CatchupMode.Latest);

        var plan = BackfillPlan.Create(at, Day(1), Day(9), Day(2).AddHours(12), NoRuns);

        Assert.Equal([Day(1).AddHours(12), Day(2).AddHours(12)], plan.Runs.Select(run => run.Start));
        Assert.All(plan.Runs, run => Assert.Equal(run.Start, run.End));
    }

    [Fact]
    public void What_makes_no_sense_is_refused_with_the_reason()
    {
        Refused("The backfill's start 2024-01-02T00:00:00Z is not before its end 2024-01-01T00:00:00Z", Daily, Day(2), Day(1));
        Refused("is not before its end", Daily, Day(2), Day(2));
        Refused("no interval from 2024-01-20T00:00:00Z to 2024-01-25T00:00:00Z is complete at 2024-01-12T00:00:00Z", Daily, Day(20), Day(25));
        Refused("no interval of the schedule starts from 2024-01-01T01:00:00Z", Daily, Day(1).AddHours(1), Day(2));
        Refused("no periodic schedule", Timetable.Create(Schedule.Once, "UTC", Day(1), null, CatchupMode.All), Day(1), Day(2));
        Refused("no periodic schedule", Timetable.Create(Schedule.None, "UTC", Day(1), null, CatchupMode.All), Day(1), Day(2));
        Refused("more than 100000 intervals", Timetable.Create(Schedule.Cron("* * * * *"), "UTC", null, null, CatchupMode.All), Day(1).AddYears(-1), Day(2));

        var done = new Dictionary<DateTimeOffset, RunState> { [Day(1)] = RunState.Success };
        Assert.Contains("the 1 intervals", BackfillPlan.Create(Daily, Day(1), Day(2), Day(12), done).Refusal, StringComparison.Ordinal);
        Assert.Contains("reprocess completed", BackfillPlan.Create(Daily, Day(1), Day(2), Day(12), done, Reprocess.Failed).Refusal, StringComparison.Ordinal);
        done[Day(1)] = RunState.Running;
        Assert.Contains("still going on", BackfillPlan.Create(Daily, Day(1), Day(2), Day(12), done, Reprocess.Completed).Refusal, StringComparison.Ordinal);
    }

    private static void Refused(string expected, Timetable timetable, DateTimeOffset start, DateTimeOffset end)
    {
        var plan = BackfillPlan.Create(timetable, start, end, Day(12), NoRuns);

        Assert.Contains(expected, plan.Refusal, StringComparison.Ordinal);
        Assert.Empty(plan.Runs);
    }

    private static DateTimeOffset Day(int day, int month = 1) => new(2024, month, day, 0, 0, 0, TimeSpan.Zero);
}
