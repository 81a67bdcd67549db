using Sluice.Actors;
using Sluice.Cluster.Transport;
using Sluice.Cluster.Wire;
using Sluice.Cluster.Worker.Workers;
using Sluice.Core.TaskInstances;
using static Sluice.Worker.Tests.Workers.WorkerFixture;

namespace Sluice.Worker.Tests.Workers;

/// <summary>A worker's actor that throws is restarted over what it knew: nothing runs twice, no end is lost, what was promised holds.</summary>
public sealed class WorkerFailureTests
{
    [Fact]
    public void What_ran_runs_on_and_what_waited_still_waits()
    {
        var worker = new WorkerFixture(slots: 2);
        var leader = worker.Lead(5);
        worker.For(1);
        leader.Run(Id(0), Id(1), Id(7));
        worker.For(0.1);
        leader.Run(Id(2));
        worker.For(0.01);
        Fail(worker);
        worker.For(0.2);

        Assert.Equal([Id(0), Id(1), Id(7)], worker.Begun.Order(ById));
        Assert.Empty(worker.Killed);
        Assert.Equal([Id(0), Id(1), Id(2), Id(7)], leader.Registrations.Last().Running.Order(ById));
        worker.End(Id(0));
        worker.For(0.1);
        Assert.Equal([Id(1), Id(2), Id(7)], worker.Running.Order(ById));
        worker.End(Id(1));
        worker.End(Id(2));
        worker.End(Id(7));
        worker.For(1);

        Assert.Equal([Id(0), Id(1), Id(2), Id(7)], leader.Reports.Select(r => r.Id).Distinct().Order(ById));
        Assert.Equal(worker.Begun.Distinct(), worker.Begun);
    }

    [Fact]
    public void An_end_that_was_not_acknowledged_is_told_with_the_new_registration_and_not_run_again()
    {
        var worker = new WorkerFixture();
        var leader = worker.Lead(5);
        worker.For(1);
        leader.Run(Id(0));
        worker.For(0.1);
        worker.End(Id(0));
        worker.For(0.1);
        leader.Heard.Clear();
        Fail(worker);
        worker.For(0.2);
        leader.Run(Id(0));
        worker.For(0.2);

        Assert.Equal(Id(0), Assert.Single(leader.Registrations.Last().Finished).Id);
        Assert.Equal([Id(0)], worker.Begun);
    }

    [Fact]
    public void An_attempt_that_ends_while_the_actor_is_down_is_reported_when_it_is_up()
    {
        var worker = new WorkerFixture();
        var leader = worker.Lead(5);
        worker.For(1);
        leader.Run(Id(0));
        worker.For(0.1);
        Fail(worker);
        worker.For(0.05);
        worker.End(Id(0));
        worker.For(1);

        Assert.Contains(leader.Reports, r => r.Id == Id(0) && r.Outcome.Kind == OutcomeKind.Success);
    }

    [Fact]
    public void A_slot_that_fails_loses_nothing()
    {
        var worker = new WorkerFixture(slots: 1);
        var leader = worker.Lead(5);
        worker.For(1);
        leader.Run(Id(0));
        worker.For(0.1);
        worker.System.Find("/worker/slot-1")!.Tell(new RunAttempt(null!));
        worker.For(1);
        worker.End(Id(0));
        worker.For(1);

        Assert.Equal([Id(0)], worker.Begun);
        Assert.Contains(leader.Reports, r => r.Id == Id(0) && r.Outcome.Kind == OutcomeKind.Success);
    }

    [Fact]
    public void A_kill_that_was_on_its_way_to_a_slot_is_not_lost()
    {
        var worker = new WorkerFixture();
        var leader = worker.Lead(5);
        worker.For(1);
        leader.Run(Id(0));
        worker.For(0.1);

        // The second id is read after the first kill was told, and there is none.
        worker.Worker.Tell(new PeerMessage(Peer, new KillTasks(5, new ThrowsAfter(Id(0)), "Stopped by anna.")));
        worker.For(1);

        Assert.Equal([Id(0)], worker.Killed);
        Assert.Equal(OutcomeKind.Failed, leader.Reports.First().Outcome.Kind);
    }

    [Fact]
    public void A_deposed_leader_is_ignored_by_the_restarted_actor_too()
    {
        var worker = new WorkerFixture();
        var first = worker.Lead(5);
        worker.For(1);
        worker.Lead(6, "s2");
        worker.For(1);
        Fail(worker);
        first.RunAt(5, Id(0));
        worker.For(1);

        Assert.Empty(worker.Begun);
    }

