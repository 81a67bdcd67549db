using Sluice.Cluster.Wire;
using Sluice.Cluster.Worker.Workers;
using Sluice.Core.TaskInstances;
using static Sluice.Worker.Tests.Workers.WorkerFixture;

namespace Sluice.Worker.Tests.Workers;

/// <summary>The worker's half of the dispatch protocol, in virtual time.</summary>
public sealed class WorkerActorTests
{
    [Fact]
    public void It_registers_runs_what_it_is_given_and_reports_the_end()
    {
        var worker = new WorkerFixture();
        var leader = worker.Lead(epoch: 5);
        worker.For(1);
        leader.Run(Id(0));
        worker.For(1);
        worker.End(Id(0));
        worker.For(1);

        Assert.Equal(2, leader.Registrations.First().Slots);
        var report = Assert.Single(leader.Reports);
        Assert.Equal((Id(0), OutcomeKind.Success), (report.Id, report.Outcome.Kind));
    }

    [Fact]
    public void The_Dag_is_fetched_once_for_all_attempts_of_its_version()
    {
        var worker = new WorkerFixture(slots: 8);
        var leader = worker.Lead(5);
        worker.For(1);
        leader.Run(Id(0), Id(1));
        leader.Run(Id(2));
        worker.For(1);
        leader.Run(Id(3));
        worker.For(1);

        Assert.Single(leader.Heard.OfType<Request>());
        Assert.Equal([Id(0), Id(1), Id(2), Id(3)], worker.Running.OrderBy(id => id.Task));
    }

    [Fact]
    public void A_repeat_of_a_known_attempt_does_not_run_it_again()
    {
        var worker = new WorkerFixture();
        var leader = worker.Lead(5);
        worker.For(1);
        leader.Run(Id(0));
        worker.For(1);
        leader.Run(Id(0));
        worker.For(1);
        worker.End(Id(0));
        worker.For(0.5);
        leader.Run(Id(0));
        worker.For(0.5);

        Assert.Equal([Id(0)], worker.Begun);
        Assert.Equal(2, leader.Reports.Count()); // the end, and again as the answer to the repeat
    }

    [Fact]
    public void A_repeat_after_the_acknowledgement_does_not_run_it_again()
    {
        var worker = new WorkerFixture();
        var leader = worker.Lead(5);
        worker.For(1);
        leader.Run(Id(0));
        worker.For(1);
        worker.End(Id(0));
        worker.For(0.5);
        leader.Acknowledge(Id(0));
        worker.For(0.5);
        leader.Run(Id(0));
        worker.For(0.5);

        Assert.Equal([Id(0)], worker.Begun);
        Assert.Equal([OutcomeKind.Success, OutcomeKind.Lost], leader.Reports.Select(r => r.Outcome.Kind));
    }

    [Fact]
    public void Reports_are_repeated_until_they_are_durable_and_no_longer()
    {
        var worker = new WorkerFixture();
        var leader = worker.Lead(5);
        worker.For(1);
        leader.Run(Id(0));
        worker.For(1);
        worker.End(Id(0));
        worker.For(10);
        var before = leader.Reports.Count();
        leader.Acknowledge(Id(0));
        worker.For(1);
        leader.Heard.Clear();
        worker.For(20);

        Assert.InRange(before, 3, 5);
        Assert.Empty(leader.Reports);
    }

    [Fact]
    public void Ends_that_gather_travel_in_one_message()
    {
        var worker = new WorkerFixture(slots: 6);
        var leader = worker.Lead(5);
        worker.For(1);
        leader.Run([.. Enumerable.Range(0, 6).Select(i => Id(i))]);
        worker.For(1);
        foreach (var id in worker.Running.ToArray())
        {
            worker.End(id);
        }

        worker.For(0.5);

        Assert.Equal(6, leader.Reports.Count());
        Assert.True(leader.Heard.OfType<TaskReports>().Count() < 6);
    }

    [Fact]
    public void What_finds_no_slot_waits_for_one()
    {
        var worker = new WorkerFixture(slots: 1);
        var leader = worker.Lead(5);
        worker.For(1);
        leader.Run(Id(0), Id(1));
        worker.For(0.1);
        Assert.Equal([Id(0)], worker.Begun);
        worker.End(Id(0));
        worker.For(0.1);

        Assert.Equal([Id(0), Id(1)], worker.Begun);
    }

