using Sluice.Core.DagRuns;
using Sluice.Core.Schedules;
using Sluice.Scheduler.Dags;
using static Sluice.Scheduler.Tests.SimulatedScheduler;

namespace Sluice.Scheduler.Tests.Dags;

public sealed class DagActorTests
{
    private readonly SimulatedScheduler _cluster = new();

    [Fact]
    public void A_run_is_created_when_its_interval_has_ended()
    {
        _cluster.Define(Daily());
        _cluster.RunFor(Start.AddDays(1) - _cluster.Simulation.Now - TimeSpan.FromSeconds(1));
        Assert.Empty(_cluster.Runs());

        _cluster.RunFor(TimeSpan.FromSeconds(2));
        var run = Assert.Single(_cluster.Runs());
        Assert.Equal((Start, RunType.Scheduled, RunState.Running), (run.Facts.LogicalDate, run.Facts.Type, run.State));
        Assert.Equal(Start.AddDays(1), run.Facts.CreatedAt);
        Assert.Equal(Start.AddDays(2), _cluster.DagOf(Daily()).NextRunAfter);
    }

    [Fact]
    public void A_schedule_is_kept_though_no_timer_waits_for_longer_than_a_day()
    {
        _cluster.Define(Daily() with { Schedule = Schedule.Every(TimeSpan.FromHours(30)) });

        _cluster.RunFor(TimeSpan.FromHours(29.9));
        Assert.Empty(_cluster.Runs());
        _cluster.RunFor(TimeSpan.FromHours(0.2));
        Assert.Equal(Start.AddHours(30), Assert.Single(_cluster.Runs()).Facts.CreatedAt);
    }

    [Fact]
    public void Catching_up_creates_no_more_runs_than_may_be_active()
    {
        var dag = Daily() with { StartDate = Start.AddDays(-10), Catchup = CatchupMode.All, MaxActiveRuns = 2 };
        _cluster.Define(dag);
        Assert.Equal([Start.AddDays(-10), Start.AddDays(-9)], _cluster.Runs().Select(run => run.Facts.LogicalDate));

        var worker = _cluster.AddWorker();
        worker.End(Assert.Single(worker.Held));
        Assert.Equal(3, _cluster.Runs().Count);
        worker.WorkFor(TimeSpan.FromSeconds(5));
        Assert.Equal(Enumerable.Range(-10, 10).Select(day => Start.AddDays(day)), _cluster.Runs().Select(run => run.Facts.LogicalDate));
        Assert.All(_cluster.Runs(), run => Assert.Equal(RunState.Success, run.State));
    }

    [Fact]
    public void Runs_by_hand_beyond_the_limit_wait_in_the_order_in_which_they_came()
    {
        var dag = Manual() with { MaxActiveRuns = 1 };
        _cluster.Define(dag);
        var keys = Enumerable.Range(0, 3).Select(n => _cluster.Trigger(dag, $"r{n}").Facts!.Key).ToList();
        Assert.Equal([RunState.Running, RunState.Queued, RunState.Queued], keys.Select(key => _cluster.RunOf(key).State));

        Assert.True(_cluster.Cancel(keys[1]));
        var worker = _cluster.AddWorker();
        worker.End(worker.Held.Single());
        Assert.Equal([RunState.Success, RunState.Failed, RunState.Running], keys.Select(key => _cluster.RunOf(key).State));
    }

    [Fact]
    public void A_raised_limit_lets_queued_runs_go()
    {
        var dag = Manual() with { MaxActiveRuns = 1 };
        _cluster.Define(dag);
        _cluster.Trigger(dag, "r0");
        var queued = _cluster.Trigger(dag, "r1").Facts!.Key;

        _cluster.Define(dag with { MaxActiveRuns = 2 });
        Assert.Equal(RunState.Running, _cluster.RunOf(queued).State);
    }

