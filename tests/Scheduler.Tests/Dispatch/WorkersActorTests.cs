using Sluice.Cluster.Wire;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using static Sluice.Scheduler.Tests.SimulatedScheduler;

namespace Sluice.Scheduler.Tests.Dispatch;

public sealed class WorkersActorTests
{
    private readonly SimulatedScheduler _cluster = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_cancelled_attempt_stays_in_its_row_with_its_worker_and_its_time(bool afterTakeover)
    {
        _cluster.Define(Manual());
        var run = _cluster.Trigger(Manual(), "r").Facts!.Key;
        var worker = _cluster.AddWorker();
        var before = Assert.Single(_cluster.Attempts(run));
        Assert.NotNull(before.QueuedAt);
        if (afterTakeover)
        {
            _cluster.TakeOver();
            worker.Join();
        }

        Assert.True(_cluster.Cancel(run));
        _cluster.RunFor(TimeSpan.FromSeconds(1));

        var row = Assert.Single(_cluster.Attempts(run));
        Assert.Equal((TaskState.Failed, worker.Name, before.QueuedAt), (row.State, row.Worker, row.QueuedAt));
    }

    [Fact]
    public void The_end_of_an_attempt_after_a_takeover_keeps_when_it_was_queued()
    {
        _cluster.Define(Manual());
        var run = _cluster.Trigger(Manual(), "r").Facts!.Key;
        var worker = _cluster.AddWorker();
        var queuedAt = Assert.Single(_cluster.Attempts(run)).QueuedAt;
        _cluster.TakeOver();
        worker.Join();
        worker.End(Assert.Single(worker.Held));

        var row = Assert.Single(_cluster.Attempts(run));
        Assert.Equal((TaskState.Success, queuedAt), (row.State, row.QueuedAt));
    }

    [Fact]
    public void What_runs_is_adopted_though_the_new_leader_reads_slowly()
    {
        _cluster.Define(Manual());
        _cluster.Define(Manual("other") with { Description = "another version" });
        var worker = _cluster.AddWorker(slots: 2);
        var run = _cluster.Trigger(Manual(), "r").Facts!.Key;
        var attempt = Assert.Single(worker.Held);
        _cluster.Define(Manual() with { Description = "a version that no run has read" });

        _cluster.Store.VersionsTake = TimeSpan.FromSeconds(2);
        _cluster.TakeOver(wait: false);
        worker.JoinWhoeverLeads();
        Assert.Equal([attempt], worker.Held);
        Assert.Empty(worker.Told.OfType<WorkerRegistered>().Last().Unknown);

        worker.End(attempt);
        Assert.Equal(RunState.Success, _cluster.RunOf(run).State);
        Assert.Single(_cluster.Attempts(run));
    }

    [Fact]
    public void A_dispatch_that_got_lost_is_sent_again()
    {
        _cluster.Define(Manual());
        var worker = _cluster.AddWorker();
        _cluster.Trigger(Manual(), "r");
        var attempt = Assert.Single(worker.Held);
        worker.Held.Clear(); // it never arrived

        worker.BeatFor(TimeSpan.FromSeconds(2));
        Assert.Empty(worker.Held);
        worker.BeatFor(TimeSpan.FromSeconds(3));
        Assert.Equal([attempt], worker.Held);
    }

    [Fact]
    public void A_kill_that_got_lost_is_repeated_while_the_worker_names_the_attempt()
    {
        _cluster.Define(Manual());
        var worker = _cluster.AddWorker();
        var run = _cluster.Trigger(Manual(), "r").Facts!.Key;
        Assert.True(_cluster.Cancel(run));
        worker.BeatFor(TimeSpan.FromSeconds(2));

        Assert.True(worker.Told.OfType<KillTasks>().Count(kill => kill.Ids.SequenceEqual(worker.Held)) >= 2);
    }

    [Fact]
    public void An_attempt_of_a_silent_worker_goes_to_another_and_its_late_end_is_dropped()
    {
        _cluster.Define(Manual());
        var silent = _cluster.AddWorker();
        var run = _cluster.Trigger(Manual(), "r").Facts!.Key;
        var lost = Assert.Single(silent.Held);
        var other = _cluster.AddWorker();
        other.BeatFor(LostAfter + TimeSpan.FromSeconds(2));
        var again = Assert.Single(other.Held);
        Assert.Equal((lost.Task, lost.Token + 1), (again.Task, again.Token));

        silent.End(lost, OutcomeKind.FailedFinally);
        Assert.Contains(lost, silent.Told.OfType<ReportsDurable>().SelectMany(told => told.Ids));
        Assert.Equal(RunState.Running, _cluster.RunOf(run).State);
        other.End(again);
        Assert.Equal(RunState.Success, _cluster.RunOf(run).State);
        Assert.Equal(1, _cluster.Attempts(run).Max(attempt => attempt.TryNumber));
    }

