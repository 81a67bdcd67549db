using Sluice.Cluster.Api;
using Sluice.Cluster.Wire;
using Sluice.Core.CrossDag;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using Sluice.Scheduler.Dags;
using static Sluice.Scheduler.Tests.SimulatedScheduler;

namespace Sluice.Scheduler.Tests.CrossDag;

/// <summary>Runs that tasks trigger, as their workers ask for them.</summary>
public sealed class TriggeredRunTests
{
    private static readonly DagSpec Asking = Manual("asking") with { Tasks = [Task("trigger") with { Retries = 3, RetryDelay = TimeSpan.FromSeconds(1) }] };
    private static readonly DagSpec Target = Manual("target");

    private readonly SimulatedScheduler _cluster = new();
    private readonly PlayedWorker _worker;

    public TriggeredRunTests()
    {
        _cluster.Define(Asking);
        _cluster.Define(Target);
        _worker = _cluster.AddWorker(slots: 8);
    }

    [Fact]
    public void A_task_that_asks_again_gets_the_run_that_it_made_also_from_a_new_leader_and_after_a_retry()
    {
        var attempt = Begin("first");
        var made = Ask(attempt);
        Assert.Equal(("manual__asking/first/trigger@1", RunState.Queued), (made.RunId, made.State));
        Assert.Equal(made.RunId, Ask(attempt).RunId);

        // The worker dies after the run was made and before the task has ended.
        _cluster.TakeOver();
        _worker.Join();
        Assert.Equal(made.RunId, Ask(attempt).RunId);
        _worker.End(attempt, OutcomeKind.Lost);
        Assert.True(_cluster.RunUntil(() => Latest("asking").Token > attempt.Token));
        Assert.Equal(made.RunId, Ask(Latest("asking")).RunId);

        // It fails, and tries again.
        var lost = Latest("asking");
        _worker.End(lost, OutcomeKind.Failed);
        Assert.True(_cluster.RunUntil(() => Latest("asking").Token > lost.Token));
        Assert.Equal(made.RunId, Ask(Latest("asking")).RunId);

        var target = Assert.Single(_cluster.Runs(), run => run.Facts.Dag == Target.Id);
        Assert.Equal("task asking/first/trigger@1", target.Facts.TriggeredBy);
        _worker.End(_worker.Held.Single(id => id.Run == target.Facts.Key));
        Assert.Equal(RunState.Success, Ask(Latest("asking")).State);
        var shown = ApiJson.Deserialize<RunDetails>(_cluster.Call(Operations.ShowRun, new RunName("target", made.RunId!)).Body!);
        Assert.Equal("task asking/first/trigger", shown.Run.TriggeredBy);
        Assert.Equal("ann", ApiJson.Deserialize<RunSummary>(_cluster.Call(Operations.TriggerRun, new TriggerRequest("target", null, "by_hand", null)).Body!).TriggeredBy);
    }

    [Fact]
    public void A_retry_makes_another_run_only_when_the_earlier_one_has_ended_badly_and_it_waits_for_it()
    {
        foreach (var anew in new[] { false, true })
        {
            var attempt = Begin($"anew_{anew}");
            var trigger = Of() with { AnewAfter = anew ? [RunState.Failed] : [] };
            var made = Ask(attempt, trigger);
            var target = _cluster.Runs().Single(run => run.Facts.Id.Value == made.RunId);
            _worker.End(_worker.Held.Single(id => id.Run == target.Facts.Key), OutcomeKind.FailedFinally);
            Assert.Equal(RunState.Failed, Ask(attempt, trigger).State);
            _worker.End(attempt, OutcomeKind.Failed);
            Assert.True(_cluster.RunUntil(() => Latest("asking").Token > attempt.Token));

            var again = Ask(Latest("asking"), trigger);

            Assert.Equal(anew, again.RunId != made.RunId);
            Assert.Equal(anew ? RunState.Queued : RunState.Failed, again.State);
            Assert.Equal(again.RunId, Ask(Latest("asking"), trigger).RunId);
            _worker.WorkFor(TimeSpan.FromSeconds(2));
        }
    }

    [Fact]
    public void A_run_gets_the_conf_and_the_date_that_were_asked_for()
    {
        var date = Start.AddDays(-3);
        var made = Ask(Begin("first"), Of() with { Conf = """{"table":"nps"}""", LogicalDate = date, RunId = "mine" });

        var run = Assert.Single(_cluster.Runs(), run => run.Facts.Dag == Target.Id);
        Assert.Equal(("mine", "mine", date, """{"table":"nps"}""", RunType.Manual), (made.RunId, run.Facts.Id.Value, run.Facts.LogicalDate, run.Facts.Conf, run.Facts.Type));
    }

