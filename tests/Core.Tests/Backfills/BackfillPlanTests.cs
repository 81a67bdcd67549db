using Sluice.Core.Backfills;
using Sluice.Core.DagRuns;
using Sluice.Core.Schedules;

namespace Sluice.Core.Tests.Backfills;

public sealed class BackfillPlanTests
{
    // Its own bounds and catchup do not matter to a backfill.
    private static readonly Timetable Daily = Timetable.Create(Schedule.Daily, "UTC", Day(1, month: 6), Day(2, month: 6), CatchupMode.None);

    [Theory]
    [InlineData(BackfillOrder.Oldest, new[] { 1, 2, 3 })]
    [InlineData(BackfillOrder.Newest, new[] { 3, 2, 1 })]
    public void The_range_takes_its_start_and_leaves_its_end(BackfillOrder order, int[] days)
    {
        var walk = new BackfillWalk(Daily, new(Day(1), Day(4)), order, Day(1, month: 12));

        Assert.Equal(days.Select(day => new DataInterval(Day(day), Day(day + 1))), walk.After(null));
        Assert.Equal(days[1..].Select(day => Day(day)), walk.After(Day(days[0])).Select(interval => interval.Start));
    }

    [Fact]
    public void Days_are_those_of_the_dags_zone()
    {
        var seoul = Timetable.Create(Schedule.Daily, "Asia/Seoul", null, null, CatchupMode.Latest);
        var range = new DataInterval(ScheduleDates.Parse("2024-01-01", "Asia/Seoul"), ScheduleDates.Parse("2024-02-01", "Asia/Seoul"));

        var walk = new BackfillWalk(seoul, range, BackfillOrder.Oldest, Day(1, month: 12)).After(null).ToList();

        Assert.Equal(31, walk.Count);
        Assert.Equal(new DateTimeOffset(2023, 12, 31, 15, 0, 0, TimeSpan.Zero), walk[0].Start);
    }

    [Theory]
    [InlineData(0, 3)]
    [InlineData(-1, 2)] // the third interval ends exactly now, and a minute before that it is not complete
    public void Only_complete_intervals_are_run(int minutes, int last)
    {
        var by = Day(4).AddMinutes(minutes);

        Assert.Equal(Day(last), new BackfillWalk(Daily, new(Day(1), Day(30)), BackfillOrder.Oldest, by).After(null).Last().Start);
        Assert.Equal(Day(last), new BackfillWalk(Daily, new(Day(1), Day(30).AddYears(900)), BackfillOrder.Newest, by).After(null).First().Start);
    }

    /// <summary>Backwards is forwards read from its end, from wherever the walk goes on.</summary>
    [Theory]
    [InlineData("* * * * *", "UTC", 2)]
    [InlineData("*/7 3,4 * * *", "Europe/Berlin", 400)]
    [InlineData("30 2 * * SUN", "America/New_York", 4000)]
    [InlineData("0 0 1 1 *", "Asia/Seoul", 30_000)]
    [InlineData("0 0 29 2 *", "UTC", 30_000)]
    public void Newest_first_is_oldest_first_backwards(string cron, string zone, int days)
    {
        foreach (var schedule in new[] { Schedule.Cron(cron), Schedule.At(cron), Schedule.Every(TimeSpan.FromHours(1 + (days / 3))) })
        {
            var timetable = Timetable.Create(schedule, zone, null, null, CatchupMode.All);
            var range = new DataInterval(Day(17).AddMinutes(13), Day(17).AddMinutes(13).AddDays(days));
            var by = range.End.AddHours(-5);
            var forwards = new BackfillWalk(timetable, range, BackfillOrder.Oldest, by).After(null).ToList();
            var walk = new BackfillWalk(timetable, range, BackfillOrder.Newest, by);
            forwards.Reverse();

            Assert.NotEmpty(forwards);
            Assert.Equal(forwards, walk.After(null));
            var middle = forwards.Count / 2;
            Assert.Equal(forwards.Skip(middle + 1), walk.After(forwards[middle].Start));
        }
    }

