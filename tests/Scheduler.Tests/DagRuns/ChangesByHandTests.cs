using Sluice.Cluster.Wire;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using Sluice.Scheduler.DagRuns;
using static Sluice.Scheduler.Tests.SimulatedScheduler;

namespace Sluice.Scheduler.Tests.DagRuns;

/// <summary>Clearing and marking, through the actors and the store.</summary>
public sealed class ChangesByHandTests
{
    private static readonly ByHand Ann = new("ann", "wrong table");
    private static readonly DagSpec Chain = Manual("chain") with { Tasks = [Task("a"), Task("b", 0), Task("c", 1)], MaxActiveRuns = 1 };

    private readonly SimulatedScheduler _cluster = new();

    [Fact]
    public void A_finished_run_runs_again_from_a_task_and_keeps_its_attempts()
    {
        var (worker, run) = Ended();

        var dry = Clear(run, dryRun: true, down: true, "b");
        Assert.Equal(["b success none False", "c success none False"], Shown(dry));
        Assert.Equal(RunState.Success, _cluster.RunOf(run).State);

        var change = Clear(run, dryRun: false, down: true, "b");
        Assert.Equal(Shown(dry), Shown(change));
        Assert.Equal((RunState.Success, RunState.Queued), (change.Before, change.After));
        Assert.Contains(_cluster.Attempts(run), row => row is { State: TaskState.None, Error: "cleared by ann: wrong table" } && row.Task.Value == "b");
        Assert.True(_cluster.RunUntil(() => worker.Held.Count == 1));
        Assert.Equal((RunState.Running, "v"), (_cluster.RunOf(run).State, _cluster.XComs(run).Any(xcom => xcom.Task.Value == "b") ? "stale" : "v"));
        Assert.Contains(_cluster.XComs(run), xcom => xcom.Task.Value == "a");

        // The attempt of its former life is heard of once more.
        worker.End(new(run, 1, 1), OutcomeKind.Failed);
        Assert.Equal(TaskState.Running, _cluster.Attempts(run).Last(row => row.Task.Value == "b").State);

        worker.Pushes.Clear();
        worker.WorkFor(TimeSpan.FromSeconds(3));
        Assert.Equal(RunState.Success, _cluster.RunOf(run).State);
        var attempts = _cluster.Attempts(run).Where(row => row.Task.Value == "b").ToList();
        Assert.Equal([(1, 1, TaskState.Success), (2, 1, TaskState.None), (3, 2, TaskState.Success)], attempts.Select(row => (row.Token, row.TryNumber, row.State)));
        Assert.Equal(1, _cluster.Attempts(run).Count(row => row.Task.Value == "a"));
    }

    [Fact]
    public void A_cleared_run_waits_for_its_turn_also_across_a_takeover_and_goes_on_counting()
    {
        var (worker, run) = Ended();
        worker.Works = false;
        var other = _cluster.Trigger(Chain, "other").Facts!.Key;
        _cluster.RunUntil(() => worker.Held.Count == 1);

        Clear(run, dryRun: false, down: false, "c");
        Clear(run, dryRun: false, down: false, "b");
        Assert.Equal(RunState.Queued, _cluster.RunOf(run).State);
        Assert.Equal("run_queued", Assert.Single(Why(run, "c").Reasons).Kind);
        _cluster.TakeOver();
        worker.Join();
        Assert.Equal(RunState.Queued, _cluster.RunOf(run).State);

        worker.WorkFor(TimeSpan.FromSeconds(10));
        Assert.Equal((RunState.Success, RunState.Success), (_cluster.RunOf(run).State, _cluster.RunOf(other).State));
        // Above every token of the life before, whichever task had it.
        Assert.Equal([1, 4], _cluster.Attempts(run).Where(row => row.Task.Value == "c" && row.State == TaskState.Success).Select(row => row.Token));
        Assert.Single(_cluster.Attempts(run), row => row.Task.Value == "a");
    }

