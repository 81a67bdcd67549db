using Sluice.Cluster.Api;
using Sluice.Cluster.Wire;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using static Sluice.Scheduler.Tests.SimulatedScheduler;

namespace Sluice.Scheduler.Tests.DagRuns;

/// <summary>Clearing, marking and asking why, as the API answers it.</summary>
public sealed class ChangesApiTests
{
    private static readonly DagSpec Dag = Daily() with { StartDate = Start.AddDays(30), Tasks = [Task("a"), Task("b", 0), Task("g.x", 1), Task("g.y", 2)] };

    private readonly SimulatedScheduler _cluster = new();
    private readonly PlayedWorker _worker;

    public ChangesApiTests()
    {
        _cluster.Define(Dag);
        _worker = _cluster.AddWorker(slots: 2);
        _cluster.Backfill("week", Dag, Start.AddDays(-7), Start);
        _worker.WorkFor(TimeSpan.FromSeconds(60));
        Assert.Equal(7, _cluster.Runs().Count(run => run.State == RunState.Success));
    }

    /// <summary>What of "a" and of all the runs from 29 January to 4 February would change.</summary>
    [Fact]
    public void A_selection_means_the_runs_and_tasks_that_it_says()
    {
        var commits = _cluster.Store.Epochs.Count;
        var wednesday = new ChangeRequest { DagId = "daily", RunId = "2021-02-01", DryRun = true };
        (ChangeRequest Request, string Days, string Tasks)[] rows =
        [
            (wednesday, "1", "a b g.x g.y"),
            (wednesday with { Tasks = ["a"] }, "1", "a"),
            (wednesday with { Tasks = ["g"] }, "1", "g.x g.y"),
            (wednesday with { Tasks = ["b"], Downstream = true }, "1", "b g.x g.y"),
            (wednesday with { Tasks = ["g.x"], Upstream = true }, "1", "a b g.x"),
            (wednesday with { Tasks = ["a"], Past = true }, "29 30 31 1", "a"),
            (wednesday with { Tasks = ["a"], Future = true }, "1 2 3 4", "a"),
            (wednesday with { Tasks = ["a"], Past = true, Future = true }, "29 30 31 1 2 3 4", "a"),
            (wednesday with { RunId = null, Start = "2021-01-30", End = "2021-02-02", Tasks = ["a"] }, "30 31 1", "a"),
            (wednesday with { OnlyFailed = true }, "", ""),
            (wednesday with { FromFailed = true, Past = true }, "", ""),
        ];
        foreach (var (request, days, tasks) in rows)
        {
            var answer = Change(Operations.ClearTasks, request);

            Assert.True(answer.DryRun);
            Assert.Equal(days.Split(' ', StringSplitOptions.RemoveEmptyEntries), answer.Runs.OrderBy(run => run.LogicalDate).Select(run => $"{run.LogicalDate.Day}"));
            Assert.All(answer.Runs, run => Assert.Equal(tasks, string.Join(' ', run.Tasks.Select(task => task.TaskId))));
            Assert.All(answer.Runs, run => Assert.Equal(("success", "queued"), (run.StateBefore, run.StateAfter)));
        }

        Assert.Equal(commits, _cluster.Store.Epochs.Count);
    }

