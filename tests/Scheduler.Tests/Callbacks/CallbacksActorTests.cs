using Sluice.Cluster.Wire;
using Sluice.Core.Callbacks;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.Tests;

public sealed class CallbacksActorTests
{
    private static readonly DagSpec Told = SimulatedScheduler.Manual("told") with
    {
        Tasks = [SimulatedScheduler.Task("only") with { Callbacks = [new() { On = CallbackTrigger.Failure, Notifier = "Code" }] }],
        Callbacks = [new() { On = CallbackTrigger.Failure, Notifier = "WebhookNotifier" }],
    };

    [Fact]
    public void What_failed_is_told_to_a_worker_beside_its_slots_after_the_run_is_over()
    {
        var cluster = new SimulatedScheduler();
        var (worker, run) = FailOn(cluster, slots: 1);

        var given = Given(worker);
        Assert.Equal([("on_failure", "only", 1), ("on_failure", null, 0)], given.Select(task => (task.Callback!.On.Name(), task.Callback.Instance, task.Callback.TryNumber)));
        Assert.Equal(["no", "task only failed on try 1: no"], given.Select(task => task.Callback!.Why));
        Assert.All(Rows(cluster, run), row => Assert.Equal(("running", 1, worker.Name), (row.State, row.HandedOut, row.Worker)));

        worker.End(given[0].Id);
        worker.End(given[1].Id, OutcomeKind.Failed);

        Assert.Equal([("only", "success"), (null, "failed")], Rows(cluster, run).Select(row => (row.Task?.Value, row.State)));
        worker.BeatFor(TimeSpan.FromMinutes(1));
        Assert.Equal(2, Given(worker).Count); // A callback that fails is not tried again.
        Assert.Equal("0 callbacks, 0 of them waiting", cluster.StateOf("callbacks"));
    }

    [Fact]
    public void Takeovers_between_the_commit_and_the_handing_out_lose_none_and_hand_none_out_twice()
    {
        var cluster = new SimulatedScheduler();
        var (worker, run) = FailTwenty(cluster);
        var rows = Rows(cluster, run);
        Assert.Equal((2, 18), (rows.Count(row => row.State == "running"), rows.Count(row => row.State == "waiting")));

        for (var i = 0; i < 100 && Rows(cluster, run).Any(row => row.EndedAt is null); i++)
        {
            if (i % 3 == 0)
            {
                cluster.TakeOver();
                worker.Join();
            }

            if (worker.Held.Count > 0)
            {
                worker.End(worker.Held[0]);
            }
        }

        Assert.All(Rows(cluster, run), row => Assert.Equal(("success", 1), (row.State, row.HandedOut)));
        Assert.Equal(20, Given(worker).Select(task => task.Callback!.EventId).Distinct().Count());
    }

    [Fact]
    public void A_run_that_ends_while_there_is_no_worker_is_told_when_one_comes()
    {
        var cluster = new SimulatedScheduler();
        var first = cluster.AddWorker();
        cluster.Define(Told);
        var run = cluster.Trigger(Told, "r").Facts!.Key;
        cluster.Crash(first);
        cluster.RunFor(SimulatedScheduler.LostAfter + TimeSpan.FromSeconds(2));
        Assert.True(cluster.Cancel(run));
        cluster.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(["waiting"], Rows(cluster, run).Select(row => row.State));

        cluster.TakeOver();
        var second = cluster.AddWorker();
        second.BeatFor(TimeSpan.FromSeconds(2));

        Assert.Equal(["cancelled"], Given(second).Select(task => task.Callback!.Why));
    }