    [Fact]
    public void Runs_of_a_backfill_that_are_cleared_keep_to_the_limit_of_their_Dag()
    {
        var dag = Daily() with { StartDate = Start.AddDays(30), MaxActiveRuns = 2 };
        _cluster.Define(dag);
        var worker = _cluster.AddWorker(slots: 10);
        _cluster.Backfill("b", dag, Start.AddDays(-6), Start, limit: 6);
        worker.WorkFor(TimeSpan.FromSeconds(10));
        Assert.Equal("success", _cluster.BackfillOf("b").State);

        foreach (var run in _cluster.Runs())
        {
            Ask(new(run.Facts.Key, at => new ClearTasks(new(), Ann, at), false), dag);
        }

        _cluster.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal((2, 4), (worker.Held.Count, _cluster.Runs().Count(run => run.State == RunState.Queued)));
        _cluster.TakeOver();
        worker.Join();
        Assert.Equal((2, 4), (worker.Held.Count, _cluster.Runs().Count(run => run.State == RunState.Queued)));

        // Live runs share the limit with them; the backfill itself is over and stays so.
        _cluster.Trigger(dag, "live");
        Assert.Equal(2, worker.Held.Count);
        worker.WorkFor(TimeSpan.FromSeconds(10));
        Assert.Equal(7, _cluster.Runs().Count(run => run.State == RunState.Success));
        Assert.Equal(("success", 6), (_cluster.BackfillOf("b").State, _cluster.BackfillOf("b").Succeeded));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_running_task_is_told_and_runs_again_when_it_is_gone(bool takeover)
    {
        _cluster.Define(Chain);
        var worker = _cluster.AddWorker();
        var run = _cluster.Trigger(Chain, "r").Facts!.Key;
        var first = worker.Held.Single();

        var change = Clear(run, dryRun: false, down: false, "a");
        Assert.Equal(["a running none True"], Shown(change));
        Assert.Equal("stopping", Assert.Single(Why(run, "a").Reasons).Kind);
        if (takeover)
        {
            // The word was lost with the leader; the new one says it again.
            worker.Told.Clear();
            _cluster.TakeOver();
            worker.Join();
        }

        worker.BeatFor(TimeSpan.FromSeconds(2));
        Assert.Contains(worker.Told.OfType<KillTasks>(), kill => kill.Ids.Contains(first) && kill.Reason == "cleared by ann: wrong table");
        Assert.Equal([first], worker.Held);

        worker.End(first, OutcomeKind.Failed);
        Assert.True(_cluster.RunUntil(() => worker.Held.Count == 1));
        Assert.Equal(new AttemptId(run, 0, 3), worker.Held[0]);
        worker.WorkFor(TimeSpan.FromSeconds(5));
        Assert.Equal(RunState.Success, _cluster.RunOf(run).State);
        Assert.Equal(
            [(1, TaskState.Failed, "cleared by ann: wrong table"), (2, TaskState.None, "cleared by ann: wrong table"), (3, TaskState.Success, null)],
            _cluster.Attempts(run).Where(row => row.Task.Value == "a").Select(row => (row.Token, row.State, row.Error)));
    }

    [Fact]
    public void What_never_reached_its_worker_or_is_lost_with_it_runs_again_too()
    {
        _cluster.Define(Chain);
        var worker = _cluster.AddWorker();
        var run = _cluster.Trigger(Chain, "r").Facts!.Key;
        worker.Held.Clear();
        Clear(run, dryRun: false, down: false, "a");
        worker.BeatFor(TimeSpan.FromSeconds(5));
        Assert.True(_cluster.RunUntil(() => worker.Held.Count == 1), "it did not come again");

        Clear(run, dryRun: false, down: false, "a");
        var other = _cluster.AddWorker();
        for (var second = 0; second < 20 && other.Held.Count == 0; second++)
        {
            other.BeatFor(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(new AttemptId(run, 0, 5), other.Held.Single());
        worker.End(new(run, 0, 3));
        Assert.Equal([new AttemptId(run, 0, 5)], other.Held);
        Assert.Equal(TaskState.Running, _cluster.Attempts(run).Last(row => row.Task.Value == "a").State);
    }

    [Fact]
    public void A_running_task_is_marked_and_told_and_the_run_goes_on()
    {
        _cluster.Define(Chain);
        var worker = _cluster.AddWorker();
        var run = _cluster.Trigger(Chain, "r").Facts!.Key;
        var first = worker.Held.Single();

        Ask(new(run, at => new MarkTasks(new() { Tasks = ["a"] }, TaskState.Success, Ann, at), false));

        _cluster.RunUntil(() => worker.Held.Count == 2);
        Assert.Contains(worker.Told.OfType<KillTasks>(), kill => kill.Ids.Contains(first));
        worker.End(first);
        worker.WorkFor(TimeSpan.FromSeconds(5));
        Assert.Equal(RunState.Success, _cluster.RunOf(run).State);
        Assert.Equal(
            [(1, TaskState.Failed), (2, TaskState.Success)], _cluster.Attempts(run).Where(row => row.Task.Value == "a").Select(row => (row.Token, row.State)));
    }

    [Fact]
    public void A_run_is_marked_whether_it_runs_waits_or_is_over()
    {
        _cluster.Define(Chain);
        var worker = _cluster.AddWorker();
        var runs = Enumerable.Range(0, 3).Select(n => _cluster.Trigger(Chain, $"r{n}").Facts!.Key).ToList();
        foreach (var run in runs.Take(2).Reverse())
        {
            Ask(new(run, at => new MarkRun(TaskState.Success, Ann, at), false));
            Assert.Equal((RunState.Success, "marked success by ann: wrong table"), (_cluster.RunOf(run).State, _cluster.RunOf(run).Reason));
            Ask(new(run, at => new MarkRun(TaskState.Failed, Ann, at), false));
            Assert.Equal((RunState.Failed, "marked failed by ann: wrong table"), (_cluster.RunOf(run).State, _cluster.RunOf(run).Reason));
        }

        // Its turn has come.
        Assert.True(_cluster.RunUntil(() => _cluster.RunOf(runs[2]).State == RunState.Running), "its turn did not come");
        _cluster.TakeOver();
        worker.Join();
        Assert.Equal([RunState.Failed, RunState.Failed, RunState.Running], runs.Select(run => _cluster.RunOf(run).State));
    }

    [Fact]
    public void Instances_of_a_mapped_task_are_cleared_one_by_one_in_a_run_that_is_over()
    {
        var dag = Mapped();
        _cluster.Define(dag);
        var worker = _cluster.AddWorker(slots: 10);
        worker.Pushes.Add(new("return_value", "[7,8]"));
        var run = _cluster.Trigger(dag, "r").Facts!.Key;
        worker.WorkFor(TimeSpan.FromSeconds(5));
        Assert.Equal(RunState.Success, _cluster.RunOf(run).State);

        var change = Ask(new(run, at => new ClearTasks(new() { Tasks = ["each[1]"], Downstream = true }, Ann, at), false), dag);
        Assert.Equal(["each[1] success none False", "all success none False"], Shown(change));
        worker.WorkFor(TimeSpan.FromSeconds(5));
        Assert.Equal(RunState.Success, _cluster.RunOf(run).State);
        Assert.Equal([1, 2], new[] { "each[0]", "each[1]" }.Select(name => _cluster.Attempts(run).Last(row => row.Task.Value == name).TryNumber));
    }

    [Theory]
    [InlineData("[7]", false)]
    [InlineData("[7]", true)]
    [InlineData("[7,8,9,10]", false)]
    public void A_mapped_task_shrinks_or_grows_when_it_runs_again(string items, bool takeover)
    {
        var dag = Mapped();
        _cluster.Define(dag);
        var worker = _cluster.AddWorker(slots: 10);
        worker.Pushes.Add(new("return_value", "[7,8,9]"));
        var run = _cluster.Trigger(dag, "r").Facts!.Key;
        worker.WorkFor(TimeSpan.FromSeconds(5));
        Assert.Equal(3, States(run).Count(state => state.StartsWith("each[", StringComparison.Ordinal) && state.EndsWith("success", StringComparison.Ordinal)));

        Ask(new(run, at => new ClearTasks(new() { Tasks = ["list"], Downstream = true }, Ann, at), false), dag);
        if (takeover)
        {
            _cluster.TakeOver();
            worker.Join();
        }

        worker.Pushes[0] = new("return_value", items);
        worker.WorkFor(TimeSpan.FromSeconds(10));

        Assert.Equal(RunState.Success, _cluster.RunOf(run).State);
        Assert.Equal(
            items == "[7]"
                ? ["all 2 success", "each[0] 2 success", "each[1] 1 removed", "each[2] 1 removed", "list 2 success"]
                : ["all 2 success", "each[0] 2 success", "each[1] 2 success", "each[2] 2 success", "each[3] 1 success", "list 2 success"],
            States(run).Where(state => !state.StartsWith("each ", StringComparison.Ordinal)));
        Assert.Equal(items == "[7]" ? 2 : 5, _cluster.XComs(run).Count(xcom => xcom.Task.Value != "all"));
    }

    [Fact]
    public void Why_says_what_is_in_the_way()
    {
        var dag = Manual("pooled") with { Tasks = [Task("a"), Task("b") with { Queue = "gpu" }, Task("c", 0, 1)], MaxActiveRuns = 2 };
        _cluster.Define(dag);
        var worker = _cluster.AddWorker();
        var first = _cluster.Trigger(dag, "r1").Facts!.Key;
        var second = _cluster.Trigger(dag, "r2").Facts!.Key;
        Assert.Single(worker.Held);

        Assert.Equal(["running"], Why(first, "a", dag).Reasons.Select(reason => reason.Kind));
        Assert.Equal(["queue"], Why(first, "b", dag).Reasons.Select(reason => reason.Kind));
        Assert.Equal("by its rule all_success it waits for a (running), b (scheduled)", Assert.Single(Why(first, "c", dag).Reasons).Text);
        var taken = Assert.Single(Why(second, "a", dag).Reasons);
        Assert.Equal(("slots", "all 1 slots of the workers of queue 'default' are taken; 1 task of Dag 'pooled' hold them"), (taken.Kind, taken.Text));
        Assert.Contains("no task 'x'", Why(second, "x", dag).Refusal, StringComparison.Ordinal);

        _cluster.Cancel(first);
        Assert.Equal(TaskState.Skipped, Why(first, "c", dag).State);
    }

    private static DagSpec Mapped() => Manual("mapped") with
    {
        Tasks = [Task("list"), Task("each", 0) with { Map = new() { Sources = [new() { Argument = "x", Task = 0 }] } }, Task("all", 1)],
    };

    /// <summary>Latest state of each instance.</summary>
    private List<string> States(long run) =>
        [.. _cluster.Attempts(run).GroupBy(row => row.Task.Value).Select(rows => $"{rows.Key} {rows.Last().TryNumber} {rows.Last().State.Name()}").Order(StringComparer.Ordinal)];

    private (PlayedWorker Worker, long Run) Ended()
    {
        _cluster.Define(Chain);
        var worker = _cluster.AddWorker();
        worker.Pushes.Add(new("return_value", "1"));
        var run = _cluster.Trigger(Chain, "r").Facts!.Key;
        worker.WorkFor(TimeSpan.FromSeconds(5));
        Assert.Equal(RunState.Success, _cluster.RunOf(run).State);
        return (worker, run);
    }

    private RunChange Clear(long run, bool dryRun, bool down, params string[] tasks) =>
        Ask(new(run, at => new ClearTasks(new() { Tasks = tasks, Downstream = down }, Ann, at), dryRun));

    private RunChange Ask(ChangeRun change, DagSpec? dag = null)
    {
        var answer = _cluster.Ask<RunChange>(new ToDag((dag ?? Chain).Id, change));
        Assert.Null(answer.Refusal);
        return answer;
    }

    private TaskWhy Why(long run, string task, DagSpec? dag = null) => _cluster.Ask<TaskWhy>(new ToDag((dag ?? Chain).Id, new WhyTask(run, task)));

    private static IEnumerable<string> Shown(RunChange change) => change.Tasks.Select(task => $"{task.Task} {task.From.Name()} {task.To.Name()} {task.Stops}");
}