    [Fact]
    public void The_fence_holds_over_a_failure()
    {
        var worker = new WorkerFixture();
        var leader = worker.Lead(5);
        worker.For(1);
        leader.Run(Id(0));
        worker.For(10);
        worker.Network.Isolate("w1");
        worker.For(FenceAfter.TotalSeconds - HeartbeatEvery.TotalSeconds - 1);
        Fail(worker);
        worker.For(0.4);
        Assert.Empty(worker.Killed);
        worker.For(HeartbeatEvery.TotalSeconds + 0.6);

        Assert.Equal([Id(0)], worker.Killed);
    }

    [Fact]
    public void A_stop_in_order_goes_on_after_a_failure()
    {
        var worker = new WorkerFixture();
        var leader = worker.Lead(5);
        worker.For(1);
        leader.Run(Id(0));
        worker.For(1);
        var drained = worker.Worker.AskAsync<Drained>(new Drain(TimeSpan.FromSeconds(30)), TimeSpan.FromMinutes(5));
        worker.For(1);
        Fail(worker);
        worker.For(27);
        Assert.Empty(worker.Killed);
        worker.For(3);
        leader.Acknowledge(Id(0));
        worker.For(1);

        Assert.Equal([Id(0)], worker.Killed);
        Assert.True(drained.IsCompletedSuccessfully);
    }

    [Fact]
    public void A_worker_that_fails_again_and_again_kills_its_attempts_and_takes_no_more()
    {
        var worker = new WorkerFixture();
        var leader = worker.Lead(5);
        worker.For(1);
        leader.Run(Id(0));
        worker.For(1);
        for (var failure = 1; failure <= 5; failure++)
        {
            Fail(worker);
            worker.For(2);
        }

        Assert.Empty(worker.Killed);
        Fail(worker);
        worker.For(4);
        Assert.Equal([Id(0)], worker.Killed);
        leader.Run(Id(1));
        worker.For(1);
        Assert.Equal([Id(0)], worker.Begun);
    }

    [Fact]
    public void Nothing_runs_twice_and_every_end_arrives_whatever_fails_and_gets_lost()
    {
        for (var seed = 1; seed <= 40; seed++)
        {
            var worker = new WorkerFixture(seed, slots: 3);
            worker.Network.Options = worker.Network.Options with { DropRate = 0.1, DuplicateRate = 0.1, BreakRate = 0.02 };
            var leader = worker.Lead(5);
            var ids = Enumerable.Range(0, 8).Select(i => Id(i)).ToArray();
            for (var step = 0; step < 400; step++)
            {
                var ended = leader.Reports.Concat(leader.Registrations.SelectMany(r => r.Finished)).Select(r => r.Id).ToHashSet();
                var missing = ids.Where(id => !ended.Contains(id)).ToArray();
                if (missing.Length == 0)
                {
                    break;
                }

                leader.Run(missing);
                worker.For(worker.Simulation.NextRandom(500) / 1000d);
                if (step % 40 == 0)
                {
                    Fail(worker);
                }

                worker.For(worker.Simulation.NextRandom(500) / 1000d);
                foreach (var id in worker.Running.Where(_ => worker.Simulation.NextRandom(3) == 0).ToArray())
                {
                    worker.End(id);
                }
            }

            Assert.Equal(worker.Begun.Distinct(), worker.Begun);
            Assert.Empty(worker.Killed);
            var told = leader.Reports.Concat(leader.Registrations.SelectMany(r => r.Finished)).Where(r => r.Outcome.Kind == OutcomeKind.Success);
            Assert.Equal(worker.Begun.Order(ById), told.Select(r => r.Id).Distinct().Order(ById));
        }
    }

    private static Cluster.Wire.NodeInfo Peer { get; } = new("s1", NodeRole.Scheduler, "s1:1", "s1");

    private static Comparer<AttemptId> ById { get; } = Comparer<AttemptId>.Create((one, other) => one.Task - other.Task);

    /// <summary>Makes the worker's actor throw.</summary>
    private static void Fail(WorkerFixture worker) => worker.Worker.Tell(new PeerMessage(Peer, new ReportsDurable(null!)));

    private sealed class ThrowsAfter(AttemptId first) : IReadOnlyList<AttemptId>
    {
        public int Count => 2;

        public AttemptId this[int index] => index == 0 ? first : throw new InvalidOperationException("made up");

        public IEnumerator<AttemptId> GetEnumerator()
        {
            yield return this[0];
            yield return this[1];
        }

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