    [Fact]
    public void A_worker_that_has_one_keeps_it_through_a_takeover_and_its_report_counts()
    {
        var cluster = new SimulatedScheduler();
        var (worker, run) = FailOn(cluster, slots: 1);
        var other = cluster.AddWorker();
        var given = Given(worker);

        cluster.TakeOver();
        worker.Join();
        other.Join();
        for (var i = 0; i < 30; i++)
        {
            other.Beat();
            worker.BeatFor(TimeSpan.FromSeconds(1));
        }

        given.ForEach(task => worker.End(task.Id));

        Assert.Empty(Given(other));
        Assert.Equal(2, Given(worker).Select(task => task.Id).Distinct().Count());
        Assert.All(Rows(cluster, run), row => Assert.Equal(("success", 1, worker.Name), (row.State, row.HandedOut, row.Worker)));
    }

    [Fact]
    public void A_worker_that_is_lost_with_one_leaves_it_to_another_under_the_same_event_id()
    {
        var cluster = new SimulatedScheduler();
        var (worker, run) = FailOn(cluster, slots: 1);
        var given = Given(worker);
        var other = cluster.AddWorker();
        cluster.Crash(worker);

        other.BeatFor(SimulatedScheduler.LostAfter + TimeSpan.FromSeconds(15));

        var again = Given(other);
        Assert.Equal(given.Select(task => task.Callback!.EventId), again.Select(task => task.Callback!.EventId).Order());
        Assert.All(again, task => Assert.Equal(2, task.Id.Token));
        again.ForEach(task => other.End(task.Id));
        Assert.All(Rows(cluster, run), row => Assert.Equal(("success", 2), (row.State, row.HandedOut)));
    }

    [Fact]
    public void What_is_never_run_to_its_end_ends_as_failed()
    {
        var cluster = new SimulatedScheduler();
        var (worker, run) = FailOn(cluster, slots: 1);
        for (var i = 0; i < 100 && worker.Held.Count + Rows(cluster, run).Count(row => row.EndedAt is null) > 0; i++)
        {
            worker.Held.ToList().ForEach(id => worker.End(id, OutcomeKind.Lost));
            worker.BeatFor(TimeSpan.FromSeconds(5));
        }

        Assert.All(Rows(cluster, run), row => Assert.Equal(("failed", CallbackState.MostTokens), (row.State, row.HandedOut)));
    }

    [Fact]
    public void A_worker_has_a_few_at_a_time()
    {
        var cluster = new SimulatedScheduler();
        var (worker, _) = FailTwenty(cluster);
        var most = 0;
        for (var i = 0; i < 100 && worker.Held.Count > 0; i++)
        {
            most = Math.Max(most, worker.Held.Count);
            worker.End(worker.Held[0]);
        }

        Assert.Equal((2, 20), (most, Given(worker).Count));
    }

    private static (PlayedWorker Worker, long Run) FailOn(SimulatedScheduler cluster, int slots)
    {
        var worker = cluster.AddWorker(slots);
        cluster.Define(Told);
        var run = cluster.Trigger(Told, "r").Facts!.Key;
        worker.End(worker.Held[0], OutcomeKind.Failed, "no");
        return (worker, run);
    }

    /// <summary>Twenty tasks that tell of their failure, in a run that does not.</summary>
    private static (PlayedWorker Worker, long Run) FailTwenty(SimulatedScheduler cluster)
    {
        var dag = Told with { Tasks = [.. Enumerable.Range(0, 20).Select(i => Told.Tasks[0] with { Id = new($"t{i}") })], Callbacks = null };
        var worker = cluster.AddWorker(slots: 20);
        cluster.Define(dag);
        var run = cluster.Trigger(dag, "r").Facts!.Key;
        foreach (var id in worker.Held.ToList())
        {
            worker.End(id, OutcomeKind.Failed);
        }

        return (worker, run);
    }

    private static List<TaskAssignment> Given(PlayedWorker worker) =>
        [.. worker.Told.OfType<RunTasks>().SelectMany(run => run.Tasks).Where(task => task.Callback is not null).DistinctBy(task => task.Id).OrderBy(task => task.Id.Run)];

    private static IReadOnlyList<CallbackRow> Rows(SimulatedScheduler cluster, long run) => cluster.Callbacks(run);
}
