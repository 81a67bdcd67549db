using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Core.Tests.DagRuns;

namespace Sluice.Core.Tests.Dags;

/// <summary>Dates of Dags and tasks (semantics.md, 1): every way in which they can lie.</summary>
public sealed class DagDatesTests
{
    private static readonly DateTimeOffset Day = new(2021, 2, 5, 0, 0, 0, TimeSpan.Zero);

    // Days from the fifth; null: none.
    private static readonly int?[] Dates = [null, -2, -1, 0, 1, 2];

    [Fact]
    public void A_task_is_part_of_the_runs_between_its_dates_and_of_every_backfill()
    {
        foreach (var (start, end, date, type) in from start in Dates from end in Dates from date in Dates from type in Enum.GetValues<RunType>() where date is not null select (start, end, date, type))
        {
            var task = Graphs.Task("t") with { StartDate = On(start), EndDate = On(end) };
            var run = Graphs.Created.Facts with { Type = type, Interval = new(On(date)!.Value, On(date + 1)!.Value) };
            var expected = type == RunType.Backfill || ((start is null || start <= date) && (end is null || date <= end));

            Assert.True(expected == DagDates.Allow(task, run), $"a task from {start} to {end} in a {type} run of {date}");
        }
    }

    [Fact]
    public void A_Dag_begins_with_the_first_of_its_tasks_and_ends_with_the_last_that_says_so()
    {
        foreach (var (own, one, other) in from own in Dates from one in Dates from other in Dates select (own, one, other))
        {
            var starts = new DagSpec { Id = new("d"), StartDate = On(own), Tasks = [Graphs.Task("a") with { StartDate = On(one) }, Graphs.Task("b") with { StartDate = On(other) }] };
            var ends = new DagSpec { Id = new("d"), EndDate = On(own), Tasks = [Graphs.Task("a") with { EndDate = On(one) }, Graphs.Task("b") with { EndDate = On(other) }] };
            int? first = new[] { own, one, other }.Where(date => date is not null).DefaultIfEmpty(null).Min();
            int? last = one is not null && other is not null ? new[] { own, one, other }.Where(date => date is not null).Max() : own;

            Assert.True(On(first) == DagDates.Start(starts), $"from {own}, tasks from {one} and {other}: {DagDates.Start(starts)}");
            Assert.True(On(last) == DagDates.End(ends), $"to {own}, tasks to {one} and {other}: {DagDates.End(ends)}");
        }
    }

    [Fact]
    public void The_timetable_goes_from_the_first_date_to_the_last()
    {
        foreach (var (own, task, catchup) in from own in Dates from task in Dates from catchup in Enum.GetValues<CatchupMode>() where own is not null select (own, task, catchup))
        {
            var dag = new DagSpec { Id = new("d"), Schedule = Schedule.Daily, StartDate = On(own), EndDate = On(3), Catchup = catchup, Tasks = [Graphs.Task("a") with { StartDate = On(task) }] };
            var firing = DagDates.Timetable(dag).Next(null, Day.AddDays(-30));

            // Long before: the first run is that of the first date, whatever the catchup.
            Assert.Equal(On(Math.Min(own!.Value, task ?? own.Value)), firing?.LogicalDate);
            Assert.Null(DagDates.Timetable(dag).Next(new(On(3)!.Value, On(4)!.Value), Day.AddDays(30)));
        }
    }

    private static DateTimeOffset? On(int? day) => day is { } days ? Day.AddDays(days) : null;
}