    [Fact]
    public void A_worker_that_was_lost_is_answered_again_only_when_it_registers()
    {
        var worker = _cluster.AddWorker();
        _cluster.RunFor(LostAfter * 2);
        worker.End(new(1, 0, 1)); // of a run that is long over
        var answers = worker.Told.OfType<Heartbeat>().Count();
        worker.BeatFor(TimeSpan.FromSeconds(2));
        Assert.Equal(answers, worker.Told.OfType<Heartbeat>().Count());

        worker.Register();
        worker.BeatFor(TimeSpan.FromSeconds(2));
        Assert.True(worker.Told.OfType<Heartbeat>().Count() > answers);
    }

    [Fact]
    public void A_report_of_the_same_attempt_counts_once()
    {
        var dag = Manual() with { Tasks = [Task("a") with { Retries = 3, RetryDelay = TimeSpan.FromSeconds(1) }] };
        _cluster.Define(dag);
        var worker = _cluster.AddWorker();
        var run = _cluster.Trigger(dag, "r").Facts!.Key;
        var attempt = Assert.Single(worker.Held);
        worker.End(attempt, OutcomeKind.Failed);
        worker.End(attempt, OutcomeKind.Failed);
        worker.BeatFor(TimeSpan.FromSeconds(2));
        worker.End(attempt, OutcomeKind.Failed);

        Assert.Equal([1, 2], _cluster.Attempts(run).Select(row => row.Token));
        Assert.Equal(attempt.Token + 1, Assert.Single(worker.Held).Token);
    }

    [Fact]
    public void A_nonsense_report_harms_nobody()
    {
        _cluster.Define(Manual());
        var worker = _cluster.AddWorker();
        var run = _cluster.Trigger(Manual(), "r").Facts!.Key;
        worker.End(new(run, -1, 1));
        worker.End(new(run, 7, 1));

        Assert.Equal(RunState.Running, _cluster.RunOf(run).State);
    }

    [Fact]
    public void A_run_that_is_cut_short_gives_back_every_slot_also_those_that_were_just_granted()
    {
        var wide = Manual("wide") with { Tasks = [.. Enumerable.Range(0, 50).Select(n => Task($"t{n}"))] };
        for (var seed = 0; seed < 20; seed++)
        {
            var cluster = new SimulatedScheduler(seed);
            cluster.Define(wide);
            var first = cluster.AddWorker(slots: 4);
            var run = cluster.Trigger(wide, "r").Facts!.Key;

            // A worker comes at the moment of the cancel: its grants may be on their way to a run that is over.
            var found = cluster.Ask<Scheduler.Dags.FoundRun>(new ToDag(wide.Id, new Scheduler.Dags.FindRun(run))).Run!;
            cluster.AddWorker(slots: 8, wait: false);
            cluster.RunUntil(() => cluster.Network.Delivered > 0 && cluster.Simulation.NextRandom(8) == 0, TimeSpan.FromMilliseconds(20));
            found.Tell(new Sluice.Scheduler.DagRuns.CancelNow("cancelled"));
            cluster.RunFor(TimeSpan.FromSeconds(1));

            Assert.Equal(RunState.Failed, cluster.RunOf(run).State);
            Assert.StartsWith("0 waiting, 0 active", cluster.StateOf("dispatcher"), StringComparison.Ordinal);
            first.BeatFor(TimeSpan.FromSeconds(1));
        }
    }

    [Fact]
    public void A_sensor_waits_without_a_slot_and_goes_on_after_a_takeover()
    {
        var dag = Manual() with { Tasks = [Task("s") with { Sensor = new() { Mode = SensorMode.Reschedule } }] };
        _cluster.Define(dag);
        var worker = _cluster.AddWorker();
        var run = _cluster.Trigger(dag, "r").Facts!.Key;
        worker.Reschedule(Assert.Single(worker.Held), TimeSpan.FromSeconds(30));
        Assert.Equal(TaskState.UpForReschedule, _cluster.Attempts(run)[^1].State);
        _cluster.TakeOver();
        worker.Join();
        Assert.Empty(worker.Held);

        worker.BeatFor(TimeSpan.FromSeconds(30));
        var second = Assert.Single(worker.Held);
        Assert.Equal(2, second.Token);
        worker.End(second);
        Assert.Equal((RunState.Success, 1), (_cluster.RunOf(run).State, _cluster.Attempts(run)[^1].TryNumber));
    }
}