    [Fact]
    public void What_waits_behind_a_long_task_is_handed_back()
    {
        var worker = new WorkerFixture(slots: 1);
        var leader = worker.Lead(5);
        worker.For(1);
        leader.Run(Id(0), Id(1), Id(2));
        worker.For(1);

        Assert.Equal([Id(0)], worker.Begun);
        Assert.Equal(
            [(Id(1), OutcomeKind.HandedBack), (Id(2), OutcomeKind.HandedBack)],
            leader.Reports.Select(r => (r.Id, r.Outcome.Kind)).Distinct().OrderBy(r => r.Id.Task));
        worker.End(Id(0));
        worker.For(1);
        Assert.Equal([Id(0)], worker.Begun);
    }

    [Fact]
    public void An_async_sensor_holds_no_slot()
    {
        var worker = new WorkerFixture(slots: 1);
        var leader = worker.Lead(5);
        worker.For(1);
        leader.Run([.. Enumerable.Range(1, 1_000).Select(n => Id(7, n))]);
        leader.Run(Id(0));
        worker.For(1);
        Assert.Equal(1_001, worker.Running.Count);
        worker.End(Id(7, 500));
        worker.For(1);

        Assert.Equal(Id(7, 500), Assert.Single(leader.Reports).Id);
        Assert.DoesNotContain(worker.System.Inspect(), a => a.Path.Contains("async-1-7-500", StringComparison.Ordinal) && a.State != "free");
    }

    [Fact]
    public void A_killed_attempt_is_reported_as_failed_with_the_reason()
    {
        var worker = new WorkerFixture(slots: 1);
        var leader = worker.Lead(5);
        worker.For(1);
        leader.Run(Id(0), Id(1));
        worker.For(0.1);
        leader.Send(new KillTasks(5, [Id(0), Id(1)], "Stopped by anna."));
        worker.For(1);

        Assert.Equal([Id(0)], worker.Begun);
        Assert.All(leader.Reports, r => Assert.Equal(OutcomeKind.Failed, r.Outcome.Kind));
        Assert.Equal([Id(0), Id(1)], leader.Reports.Select(r => r.Id).OrderBy(id => id.Task));
        Assert.All(leader.Reports, r => Assert.StartsWith("Stopped by anna.", r.Outcome.Error, StringComparison.Ordinal));
    }

    [Fact]
    public void A_new_leader_is_told_what_runs_and_what_is_finished()
    {
        var worker = new WorkerFixture();
        var first = worker.Lead(5);
        worker.For(1);
        first.Run(Id(0), Id(1));
        worker.For(1);
        worker.End(Id(0));
        worker.Network.Crash("s1");
        worker.For(1);
        var second = worker.Lead(6, "s2");
        worker.For(1);
        worker.End(Id(1));
        worker.For(1);

        var registration = second.Registrations.First();
        Assert.Equal([Id(1)], registration.Running);
        Assert.Equal([Id(0)], registration.Finished.Select(r => r.Id));
        Assert.Contains(second.Reports, r => r.Id == Id(1) && r.Outcome.Kind == OutcomeKind.Success);
    }

    [Fact]
    public void A_deposed_leader_is_ignored()
    {
        var worker = new WorkerFixture();
        var first = worker.Lead(5);
        worker.For(1);
        var second = worker.Lead(6, "s2");
        worker.For(1);
        second.RunAt(5, Id(0));
        first.RunAt(5, Id(1));
        second.Send(new KillTasks(5, [Id(0)], "no"));
        worker.For(1);

        Assert.Empty(worker.Begun);
    }

    [Fact]
    public void Attempts_that_the_leader_disowns_are_killed_and_not_reported()
    {
        var worker = new WorkerFixture();
        var first = worker.Lead(5);
        worker.For(1);
        first.Run(Id(0), Id(1));
        worker.For(1);
        worker.Network.Crash("s1");
        worker.For(1);
        var second = new FakeLeader(worker, 6, "s2") { Unknown = { Id(0) } };
        worker.System.Events.Publish(new Cluster.Membership.LeaderChanged(new("s2", "s2:1", 6)));
        worker.For(5);

        Assert.Equal([Id(0)], worker.Killed);
        Assert.Equal([Id(1)], worker.Running);
        Assert.Empty(second.Reports);
    }

