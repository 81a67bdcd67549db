using Sluice.Core.Backfills;
using Sluice.Core.DagRuns;
using Sluice.Core.Schedules;
using Sluice.Core.TaskInstances;
using Sluice.Scheduler.Backfills;
using static Sluice.Scheduler.Tests.SimulatedScheduler;

namespace Sluice.Scheduler.Tests.Backfills;

public sealed class BackfillActorTests
{
    private static readonly Sluice.Core.Dags.DagSpec Dag = Daily() with { StartDate = Start.AddDays(30) };

    private readonly SimulatedScheduler _cluster = new();

    public BackfillActorTests() => _cluster.Define(Dag);

    [Fact]
    public void Runs_begin_oldest_first_and_no_more_at_once_than_the_limit()
    {
        Assert.Equal(5, _cluster.Backfill("bf", Dag, Start.AddDays(-5), Start, limit: 2).Row!.Total);
        _cluster.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal([Start.AddDays(-5), Start.AddDays(-4)], _cluster.Runs().Select(run => run.Facts.LogicalDate));

        var worker = _cluster.AddWorker(slots: 8);
        worker.End(worker.Held.Single(id => id.Run == _cluster.Runs()[1].Facts.Key));
        Assert.Equal([RunState.Running, RunState.Success, RunState.Running], _cluster.Runs().Select(run => run.State));
        worker.WorkFor(TimeSpan.FromSeconds(3));
        Assert.Equal(("success", 5, 0), (_cluster.BackfillOf("bf").State, _cluster.BackfillOf("bf").Succeeded, _cluster.BackfillOf("bf").Failed));
        Assert.Equal(Enumerable.Range(-5, 5).Select(day => Start.AddDays(day)), _cluster.Runs().Select(run => run.Facts.LogicalDate));
    }

    [Fact]
    public void It_goes_on_to_the_end_whatever_fails()
    {
        _cluster.Backfill("bf", Dag, Start.AddDays(-2), Start);
        var worker = _cluster.AddWorker();
        worker.End(worker.Held.Single(), OutcomeKind.FailedFinally);
        worker.WorkFor(TimeSpan.FromSeconds(1));

        Assert.Equal(("failed", 1, 1), (_cluster.BackfillOf("bf").State, _cluster.BackfillOf("bf").Succeeded, _cluster.BackfillOf("bf").Failed));
    }

    [Fact]
    public void Cancelled_it_begins_nothing_more_and_what_runs_goes_on()
    {
        _cluster.Backfill("bf", Dag, Start.AddDays(-5), Start);
        var worker = _cluster.AddWorker();
        Assert.Equal(new(true), _cluster.Ask<BackfillChanged>(new ToBackfill("bf", new StopBackfill(false, "ann", null))));
        Assert.Equal("cancelled", _cluster.BackfillOf("bf").State);
        worker.WorkFor(TimeSpan.FromSeconds(2));

        Assert.Equal(RunState.Success, Assert.Single(_cluster.Runs()).State);
        Assert.NotNull(_cluster.BackfillOf("bf").EndedAt);
        _cluster.Ask<NoSuchBackfill>(new ToBackfill("bf", new StopBackfill(false, "ann", null)));
    }

    [Fact]
    public void Completed_runs_are_run_again_in_place_and_nothing_of_their_earlier_life_is_seen()
    {
        var worker = _cluster.AddWorker();
        worker.Pushes.Add(new("rows", "7"));
        _cluster.Backfill("first", Dag, Start.AddDays(-1), Start);
        worker.WorkFor(TimeSpan.FromSeconds(1));
        var before = _cluster.Runs().Single();
        Assert.Equal("7", Assert.Single(_cluster.XComs(before.Facts.Key)).Value);
        worker.Pushes.Clear();

        Assert.NotNull(_cluster.Backfill("again", Dag, Start.AddDays(-1), Start, reprocess: Reprocess.Completed).Row);
        _cluster.RunFor(TimeSpan.FromSeconds(1));
        var running = _cluster.Runs().Single();
        Assert.Equal((before.Facts.Key, before.Facts.Id, RunState.Running), (running.Facts.Key, running.Facts.Id, running.State));
        Assert.Empty(_cluster.XComs(before.Facts.Key));
        var first = Assert.Single(worker.Held);
        Assert.True(first.Token > _cluster.Attempts(before.Facts.Key).Min(attempt => attempt.Token));

        worker.WorkFor(TimeSpan.FromSeconds(1));
        Assert.Equal(("success", RunState.Success), (_cluster.BackfillOf("again").State, _cluster.Runs().Single().State));
        Assert.Equal((TaskState.Success, 1), (_cluster.Attempts(before.Facts.Key).MaxBy(attempt => attempt.Token)!.State, _cluster.Attempts(before.Facts.Key).MaxBy(attempt => attempt.Token)!.TryNumber));
    }

    [Fact]
    public void A_run_that_was_cancelled_while_it_waited_can_be_run_again()
    {
        _cluster.Backfill("first", Dag, Start.AddDays(-1), Start);
        _cluster.RunFor(TimeSpan.FromSeconds(1));
        Assert.True(_cluster.Cancel(_cluster.Runs().Single().Facts.Key));
        _cluster.RunFor(TimeSpan.FromSeconds(1));

        Assert.NotNull(_cluster.Backfill("again", Dag, Start.AddDays(-1), Start, reprocess: Reprocess.Failed).Row);
        var worker = _cluster.AddWorker(slots: 4);
        worker.WorkFor(TimeSpan.FromSeconds(1));
        Assert.Equal(RunState.Success, _cluster.Runs().Single().State);
        Assert.Contains("0 waiting, 0 active", _cluster.StateOf("dispatcher"), StringComparison.Ordinal);
    }

