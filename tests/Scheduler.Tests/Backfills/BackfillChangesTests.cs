using Sluice.Cluster.Wire;
using Sluice.Core.Backfills;
using Sluice.Core.DagRuns;
using Sluice.Scheduler.Backfills;
using static Sluice.Scheduler.Tests.SimulatedScheduler;

namespace Sluice.Scheduler.Tests.Backfills;

/// <summary>Pause, resume, cancel, and what they survive.</summary>
public sealed class BackfillChangesTests
{
    private static readonly Sluice.Core.Dags.DagSpec Dag = Daily() with { StartDate = Start.AddDays(30) };

    private readonly SimulatedScheduler _cluster = new();

    public BackfillChangesTests() => _cluster.Define(Dag);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Paused_it_begins_nothing_until_it_is_resumed_also_by_the_next_leader(bool takeover)
    {
        _cluster.Backfill("bf", Dag, Start.AddDays(-3), Start);
        var worker = _cluster.AddWorker(slots: 4);
        Assert.Equal(new(true), Pause(true));
        if (takeover)
        {
            _cluster.TakeOver();
            worker.Join();
        }

        Assert.Equal(new(false), Pause(true));
        worker.WorkFor(TimeSpan.FromSeconds(3));
        Assert.Equal(RunState.Success, Assert.Single(_cluster.Runs()).State); // what was active went on
        var row = _cluster.BackfillOf("bf");
        Assert.Equal(("paused", 1, new("ann", row.Changed!.At, "because")), (row.State, row.Succeeded, row.Changed));
        Assert.Contains("'bf'", _cluster.Backfill("other", Dag, Start.AddDays(-1), Start).Refusal, StringComparison.Ordinal);

        Assert.Equal(new(true), Pause(false));
        Assert.Equal(new(false), Pause(false));
        worker.WorkFor(TimeSpan.FromSeconds(3));
        Assert.Equal(("success", 3), (_cluster.BackfillOf("bf").State, _cluster.BackfillOf("bf").Succeeded));
    }

    [Fact]
    public void Cancelled_with_its_runs_it_stops_those_too()
    {
        _cluster.Backfill("bf", Dag, Start.AddDays(-5), Start, limit: 2);
        var worker = _cluster.AddWorker(slots: 4);
        Assert.Equal(2, worker.Held.Count);

        Assert.Equal(new(true), Stop(running: false));
        Assert.Equal(new(false), Stop(running: false));
        Assert.Equal([RunState.Running, RunState.Running], _cluster.Runs().Select(run => run.State));
        Assert.Equal(new(true), Stop(running: true)); // second thoughts
        _cluster.RunFor(TimeSpan.FromSeconds(1));

        Assert.Equal(2, worker.Told.OfType<KillTasks>().Sum(kill => kill.Ids.Count));
        Assert.All(_cluster.Runs(), run => Assert.Equal((RunState.Failed, "backfill bf was cancelled by ann"), (run.State, run.Reason)));
        var row = _cluster.BackfillOf("bf");
        Assert.Equal(("cancelled", 5, 2), (row.State, row.Total, row.Failed));
        Assert.NotNull(row.EndedAt);
    }

    /// <summary>Whichever commit the leader dies after, what runs is stopped in the end and nothing new begins.</summary>
    [Fact]
    public void A_cancellation_with_its_runs_survives_a_takeover_after_any_commit()
    {
        for (var dieAfter = 1; ; dieAfter++)
        {
            var cluster = new SimulatedScheduler(seed: dieAfter);
            cluster.Define(Dag);
            var worker = cluster.AddWorker(slots: 4);
            cluster.Backfill("bf", Dag, Start.AddDays(-9), Start, limit: 3);
            cluster.RunFor(TimeSpan.FromSeconds(1));
            var left = dieAfter;
            var leader = cluster.Scheduler;
            cluster.Store.Written = _ =>
            {
                if (--left == 0)
                {
                    cluster.Crash(leader);
                }
            };
            cluster.Scheduler.Scheduler.Elector.Tell(new Scheduler.Elections.ToScheduler(new ToBackfill("bf", new StopBackfill(true, "ann", null))));
            worker.BeatFor(TimeSpan.FromSeconds(2));
            cluster.Store.Written = null;
            if (left > 0)
            {
                Assert.True(dieAfter > 3, $"only {dieAfter} commits");
                return; // It was over before.
            }

            cluster.AddScheduler();
            Assert.True(cluster.RunUntilLeads(cluster.Scheduler, LeaseLife * 3));
            worker.Join();
            worker.BeatFor(TimeSpan.FromSeconds(5));

            var row = cluster.BackfillOf("bf");
            Assert.True(row is { State: "cancelled", EndedAt: not null, Failed: 3 }, $"after commit {dieAfter}: {row}");
            Assert.Equal([RunState.Failed, RunState.Failed, RunState.Failed], cluster.Runs().Select(run => run.State));
        }
    }