    [Fact]
    public void A_run_goes_on_from_where_it_failed_and_the_audit_log_tells_who_asked_and_why()
    {
        var request = new ChangeRequest { DagId = "daily", RunId = "2021-02-01", Tasks = ["g.x"], State = "failed", Note = "bad rows" };
        Assert.Equal("g.x success failed", Tasks(Change(Operations.MarkTasks, request)));
        Assert.Equal("success", State("2021-02-01")); // its leaf had succeeded
        Assert.Equal("g.y success failed", Tasks(Change(Operations.MarkTasks, request with { Tasks = ["g.y"] })));
        Assert.Equal("failed", State("2021-02-01"));
        Assert.Equal(("ended", "marked failed by ann: bad rows"), Why("g.x"));

        Assert.Equal("g.x failed none, g.y failed none", Tasks(Change(Operations.ClearTasks, request with { Tasks = [], State = null, FromFailed = true })));
        _worker.WorkFor(TimeSpan.FromSeconds(10));
        Assert.Equal("success", State("2021-02-01"));
        Assert.Equal(("ended", "it ended well"), Why("g.x"));

        Change(Operations.MarkRun, new() { DagId = "daily", RunId = "2021-02-02", State = "failed", Note = "bad rows" });
        Assert.Equal("failed", State("2021-02-02"));
        _cluster.RunFor(TimeSpan.FromSeconds(1));
        var audit = _cluster.Audit();
        foreach (var (action, subject) in new[]
        {
            (Operations.MarkTasks, "daily/backfill__2021-02-01T00:00:00+00:00"),
            (Operations.ClearTasks, "daily/backfill__2021-02-01T00:00:00+00:00"),
            (Operations.MarkRun, "daily/backfill__2021-02-02T00:00:00+00:00"),
        })
        {
            Assert.Contains(audit, row => row.Who == "ann" && row.Action == action && row.Subject == subject && row.Details.Contains("bad rows", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void A_task_that_waits_to_be_tried_again_says_what_went_wrong()
    {
        var dag = Manual("retries") with { Tasks = [Task("only") with { Retries = 2, RetryDelay = TimeSpan.FromMinutes(5) }] };
        _cluster.Define(dag);
        _cluster.Trigger(dag, "r");
        _worker.End(_worker.Held.Single(), Core.TaskInstances.OutcomeKind.Failed);
        _cluster.RunFor(TimeSpan.FromSeconds(1));

        var why = Read<TaskWhyAnswer>(_cluster.Call(Operations.WhyTask, new TaskName("retries", "only", "r")));

        Assert.Equal(("up_for_retry", 1, 3, "retry"), (why.State, why.TryNumber, why.MaxTries, why.Reasons[0].Kind));
        Assert.NotNull(why.Reasons[0].Until);
        Assert.EndsWith("2 tries left", why.Reasons[0].Text, StringComparison.Ordinal);

        _worker.WorkFor(TimeSpan.FromMinutes(6));
        why = Read<TaskWhyAnswer>(_cluster.Call(Operations.WhyTask, new TaskName("retries", "only", "r")));
        Assert.Equal(("success", "ended", "it ended well"), (why.State, why.Reasons[0].Kind, why.Reasons[0].Text));
    }

    [Fact]
    public void What_makes_no_sense_is_one_sentence()
    {
        var good = new ChangeRequest { DagId = "daily", RunId = "2021-02-01" };
        (string Operation, ChangeRequest Request, int Code, string Says)[] rows =
        [
            (Operations.ClearTasks, good with { DagId = "nosuch" }, 404, "There is no Dag 'nosuch'."),
            (Operations.ClearTasks, good with { RunId = "nosuch" }, 404, "Dag 'daily' has no run 'nosuch'."),
            (Operations.ClearTasks, good with { RunId = "2022-02-01" }, 404, "Dag 'daily' has no run '2022-02-01'."),
            (Operations.ClearTasks, good with { Tasks = ["a", "nosuch"] }, 404, "Dag 'daily' has no task or group 'nosuch'"),
            (Operations.ClearTasks, good with { Tasks = ["a[0]"] }, 404, "Dag 'daily' has no task or group 'a[0]'"),
            (Operations.ClearTasks, good with { RunId = null }, 400, "Name a run, or give both ends of a range"),
            (Operations.ClearTasks, good with { Start = "2021-02-01", End = "2021-02-02" }, 400, "not both"),
            (Operations.ClearTasks, good with { RunId = null, Start = "2021-02-01" }, 400, "both ends"),
            (Operations.ClearTasks, good with { RunId = null, Start = "2021-02-01", End = "2021-02-01" }, 400, "is empty"),
            (Operations.ClearTasks, good with { RunId = null, Start = "2021-02-01", End = "2021-02-02", Past = true }, 400, "Past and future go with a named run"),
            (Operations.ClearTasks, good with { RunId = null, Start = "2020-02-01", End = "2020-02-02" }, 404, "has no run in [2020-02-01, 2020-02-02)"),
            (Operations.ClearTasks, good with { RunId = null, Start = "yesterday", End = "2020-02-02" }, 400, "\"yesterday\" is not a date"),
            (Operations.ClearTasks, good with { OnlyFailed = true, FromFailed = true }, 400, "contradict each other"),
            (Operations.ClearTasks, good with { Note = new('x', 1001) }, 400, "The note has 1001 characters"),
            (Operations.ClearTasks, good with { State = "failed" }, 400, "State goes with marking"),
            (Operations.MarkTasks, good with { Tasks = ["a"] }, 400, "Say what to mark it as"),
            (Operations.MarkTasks, good with { Tasks = ["a"], State = "running" }, 400, "'running' is no state to mark with"),
            (Operations.MarkRun, good with { State = "removed" }, 400, "'removed' is no state to mark with"),
            (Operations.MarkRun, good with { State = "failed", Tasks = ["a"] }, 400, "marks whole runs"),
            (Operations.MarkRun, good with { State = "failed", OnlyFailed = true }, 400, "marks whole runs"),
        ];
        var commits = _cluster.Store.Epochs.Count;
        foreach (var (operation, request, code, says) in rows)
        {
            var refused = _cluster.Call(operation, request);

            Assert.True(code == refused.Code, $"{says}: {refused.Code} {refused.Error}");
            Assert.Contains(says, refused.Error, StringComparison.Ordinal);
        }

        Assert.Equal((404, "The run has no task 'nosuch' in its version."), Refused(_cluster.Call(Operations.WhyTask, new TaskName("daily", "nosuch", "2021-02-01"))));
        Assert.Equal(commits, _cluster.Store.Epochs.Count);
    }

    private ChangeAnswer Change(string operation, ChangeRequest request) => Read<ChangeAnswer>(_cluster.Call(operation, request));

    private (string Kind, string Text) Why(string task) =>
        Read<TaskWhyAnswer>(_cluster.Call(Operations.WhyTask, new TaskName("daily", task, "2021-02-01"))).Reasons is [var one] ? (one.Kind, one.Text) : default;

    private string State(string run) => Read<RunDetails>(_cluster.Call(Operations.ShowRun, new RunName("daily", run))).Run.State;

    private static string Tasks(ChangeAnswer answer) => string.Join(", ", answer.Runs.SelectMany(run => run.Tasks).Select(task => $"{task.TaskId} {task.From} {task.To}"));

    private static (int Code, string? Error) Refused(Response response) => (response.Code, response.Error);

    private static T Read<T>(Response response)
    {
        Assert.True(response.Error is null, response.Error);
        return ApiJson.Deserialize<T>(response.Body!);
    }
}
