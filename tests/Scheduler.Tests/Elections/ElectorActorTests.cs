using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Actors;
using Sluice.Scheduler.Elections;
using Sluice.Storage;
using Sluice.Storage.Journal;
using Sluice.Storage.Leases;
using static Sluice.Scheduler.Tests.SimulatedScheduler;

namespace Sluice.Scheduler.Tests.Elections;

public sealed class ElectorActorTests
{
    [Fact]
    public void The_standby_leads_when_the_lease_of_a_dead_leader_has_ended()
    {
        var cluster = new SimulatedScheduler();
        var first = cluster.Scheduler;
        var standby = cluster.AddScheduler();
        cluster.RunFor(LeaseLife * 3);
        Assert.True(cluster.Leads(first) && !cluster.Leads(standby));

        cluster.Crash(first);
        Assert.False(cluster.RunUntilLeads(standby, LeaseLife / 2));
        Assert.True(cluster.RunUntilLeads(standby, LeaseLife));
    }

    [Fact]
    public void A_leader_that_cannot_reach_the_store_steps_down_before_its_lease_ends()
    {
        var cluster = new SimulatedScheduler();
        var first = cluster.Scheduler;
        cluster.RunFor(LeaseLife);
        cluster.Store.IsAway = () => true;
        cluster.RunFor(LeaseLife);
        Assert.False(cluster.Leads(first));

        cluster.Store.IsAway = () => false;
        Assert.True(cluster.RunUntilLeads(first, LeaseLife * 2));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Of_two_schedulers_whose_store_comes_and_goes_no_two_write_at_once(int seed)
    {
        var cluster = new SimulatedScheduler(seed);
        cluster.Define(Daily() with { Schedule = Core.Schedules.Schedule.Every(TimeSpan.FromMinutes(1)), MaxActiveRuns = 1000 });
        cluster.AddScheduler();
        var chance = new Random(seed);
        for (var round = 0; round < 60; round++)
        {
            // Now and then the store is away for half of the calls, of either node.
            cluster.Store.IsAway = chance.Next(3) == 0 ? () => chance.Next(2) == 0 : () => false;
            cluster.RunFor(TimeSpan.FromSeconds(chance.Next(1, 20)));
        }

        cluster.Store.IsAway = () => false;
        cluster.RunFor(LeaseLife * 3);
        Assert.Equal(cluster.Store.Epochs.Order(), cluster.Store.Epochs);
        Assert.True(cluster.Store.Epochs.Distinct().Count() > 1);
        Assert.NotEmpty(cluster.Runs());
        Assert.Equal(cluster.Runs().Count, cluster.Runs().Select(run => run.Facts.LogicalDate).Distinct().Count());
    }

    [Fact]
    public void A_deposed_leader_writes_nothing()
    {
        var cluster = new SimulatedScheduler();
        cluster.TakeOver();
        var late = new JournalBatch { Entries = { new("s", new byte[] { 1 }) } };

        var refused = Assert.Throws<FencedOutException>(() => cluster.Store.AppendAsync(1, late, default).AsTask().GetAwaiter().GetResult());
        Assert.Equal((1, 2), (refused.Held, refused.Current));
    }

    [Fact]
    public void Setting_the_clock_neither_ends_a_leadership_nor_lengthens_it()
    {
        var cluster = new SimulatedScheduler();
        var worker = cluster.AddWorker();
        cluster.Scheduler.Simulated.Time.Skew = TimeSpan.FromHours(1);
        worker.BeatFor(TimeSpan.FromSeconds(3));
        Assert.Equal("leads at epoch 1", cluster.StateOf("elector"));
        Assert.StartsWith("1 workers", cluster.StateOf("workers"), StringComparison.Ordinal);

        cluster.Scheduler.Simulated.Time.Skew = TimeSpan.FromHours(-1);
        cluster.Store.IsAway = () => true;
        cluster.RunFor(LeaseLife);
        Assert.Equal("standby", cluster.StateOf("elector"));
    }

    [Fact]
    public void Answers_of_an_earlier_epoch_change_nothing()
    {
        var simulation = new SimulationDispatcher(1);
        var leases = new HeldUpLeases();
        var system = new ActorSystem("test", simulation, simulation.Time, NullLoggerFactory.Instance);
        var elector = system.Spawn(
            Props.Create(() => new ElectorActor(leases, "n", "a", LeaseLife, _ => Props.Create(() => new Fragile()))).WithSupervision(SupervisionStrategy.Stop), "elector");
        simulation.RunFor(TimeSpan.FromSeconds(3));
        Assert.Single(leases.Renewals); // under way

        elector.Tell(new ToScheduler("fail"));
        simulation.RunFor(TimeSpan.FromMilliseconds(10));
        leases.Releases.Single().SetResult();
        simulation.RunFor(TimeSpan.FromSeconds(2));
        Assert.Equal(2, leases.Epoch);

        leases.Renewals[0].SetResult(false);
        simulation.RunFor(TimeSpan.FromMilliseconds(10));
        system.Inspect();
        simulation.RunFor(TimeSpan.FromMilliseconds(10));
        Assert.Equal("leads at epoch 2", system.Inspect().Single(actor => actor.Path == "/elector").State);
    }

    private sealed class Fragile : Actor
    {
        protected override ValueTask ReceiveAsync(object message) => throw new InvalidOperationException("made up");
    }

    /// <summary>Grants at once, renews and releases when the test says so.</summary>
    private sealed class HeldUpLeases : ILeaseStore
    {
        public long Epoch { get; private set; }

        public List<TaskCompletionSource<bool>> Renewals { get; } = [];

        public List<TaskCompletionSource> Releases { get; } = [];

        public ValueTask<Lease?> TryAcquireAsync(string holder, string address, TimeSpan timeToLive, CancellationToken cancellationToken) =>
            new(new Lease(holder, address, ++Epoch, timeToLive));

        public ValueTask<bool> RenewAsync(string holder, long epoch, TimeSpan timeToLive, CancellationToken cancellationToken)
        {
            Renewals.Add(new());
            return new(Renewals[^1].Task);
        }

        public ValueTask ReleaseAsync(string holder, long epoch, CancellationToken cancellationToken)
        {
            Releases.Add(new());
            return new(Releases[^1].Task);
        }

        public ValueTask<Lease?> ReadAsync(CancellationToken cancellationToken) => new((Lease?)null);
    }
}