    [Fact]
    public void A_Dag_that_goes_away_pauses_it_instead_of_failing_its_intervals()
    {
        _cluster.Backfill("bf", Dag, Start.AddDays(-5), Start);
        var worker = _cluster.AddWorker();
        _cluster.Tell(new Scheduler.Dags.FileGone(Dag.Id.Value + ".cs"));
        worker.WorkFor(TimeSpan.FromSeconds(2));
        var row = _cluster.BackfillOf("bf");
        Assert.Equal(("paused", 1, 0, "sluice"), (row.State, row.Succeeded, row.Failed, row.Changed!.By));
        Assert.Contains("not defined by any file", row.Changed.Note, StringComparison.Ordinal);

        _cluster.Define(Dag);
        Assert.Equal(new(true), Pause(false));
        worker.WorkFor(TimeSpan.FromSeconds(8));
        Assert.Equal(("success", 5), (_cluster.BackfillOf("bf").State, _cluster.BackfillOf("bf").Succeeded));
    }

    [Fact]
    public void Newest_first_begins_at_the_end()
    {
        var worker = _cluster.AddWorker();
        var made = _cluster.Ask<BackfillAnswer>(Make("bf", Dag, Start.AddDays(-4), Start, new() { Order = BackfillOrder.Newest }));
        Assert.Equal(4, made.Row!.Total);
        worker.WorkFor(TimeSpan.FromSeconds(4));

        Assert.Equal(
            Enumerable.Range(1, 4).Select(day => Start.AddDays(-day)), _cluster.Runs().OrderBy(run => run.Facts.Key).Select(run => run.Facts.LogicalDate));
    }

    [Fact]
    public void A_schedule_that_changes_meanwhile_changes_nothing_of_its_intervals()
    {
        _cluster.Backfill("bf", Dag, Start.AddDays(-4), Start);
        _cluster.Define(Dag with { Schedule = Core.Schedules.Schedule.Hourly });
        _cluster.TakeOver();
        _cluster.AddWorker().WorkFor(TimeSpan.FromSeconds(5));

        Assert.Equal(("success", 4), (_cluster.BackfillOf("bf").State, _cluster.BackfillOf("bf").Succeeded));
        Assert.Equal(Enumerable.Range(-4, 4).Select(day => Start.AddDays(day)), _cluster.Runs().Select(run => run.Facts.LogicalDate));
    }

    /// <summary>Ten thousand intervals, two hundred at once, one slot: whatever is live goes before all that waits.</summary>
    [Fact]
    public void Live_runs_are_not_held_up_by_a_large_backfill()
    {
        var hourly = Manual("hourly") with { Schedule = Core.Schedules.Schedule.Hourly, StartDate = Start.AddDays(30) };
        var live = Manual("live");
        _cluster.Define(hourly);
        _cluster.Define(live);
        var worker = _cluster.AddWorker(slots: 1);
        var batches = 0;
        var bytes = 0;
        _cluster.Store.Written = batch => (batches, bytes) = (batches + 1, bytes + batch.Entries.Sum(entry => entry.Payload.Length));
        Assert.Equal(10_000, _cluster.Backfill("bf", hourly, Start.AddHours(-10_000), Start, limit: 200).Row!.Total);
        Assert.True(bytes < 64 * 1024, $"{bytes} bytes in {batches} commits"); // the first 200 runs, not ten thousand
        _cluster.Store.Written = null;
        Assert.True(_cluster.RunUntil(() => _cluster.StateOf("dispatcher").StartsWith("199 waiting", StringComparison.Ordinal)), _cluster.StateOf("dispatcher"));

        foreach (var dag in new[] { live, hourly })
        {
            var asked = _cluster.Simulation.Now;
            var run = _cluster.Trigger(dag, "now").Facts!;
            Assert.True(_cluster.Simulation.Now - asked < TimeSpan.FromMilliseconds(200), $"asked for {_cluster.Simulation.Now - asked}");
            worker.End(worker.Held[0]); // one place is free, and more than a hundred wait for it
            worker.End(worker.Held.Single(id => id.Run == run.Key));
        }
    }

    private BackfillChanged Pause(bool paused) => _cluster.Ask<BackfillChanged>(new ToBackfill("bf", new SetBackfillPaused(paused, "ann", "because")));

    private BackfillChanged Stop(bool running) => _cluster.Ask<BackfillChanged>(new ToBackfill("bf", new StopBackfill(running, "ann", null)));
}