    [Fact]
    public void A_worker_that_hears_no_leader_stops_its_attempts_before_they_can_be_given_to_others()
    {
        var worker = new WorkerFixture();
        var leader = worker.Lead(5);
        worker.For(1);
        leader.Run(Id(0));
        worker.For(10);
        worker.Network.Isolate("w1");
        worker.For(FenceAfter.TotalSeconds - HeartbeatEvery.TotalSeconds - 0.5);
        Assert.Empty(worker.Killed);
        worker.For(HeartbeatEvery.TotalSeconds + 0.5);
        Assert.Equal([Id(0)], worker.Killed);

        worker.Network.HealAll();
        worker.For(60);
        var told = leader.Registrations.SelectMany(r => r.Finished).Concat(leader.Reports).ToArray();
        Assert.Contains(told, r => r.Id == Id(0) && r.Outcome.Kind == OutcomeKind.Lost);
    }

    [Fact]
    public void A_leader_that_answers_keeps_the_fence_away()
    {
        var worker = new WorkerFixture();
        var leader = worker.Lead(5);
        worker.For(1);
        leader.Run(Id(0));
        worker.For(600);

        Assert.Empty(worker.Killed);
    }

    [Fact]
    public void A_leader_that_no_longer_answers_is_registered_with_again()
    {
        var worker = new WorkerFixture();
        var leader = worker.Lead(5);
        worker.For(1);
        leader.AnswersHeartbeats = false;
        worker.For(10);

        Assert.True(leader.Registrations.Count() > 1);
    }

    [Fact]
    public void A_lost_registration_is_repeated()
    {
        var worker = new WorkerFixture();
        var leader = worker.Lead(5);
        leader.AnswersRegistrations = false;
        worker.For(1);
        leader.AnswersRegistrations = true;
        worker.For(5);
        leader.Run(Id(0));
        worker.For(1);
        worker.End(Id(0));
        worker.For(1);

        Assert.Single(leader.Reports);
    }

    [Fact]
    public void A_draining_worker_offers_nothing_waits_and_then_kills()
    {
        var worker = new WorkerFixture();
        var leader = worker.Lead(5);
        worker.For(1);
        leader.Run(Id(0), Id(1));
        worker.For(1);
        var drained = worker.Worker.AskAsync<Drained>(new Drain(TimeSpan.FromSeconds(30)), TimeSpan.FromMinutes(5));
        worker.For(1);
        leader.Run(Id(2));
        worker.End(Id(0));
        worker.For(20);
        Assert.Empty(worker.Killed);
        Assert.Equal(0, leader.Registrations.Last().Slots);
        worker.For(10);
        leader.Acknowledge(Id(0), Id(1), Id(2));
        worker.For(1);

        Assert.True(drained.IsCompletedSuccessfully);
        Assert.Equal([Id(0), Id(1)], worker.Begun.OrderBy(id => id.Task));
        Assert.Equal(OutcomeKind.Lost, leader.Reports.Last(r => r.Id == Id(1)).Outcome.Kind);
        Assert.Equal(OutcomeKind.Lost, leader.Reports.Last(r => r.Id == Id(2)).Outcome.Kind);
    }

    [Fact]
    public void Nothing_runs_twice_and_every_end_arrives_whatever_the_network_loses()
    {
        for (var seed = 1; seed <= 40; seed++)
        {
            var worker = new WorkerFixture(seed, slots: 3);
            worker.Network.Options = worker.Network.Options with { DropRate = 0.2, DuplicateRate = 0.2, BreakRate = 0.02 };
            var leader = worker.Lead(5);
            var ids = Enumerable.Range(0, 6).Select(i => Id(i)).ToArray();
            for (var second = 0; second < 120; second++)
            {
                var ended = leader.Reports.Select(r => r.Id).Concat(leader.Registrations.SelectMany(r => r.Finished).Select(r => r.Id)).ToHashSet();
                var missing = ids.Where(id => !ended.Contains(id)).ToArray();
                if (missing.Length == 0)
                {
                    break;
                }

                leader.Run(missing);
                worker.For(1);
                foreach (var id in worker.Running.ToArray())
                {
                    worker.End(id);
                }
            }

            Assert.Equal(worker.Begun.Distinct(), worker.Begun);
            var told = leader.Reports.Concat(leader.Registrations.SelectMany(r => r.Finished)).Select(r => r.Id).Distinct();
            Assert.True(ids.SequenceEqual(told.OrderBy(id => id.Task)), $"seed {seed}: heard {leader.Heard.Count} messages; begun {string.Join(',', worker.Begun)}");
        }
    }
}