    [Fact]
    public void Finished_runs_are_left_alone_unless_asked_for()
    {
        var worker = _cluster.AddWorker();
        _cluster.Backfill("first", Dag, Start.AddDays(-2), Start.AddDays(-1));
        worker.WorkFor(TimeSpan.FromSeconds(1));

        Assert.Contains("Nothing to backfill", _cluster.Backfill("second", Dag, Start.AddDays(-2), Start.AddDays(-1)).Refusal, StringComparison.Ordinal);
        Assert.Equal(1, _cluster.Backfill("third", Dag, Start.AddDays(-2), Start).Row!.Total);
        Assert.Contains("'third'", _cluster.Backfill("fourth", Dag, Start.AddDays(-1), Start).Refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_came_to_be_after_the_plan_is_left_alone()
    {
        _cluster.Backfill("bf", Dag, Start.AddDays(-2), Start);
        var worker = _cluster.AddWorker();
        _cluster.Define(Dag with { StartDate = Start.AddDays(-1), Catchup = CatchupMode.All });
        var scheduled = _cluster.Runs().Single(run => run.Facts.Type == RunType.Scheduled);
        Assert.Equal(Start.AddDays(-1), scheduled.Facts.LogicalDate);
        worker.End(worker.Held[0]);
        worker.WorkFor(TimeSpan.FromSeconds(2));

        Assert.Single(_cluster.Attempts(scheduled.Facts.Key));
        Assert.Equal(RunType.Scheduled, _cluster.RunOf(scheduled.Facts.Key).Facts.Type);
    }

    [Fact]
    public void A_backfill_of_the_same_id_is_refused_and_nothing_breaks()
    {
        Assert.NotNull(_cluster.Backfill("bf", Dag, Start.AddDays(-2), Start).Row);
        Assert.NotNull(_cluster.Backfill("bf", Dag, Start.AddDays(-5), Start.AddDays(-4)).Refusal);
        Assert.Equal("epoch 1, 1 dags, 1 backfills", _cluster.StateOf("scheduler-1"));
    }

    [Fact]
    public void Of_two_backfills_over_one_interval_at_the_same_instant_one_is_refused_with_the_name_of_the_other()
    {
        var answers = new[] { "one", "two" }
            .Select(id => _cluster.Scheduler.Scheduler.Elector.AskAsync<object>(
                new Scheduler.Elections.ToScheduler(Make(id, Dag, Start.AddDays(-3), Start, new())), TimeSpan.FromSeconds(10)))
            .ToList();
        _cluster.RunFor(TimeSpan.FromSeconds(1));
        var given = answers.Select(answer => (BackfillAnswer)answer.Result).ToList();
        var made = Assert.Single(given, answer => answer.Row is not null).Row!;
        Assert.Contains($"'{made.Id}'", given.Single(answer => answer.Row is null).Refusal, StringComparison.Ordinal);

        _cluster.TakeOver();
        Assert.Contains($"'{made.Id}'", _cluster.Backfill("three", Dag, Start.AddDays(-1), Start).Refusal, StringComparison.Ordinal);
        _cluster.AddWorker(slots: 4).WorkFor(TimeSpan.FromSeconds(3));
        Assert.Equal("success", _cluster.BackfillOf(made.Id).State);
        Assert.NotNull(_cluster.Backfill("four", Dag, Start.AddDays(-1), Start, reprocess: Reprocess.Completed).Row);
    }

    [Fact]
    public void A_refused_backfill_holds_no_interval()
    {
        var worker = _cluster.AddWorker(slots: 4);
        _cluster.Backfill("first", Dag, Start.AddDays(-1), Start);
        worker.WorkFor(TimeSpan.FromSeconds(1));
        Assert.Contains("Nothing to backfill", _cluster.Backfill("nothing", Dag, Start.AddDays(-1), Start).Refusal, StringComparison.Ordinal);

        Assert.NotNull(_cluster.Backfill("next", Dag, Start.AddDays(-1), Start, reprocess: Reprocess.Completed).Row);
    }

    /// <summary>Whichever commit the leader dies after, the next one finds every run made once and every end counted once.</summary>
    [Fact]
    public void A_takeover_after_any_commit_loses_and_repeats_nothing()
    {
        for (var dieAfter = 1; ; dieAfter++)
        {
            var cluster = new SimulatedScheduler(seed: dieAfter);
            cluster.Define(Dag);
            var worker = cluster.AddWorker(slots: 2);
            worker.Works = true;
            var left = dieAfter;
            var leader = cluster.Scheduler;
            cluster.Store.Written = _ =>
            {
                if (--left == 0)
                {
                    cluster.Crash(leader);
                }
            };
            cluster.Scheduler.Scheduler.Elector.Tell(new Scheduler.Elections.ToScheduler(Make("bf", Dag, Start.AddDays(-3), Start, new() { MaxActiveRuns = 2 })));
            worker.BeatFor(TimeSpan.FromSeconds(3));
            cluster.Store.Written = null;
            if (left > 0)
            {
                Assert.True(dieAfter > 8, $"only {dieAfter} commits");
                return; // It was over before.
            }

            cluster.AddScheduler();
            Assert.True(cluster.RunUntilLeads(cluster.Scheduler, LeaseLife * 3));
            worker.Join();
            worker.BeatFor(TimeSpan.FromSeconds(10));

            var row = cluster.BackfillOf("bf");
            Assert.True((row.State, row.Succeeded, row.Failed) == ("success", 3, 0), $"after commit {dieAfter}: {row}");
            Assert.Equal([Start.AddDays(-3), Start.AddDays(-2), Start.AddDays(-1)], cluster.Runs().Select(run => run.Facts.LogicalDate));
        }
    }
}