    [Fact]
    public void A_reset_clears_the_run_that_is_there_once_and_keeps_its_conf()
    {
        var reset = Of() with { Reset = true, Conf = """{"new":1}""", AnewAfter = [RunState.Failed] };
        var other = _cluster.Ask<CreateRunAnswer>(new ToDag(Target.Id, new TriggerRun(null, "theirs", """{"old":1}""", "bob"))).Facts!.Key;
        Assert.True(_cluster.RunUntil(() => _worker.Held.Any(id => id.Run == other)));
        var attempt = Begin("first");
        Assert.Equal("Dag 'target' has a run 'theirs' already, made by bob; it is in flight, and only a run that has ended can be reset.", Ask(attempt, reset with { RunId = "theirs" }).Refusal);
        _worker.End(_worker.Held.Single(id => id.Run == other));
        Assert.Equal(RunState.Success, _cluster.RunOf(other).State);

        for (var life = 0; life < 2; life++)
        {
            var asked = Ask(attempt, reset with { RunId = "theirs" });
            Assert.Equal(("theirs", RunState.Queued), (asked.RunId, asked.State));
            Assert.Equal("theirs", Ask(attempt, reset with { RunId = "theirs" }).RunId);
            _cluster.TakeOver();
            _worker.Join();
            var again = _worker.Held.Single(id => id.Run == other);
            Assert.True(again.Token > life + 1, again.ToString());
            Assert.Equal((RunState.Running, """{"old":1}""", $"task asking/first/trigger@{attempt.Token}"), (_cluster.RunOf(other).State, _cluster.RunOf(other).Facts.Conf, _cluster.RunOf(other).Facts.TriggeredBy));

            // It fails, so the task fails and tries again: and resets it once more.
            _worker.End(again, OutcomeKind.FailedFinally);
            Assert.Equal(RunState.Failed, Ask(attempt, reset with { RunId = "theirs" }).State);
            _worker.End(attempt, OutcomeKind.Failed);
            Assert.True(_cluster.RunUntil(() => Latest("asking").Token > attempt.Token));
            attempt = Latest("asking");
        }

        // Without an id the task has one run, also when it is cleared and asks anew.
        var mine = Ask(attempt, reset);
        Assert.Equal("manual__asking/first/trigger", mine.RunId);
        var own = _cluster.Runs().Single(run => run.Facts.Id.Value == mine.RunId).Facts.Key;
        _worker.WorkFor(TimeSpan.FromSeconds(2));
        Assert.Equal(200, _cluster.Call(Operations.ClearTasks, new ChangeRequest { DagId = "asking", RunId = "first" }).Code);
        Assert.True(_cluster.RunUntil(() => Latest("asking").Token > attempt.Token));
        Assert.Equal(mine.RunId, Ask(Latest("asking"), reset).RunId);
        Assert.True(_cluster.RunUntil(() => _worker.Held.Any(id => id.Run == own)));
    }

    [Fact]
    public void A_task_that_was_cleared_makes_another_run()
    {
        var made = Ask(Begin("first"));
        _worker.WorkFor(TimeSpan.FromSeconds(2));
        Assert.Equal(200, _cluster.Call(Operations.ClearTasks, new ChangeRequest { DagId = "asking", RunId = "first" }).Code);
        Assert.True(_cluster.RunUntil(() => _worker.Held.Count == 1));

        var again = Ask(Latest("asking"));

        Assert.NotEqual(made.RunId, again.RunId);
        Assert.Equal(again.RunId, Ask(Latest("asking")).RunId);
    }

    [Fact]
    public void What_cannot_be_triggered_is_one_sentence()
    {
        _cluster.Trigger(Target, "taken");
        _cluster.Define(Manual("strict") with { ParamsSchema = """{"day":{"type":"integer"}}""", Params = """{"day":1}""" });
        _cluster.Define(Manual("asleep"));
        _cluster.Pause(Manual("asleep"), true);
        var attempt = Begin("first");
        (RunTrigger Trigger, string? Refusal, string? Skipped)[] rows =
        [
            (Of("nosuch"), "There is no Dag 'nosuch'.", null),
            (Of() with { RunId = "taken" }, "Dag 'target' has a run 'taken' already", null),
            (Of() with { RunId = "taken", SkipWhenExists = true }, null, "Dag 'target' has a run 'taken' already"),
            (Of() with { RunId = new('x', 251) }, "A run id has 1 to 250 characters", null),
            (Of("strict") with { Conf = """{"day":"monday"}""" }, "day", null),
            (Of("asleep") with { FailWhenPaused = true }, "Dag 'asleep' is paused. Let it go on with: sluice dags unpause asleep", null),
        ];
        foreach (var (trigger, refusal, skipped) in rows)
        {
            var answer = Ask(attempt, trigger);
            Assert.Null(answer.RunId);
            Assert.Equal((refusal is null, skipped is null), (answer.Refusal is null, answer.Skipped is null));
            Assert.Contains(refusal ?? "", answer.Refusal ?? "", StringComparison.Ordinal);
            Assert.Contains(skipped ?? "", answer.Skipped ?? "", StringComparison.Ordinal);
        }

        // A paused Dag takes the run, and begins it when it goes on.
        Assert.Equal(RunState.Queued, Ask(attempt, Of("asleep")).State);
        var stale = _cluster.Request(Methods.TriggerRun, WireJson.Write(new TriggerForAttempt(attempt with { Token = 99 }, "trigger", Of())));
        Assert.Equal(409, stale.Code);
    }

    private static RunTrigger Of(string dag = "target") => new() { Dag = dag };

    private AttemptId Begin(string run)
    {
        var key = _cluster.Trigger(Asking, run).Facts!.Key;
        Assert.True(_cluster.RunUntil(() => _worker.Held.Any(id => id.Run == key)));
        return _worker.Held.Single(id => id.Run == key);
    }

    /// <summary>The latest attempt of the latest run of a Dag that the worker holds.</summary>
    private AttemptId Latest(string dag)
    {
        var keys = _cluster.Runs().Where(run => run.Facts.Dag.Value == dag).Select(run => run.Facts.Key).ToHashSet();
        return _worker.Held.LastOrDefault(id => keys.Contains(id.Run));
    }

    private TriggeredRun Ask(AttemptId attempt, RunTrigger? trigger = null)
    {
        var response = _cluster.Request(Methods.TriggerRun, WireJson.Write(new TriggerForAttempt(attempt, "trigger", trigger ?? Of())));
        Assert.True(response.Code == 200, response.Error);
        _cluster.RunFor(TimeSpan.FromMilliseconds(50));
        return WireJson.Read<TriggeredRun>(response.Body!);
    }
}
