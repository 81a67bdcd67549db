using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using static Sluice.Core.Tests.DagRuns.Graphs;

namespace Sluice.Core.Tests.DagRuns;

/// <summary>Limits in time of whole runs: timeout, dates of tasks.</summary>
public sealed class RunTimesTests
{
    [Fact]
    public void A_run_over_its_limit_fails_and_what_has_not_ended_is_skipped()
    {
        var graph = new DagGraph(Of(Task("a"), Task("b"), Task("c", 0), Task("d", 1)).Spec with { DagRunTimeout = TimeSpan.FromMinutes(10) });
        var run = NewRun(graph);
        Assert.Empty(DagRunDecider.Decide(run, new TimeOutRun(Noon.AddDays(1))));
        DagRunDecider.Decide(run, new StartRun(Noon));
        DagRunDecider.Decide(run, new DispatchTasks("w", [0, 1], Noon));
        DagRunDecider.Decide(run, new ReportTask(0, run.TokenOf(0), new() { Kind = OutcomeKind.Success, StartedAt = Noon, EndedAt = Noon }, Noon));

        Assert.Empty(DagRunDecider.Decide(run, new TimeOutRun(Noon.AddMinutes(10).AddTicks(-1))));
        DagRunDecider.Decide(run, new TimeOutRun(Noon.AddMinutes(10)));

        Assert.Equal((RunState.Failed, "timed_out"), (run.Phase, run.Reason));
        Assert.Equal([TaskState.Success, TaskState.Skipped, TaskState.Skipped, TaskState.Skipped], Enumerable.Range(0, 4).Select(run.StateOf));
        Assert.Empty(DagRunDecider.Decide(run, new TimeOutRun(Noon.AddMinutes(20))));
    }

    [Fact]
    public void A_run_without_a_limit_never_times_out()
    {
        var run = NewRun(Of(Task("a")));
        DagRunDecider.Decide(run, new StartRun(Noon));

        Assert.Empty(DagRunDecider.Decide(run, new TimeOutRun(Noon.AddYears(1))));
    }

    [Theory]
    // Logical date is noon of the 6th. The first task has the dates; the others hang on it.
    [InlineData(RunType.Manual, null, null, "Scheduled None")]
    [InlineData(RunType.Manual, 0, null, "Scheduled None")]
    [InlineData(RunType.Manual, -1, 0, "Scheduled None")]
    [InlineData(RunType.Manual, 1, null, "Removed Scheduled")]
    [InlineData(RunType.Scheduled, 1, null, "Removed Scheduled")]
    [InlineData(RunType.Scheduled, null, -1, "Removed Scheduled")]
    [InlineData(RunType.Backfill, 1, null, "Scheduled None")]
    [InlineData(RunType.Backfill, null, -1, "Scheduled None")]
    public void A_task_is_part_of_a_run_when_its_own_dates_allow_the_logical_date(RunType type, int? start, int? end, string expected)
    {
        var dated = Task("a") with { StartDate = start is { } from ? Noon.AddHours(from) : null, EndDate = end is { } to ? Noon.AddHours(to) : null };
        var run = new DagRunState(Of(dated, Task("b", 0)), Created with { Facts = Created.Facts with { Type = type } });
        DagRunDecider.Decide(run, new StartRun(Noon));

        Assert.Equal(expected, $"{run.StateOf(0)} {run.StateOf(1)}");
    }

    [Fact]
    public void A_run_whose_tasks_are_all_outside_their_dates_is_over_at_once()
    {
        var run = NewRun(Of(Task("a") with { StartDate = Noon.AddHours(1) }, Task("b", 0) with { StartDate = Noon.AddHours(1) }));
        DagRunDecider.Decide(run, new StartRun(Noon));

        Assert.Equal(RunState.Success, run.Phase);
    }

    [Fact]
    public void A_rule_that_nothing_is_left_to_fulfil_ends_its_task_too()
    {
        var run = NewRun(Of(Task("a") with { StartDate = Noon.AddHours(1) }, Task("b", 0) with { TriggerRule = TriggerRule.OneSuccess }, Task("c", 1)));
        DagRunDecider.Decide(run, new StartRun(Noon));

        Assert.Equal(0, run.Unfinished);
        Assert.NotEqual(RunState.Running, run.Phase);
    }

    [Theory]
    // Dag's dates, then each task's; all days of 2024-01.
    [InlineData("10/20", "/ /", "10/20")]
    [InlineData("10/20", "5/ 12/", "5/20")]
    [InlineData("10/20", "12/ 15/", "10/20")]
    [InlineData("/20", "12/ /", "12/20")]
    [InlineData("10/20", "/25 /", "10/20")]
    [InlineData("10/20", "/25 /22", "10/25")]
    [InlineData("10/20", "/12 /15", "10/20")]
    [InlineData("10/", "/12 /15", "10/15")]
    [InlineData("10/", "/12 /", "10/")]
    public void The_earliest_start_and_the_latest_end_count(string own, string tasks, string expected)
    {
        static DateTimeOffset? Day(string text) => text.Length == 0 ? null : new DateTimeOffset(2024, 1, int.Parse(text, System.Globalization.CultureInfo.InvariantCulture), 0, 0, 0, TimeSpan.Zero);
        static (DateTimeOffset? Start, DateTimeOffset? End) Range(string text) => (Day(text.Split('/')[0]), Day(text.Split('/')[1]));
        var dag = new DagSpec
        {
            Id = new("dag"),
            StartDate = Range(own).Start,
            EndDate = Range(own).End,
            Tasks = [.. tasks.Split(' ').Select((text, i) => Task($"t{i}") with { StartDate = Range(text).Start, EndDate = Range(text).End })],
        };

        Assert.Equal(Range(expected), (DagDates.Start(dag), DagDates.End(dag)));
    }
}