    [Fact]
    public void A_run_id_is_given_once()
    {
        _cluster.Define(Manual());
        Assert.NotNull(_cluster.Trigger(Manual(), "r").Facts);
        Assert.Contains("already", _cluster.Trigger(Manual(), "r").Refusal, StringComparison.Ordinal);

        var worker = _cluster.AddWorker();
        worker.End(worker.Held.Single());
        Assert.Contains("already", _cluster.Trigger(Manual(), "r").Refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void A_paused_Dag_creates_nothing_and_goes_on_with_the_latest_interval()
    {
        _cluster.Define(Daily());
        Assert.True(_cluster.Pause(Daily(), true));
        Assert.False(_cluster.Pause(Daily(), true));
        _cluster.RunFor(TimeSpan.FromDays(3.5));
        Assert.Empty(_cluster.Runs());

        Assert.True(_cluster.Pause(Daily(), false));
        Assert.Equal(Start.AddDays(2), Assert.Single(_cluster.Runs()).Facts.LogicalDate);
    }

    [Fact]
    public void Without_catchup_a_paused_Dag_goes_on_at_the_next_tick()
    {
        var dag = Daily() with { Catchup = CatchupMode.None };
        _cluster.Define(dag);
        _cluster.Pause(dag, true);
        _cluster.RunFor(TimeSpan.FromDays(3.5));
        _cluster.Pause(dag, false);
        Assert.Empty(_cluster.Runs());

        _cluster.RunFor(TimeSpan.FromHours(12.5));
        Assert.Equal(Start.AddDays(3), Assert.Single(_cluster.Runs()).Facts.LogicalDate);
    }

    [Theory]
    [InlineData(CatchupMode.None)]
    [InlineData(CatchupMode.Latest)]
    [InlineData(CatchupMode.All)]
    public void A_tick_during_a_takeover_is_not_missed(CatchupMode catchup)
    {
        _cluster.Define(Daily() with { Catchup = catchup });
        _cluster.RunFor(Start.AddDays(1) - _cluster.Simulation.Now - TimeSpan.FromSeconds(2));
        _cluster.TakeOver();

        Assert.True(_cluster.Simulation.Now > Start.AddDays(1));
        Assert.Equal(Start, Assert.Single(_cluster.Runs()).Facts.LogicalDate);
    }

    [Fact]
    public void Without_catchup_a_takeover_makes_no_run_of_a_tick_before_the_Dag_was_there()
    {
        _cluster.RunFor(TimeSpan.FromMinutes(1));
        _cluster.Define(Daily() with { Catchup = CatchupMode.None, StartDate = Start.AddDays(-10) });
        _cluster.TakeOver();

        Assert.Empty(_cluster.Runs());
    }

    [Fact]
    public void An_interval_that_a_backfill_has_run_is_not_scheduled_again()
    {
        var dag = Daily() with { StartDate = Start.AddDays(-3), Catchup = CatchupMode.All };
        _cluster.Define(Manual("other"));
        _cluster.Define(dag with { Schedule = Schedule.None });
        var later = dag with { StartDate = Start.AddDays(5) };
        _cluster.Define(later);
        _cluster.Backfill("bf", later, Start.AddDays(-2), Start.AddDays(-1));
        var worker = _cluster.AddWorker();
        worker.WorkFor(TimeSpan.FromSeconds(2));

        _cluster.Define(dag);
        Assert.Equal([Start.AddDays(-3), Start.AddDays(-2), Start.AddDays(-1)], _cluster.Runs().Select(run => run.Facts.LogicalDate));
        Assert.Equal(RunType.Backfill, _cluster.Runs()[1].Facts.Type);
    }

    [Fact]
    public void A_run_knows_the_latest_success_before_its_interval()
    {
        var dag = Daily() with { StartDate = Start.AddDays(-2), Catchup = CatchupMode.All };
        _cluster.Define(dag);
        var worker = _cluster.AddWorker(slots: 4);
        worker.WorkFor(TimeSpan.FromSeconds(2));
        _cluster.Backfill("bf", dag, Start.AddDays(-4), Start.AddDays(-2));
        worker.WorkFor(TimeSpan.FromSeconds(2));

        worker.WorkFor(TimeSpan.FromDays(1));

        var runs = _cluster.Runs();
        Assert.Equal(5, runs.Count);
        Assert.Equal([null, Start.AddDays(-4)], runs.Take(2).Select(run => run.Facts.PreviousSuccess?.Start));

        // Of the scheduled ones, by the Dag's own memory; of the backfill's, by the read model. It keeps whole microseconds.
        Assert.All([(runs[0], runs[1]), (runs[3], runs[4])], pair =>
        {
            Assert.Equal(pair.Item1.StartedAt!.Value, pair.Item2.Facts.PreviousSuccessStartedAt!.Value, TimeSpan.FromMicroseconds(1));
            Assert.Equal(pair.Item1.EndedAt!.Value, pair.Item2.Facts.PreviousSuccessEndedAt!.Value, TimeSpan.FromMicroseconds(1));
        });
    }

    [Fact]
    public void A_success_is_remembered_though_the_leader_dies_right_after_the_commit_of_the_runs_end()
    {
        _cluster.Define(Daily());
        _cluster.RunFor(TimeSpan.FromDays(1));
        var worker = _cluster.AddWorker();
        var leader = _cluster.Scheduler;
        _cluster.Store.Written = batch =>
        {
            if (batch.Changes.OfType<Storage.ReadModel.DagRunRow>().Any(row => row.State == RunState.Success))
            {
                _cluster.Crash(leader);
            }
        };
        worker.End(Assert.Single(worker.Held));
        Assert.Equal(RunState.Success, Assert.Single(_cluster.Runs()).State);
        _cluster.Store.Written = null;
        _cluster.AddScheduler();
        _cluster.RunFor(TimeSpan.FromDays(1));

        Assert.Equal(Start, _cluster.Runs()[1].Facts.PreviousSuccess?.Start);
    }

    [Fact]
    public void What_this_machine_cannot_read_is_a_problem_of_that_Dag_alone()
    {
        _cluster.Define(Manual("well"));
        _cluster.Define(Daily());
        var elsewhere = Daily() with { TimeZone = "Mars/Olympus" };

        // As a leader with newer zones wrote it.
        _cluster.Tell(new ToDag(elsewhere.Id, new Define(elsewhere, "v2", null, "daily.cs")));
        _cluster.TakeOver();
        var row = _cluster.DagOf(elsewhere);
        Assert.Contains("Mars/Olympus", row.Problem, StringComparison.Ordinal);
        Assert.Null(row.NextRunAfter);
        Assert.Contains("Mars/Olympus", _cluster.Trigger(elsewhere, "r").Refusal, StringComparison.Ordinal);
        Assert.NotNull(_cluster.Trigger(Manual("well"), "r").Facts);
        Assert.StartsWith("broken", _cluster.StateOf("dag-daily"), StringComparison.Ordinal);
        _cluster.RunFor(TimeSpan.FromDays(2));
        Assert.Single(_cluster.Runs());

        _cluster.Define(Daily());
        Assert.Null(_cluster.DagOf(Daily()).Problem);
        Assert.NotNull(_cluster.Trigger(Daily(), "r").Facts);
    }

    [Fact]
    public void A_paused_Dag_keeps_its_queue_and_begins_no_task_of_a_run_that_runs()
    {
        var dag = Manual() with { MaxActiveRuns = 1, Tasks = [Task("a"), Task("b", 0)] };
        _cluster.Define(dag);
        var worker = _cluster.AddWorker(slots: 4);
        var first = _cluster.Trigger(dag, "r0").Facts!.Key;
        _cluster.Pause(dag, true);
        var second = _cluster.Trigger(dag, "r1").Facts!.Key;
        worker.WorkFor(TimeSpan.FromSeconds(2));
        Assert.Equal(RunState.Running, _cluster.RunOf(first).State);
        Assert.Single(_cluster.Attempts(first));
        Assert.Equal((null, "the Dag is paused"), (_cluster.Ask<FoundRun>(new ToDag(dag.Id, new FindRun(second))).Run, _cluster.Ask<FoundRun>(new ToDag(dag.Id, new FindRun(second))).Waits));

        _cluster.TakeOver();
        worker.Join();
        worker.WorkFor(TimeSpan.FromSeconds(2));
        Assert.Single(_cluster.Attempts(first));
        Assert.Equal("paused, 1 running, 1 queued", _cluster.StateOf("dag-manual"));

        _cluster.Pause(dag, false);
        worker.WorkFor(TimeSpan.FromSeconds(2));
        Assert.All(_cluster.Runs(), run => Assert.Equal(RunState.Success, run.State));
    }

    [Fact]
    public void A_backfill_runs_on_a_paused_Dag()
    {
        _cluster.Define(Daily());
        _cluster.Pause(Daily(), true);
        _cluster.Backfill("bf", Daily(), Start.AddDays(-3), Start);
        _cluster.AddWorker().WorkFor(TimeSpan.FromSeconds(2));

        Assert.Equal("success", _cluster.BackfillOf("bf").State);
    }

    [Fact]
    public void Queued_runs_are_kept_over_a_takeover_in_their_order_and_without_those_that_were_cancelled()
    {
        var dag = Manual() with { MaxActiveRuns = 1 };
        _cluster.Define(dag);
        var keys = Enumerable.Range(0, 6).Select(n => _cluster.Trigger(dag, $"r{n}").Facts!.Key).ToList();
        Assert.True(_cluster.Cancel(keys[3]));
        Assert.False(_cluster.Cancel(keys[3]));
        Assert.Equal((RunState.Failed, "cancelled"), (_cluster.RunOf(keys[3]).State, _cluster.RunOf(keys[3]).Reason));
        _cluster.TakeOver();
        Assert.Equal("active, 1 running, 4 queued", _cluster.StateOf("dag-manual"));

        var began = new List<long>();
        var worker = _cluster.AddWorker(slots: 8);
        while (worker.Held is [var attempt])
        {
            began.Add(attempt.Run);
            worker.End(attempt);
        }

        Assert.Equal([keys[0], keys[1], keys[2], keys[4], keys[5]], began);
    }

    [Fact]
    public void A_removed_Dag_ends_what_it_began_and_begins_nothing()
    {
        _cluster.Define(Daily());
        _cluster.RunFor(TimeSpan.FromDays(1));
        _cluster.Tell(new FileGone("daily.cs"));
        Assert.False(_cluster.DagOf(Daily()).Active);
        _cluster.RunFor(TimeSpan.FromDays(3));

        Assert.Contains("not defined", _cluster.Trigger(Daily(), "r").Refusal, StringComparison.Ordinal);
        var worker = _cluster.AddWorker();
        worker.WorkFor(TimeSpan.FromSeconds(1));
        Assert.Equal(RunState.Success, Assert.Single(_cluster.Runs()).State);
    }

    [Fact]
    public void A_run_keeps_the_version_that_it_began_with()
    {
        _cluster.Define(Manual());
        var run = _cluster.Trigger(Manual(), "r").Facts!;
        _cluster.Define(Manual() with { Tasks = [Task("a"), Task("b", 0)] });
        _cluster.TakeOver();
        var worker = _cluster.AddWorker();
        worker.WorkFor(TimeSpan.FromSeconds(1));

        Assert.Equal(RunState.Success, _cluster.RunOf(run.Key).State);
        Assert.Equal("only", Assert.Single(_cluster.Attempts(run.Key)).Task.Value);
    }
}
