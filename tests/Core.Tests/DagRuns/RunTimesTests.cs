using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Core.TaskInstances;
using static Sluice.Core.Tests.DagRuns.Graphs;

namespace Sluice.Core.Tests.DagRuns;

/// <summary>Limits in time of whole runs: timeout, dates of tasks, deadlines.</summary>
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

    /// <summary>Rows of reference, minutes after it, when the run ended (minutes after noon, when it was made), the present, and what is decided.</summary>
    public static TheoryData<string, int, int?, int, string> DeadlineRows()
    {
        var rows = new TheoryData<string, int, int?, int, string>();
        // Due at noon and so many minutes for each reference: made at noon, logical date at 11:00, fixed at 13:00, average of 10, 20, 30 minutes.
        foreach (var (reference, offset) in new[] { ("queued", 0), ("logical", -60), ("fixed", 60), ("average", 20) })
        {
            foreach (var after in new[] { -90, -1, 0, 1, 30, 600 })
            {
                var due = offset + after;
                rows.Add(reference, after, null, due - 1, $"{due} open");
                rows.Add(reference, after, null, due, $"{due} missed");
                rows.Add(reference, after, null, due + 1, $"{due} missed");
                rows.Add(reference, after, due - 1, due + 10, $"{due} open");
                rows.Add(reference, after, due, due + 10, $"{due} open");
                rows.Add(reference, after, due + 1, due + 10, $"{due} missed");
            }
        }

        rows.Add("few", 10, null, 1000, "none");
        rows.Add("most", 0, null, 1000, "10 missed");
        return rows;
    }

    [Theory]
    [MemberData(nameof(DeadlineRows))]
    public void A_deadline_is_missed_when_its_moment_comes_before_the_end(string reference, int after, int? ended, int now, string expected)
    {
        DeadlineReference from = reference switch
        {
            "queued" => DeadlineReference.QueuedAt,
            "logical" => DeadlineReference.LogicalDate,
            "fixed" => DeadlineReference.At(new DateTimeOffset(Noon.AddHours(1).DateTime, TimeSpan.Zero).ToOffset(TimeSpan.FromHours(9))),
            "average" => DeadlineReference.AverageRuntime(3, 3),
            "most" => DeadlineReference.AverageRuntime(1, 1),
            _ => DeadlineReference.AverageRuntime(10, 4),
        };
        var facts = Created.Facts with { CreatedAt = Noon, Interval = new DataInterval(Noon.AddHours(-1), Noon) };
        TimeSpan[] latest = [TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(20), TimeSpan.FromMinutes(30)];
        var verdicts = Deadlines.Judge(
            [new() { Name = "d", Reference = from, After = TimeSpan.FromMinutes(after) }],
            facts, ended is { } end ? Noon.AddMinutes(end) : null, latest, Noon.AddMinutes(now));

        Assert.Equal(expected, verdicts is [var one] ? $"{(one.Due - Noon).TotalMinutes} {(one.Missed ? "missed" : "open")}" : "none");
    }

    [Fact]
    public void A_deadline_beyond_the_calendar_never_comes() =>
        Assert.Null(Deadlines.Due(new() { Name = "d", Reference = DeadlineReference.QueuedAt, After = TimeSpan.MaxValue }, Created.Facts with { CreatedAt = Noon }, []));
}