    [Fact]
    public void The_trigger_family_has_a_run_for_each_tick()
    {
        var at = Timetable.Create(Schedule.At("0 12 * * *"), "UTC", null, null, CatchupMode.Latest);

        foreach (var order in Enum.GetValues<BackfillOrder>())
        {
            var runs = new BackfillWalk(at, new(Day(1), Day(9)), order, Day(2).AddHours(12)).After(null).ToList();

            Assert.Equal([Day(1).AddHours(12), Day(2).AddHours(12)], runs.Select(run => run.Start).Order());
            Assert.All(runs, run => Assert.Equal(run.Start, run.End));
        }
    }

    [Theory]
    [InlineData(null, Reprocess.Completed, BackfillAction.Create, null)]
    [InlineData(RunState.Queued, Reprocess.Completed, BackfillAction.Skip, "waits for its turn")]
    [InlineData(RunState.Running, Reprocess.Completed, BackfillAction.Skip, "running")]
    [InlineData(RunState.Success, Reprocess.None, BackfillAction.Skip, "succeeded")]
    [InlineData(RunState.Success, Reprocess.Failed, BackfillAction.Skip, "succeeded")]
    [InlineData(RunState.Success, Reprocess.Completed, BackfillAction.Reprocess, null)]
    [InlineData(RunState.Success, Reprocess.Completed, BackfillAction.Skip, "after the backfill was made", 1)]
    [InlineData(RunState.Failed, Reprocess.None, BackfillAction.Skip, "failed, and reprocess is none")]
    [InlineData(RunState.Failed, Reprocess.Failed, BackfillAction.Reprocess, null)]
    [InlineData(RunState.Failed, Reprocess.Completed, BackfillAction.Reprocess, null)]
    [InlineData(RunState.Failed, Reprocess.Failed, BackfillAction.Skip, "after the backfill was made", 1)]
    public void Runs_that_exist_are_left_or_run_again_but_never_while_they_go_on(
        RunState? state, Reprocess reprocess, BackfillAction action, string? why, int endedAfter = 0)
    {
        var existing = state is { } known ? new ExistingRun(new("r"), known, known < RunState.Success ? null : Day(9).AddSeconds(endedAfter)) : null;

        var step = BackfillStep.Of(new(Day(1), Day(2)), existing, reprocess, madeAt: Day(9));

        Assert.Equal((action, why is null, existing?.Id), (step.Action, step.Why is null, step.Run));
        Assert.Contains(why ?? "", step.Why ?? "", StringComparison.Ordinal);
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
        Refused("max_active_runs is 0; it must be from 1 to 1000", Daily, Day(1), Day(2), new() { MaxActiveRuns = 0 });
        Refused("max_active_runs is 1001", Daily, Day(1), Day(2), new() { MaxActiveRuns = 1001 });
    }

    [Theory]
    [InlineData(RunState.Success, Reprocess.None, "the 1 intervals")]
    [InlineData(RunState.Success, Reprocess.Failed, "reprocess completed")]
    [InlineData(RunState.Running, Reprocess.Completed, "still going on")]
    [InlineData(RunState.Failed, Reprocess.Failed, null)]
    public void A_plan_without_anything_to_do_says_so(RunState state, Reprocess reprocess, string? refusal)
    {
        var plan = new BackfillPlan(Daily, new(Day(1), Day(2)), new() { Reprocess = reprocess }, Day(12));
        plan.Add(BackfillStep.Of(plan.Walk.After(null).Single(), new(new("r"), state, Day(3)), reprocess, Day(12)));

        Assert.Null(plan.Nonsense());
        Assert.Equal(refusal is null, plan.NothingToDo() is null);
        Assert.Contains(refusal ?? "", plan.NothingToDo() ?? "", StringComparison.Ordinal);
    }

    private static void Refused(string expected, Timetable timetable, DateTimeOffset start, DateTimeOffset end, BackfillOptions? options = null) =>
        Assert.Contains(expected, new BackfillPlan(timetable, new(start, end), options ?? new(), Day(12)).Nonsense(), StringComparison.Ordinal);

    private static DateTimeOffset Day(int day, int month = 1) => new(2024, month, day, 0, 0, 0, TimeSpan.Zero);
}
