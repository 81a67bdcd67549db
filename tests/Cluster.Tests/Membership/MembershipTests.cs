using Sluice.Actors;
using Sluice.Cluster.Membership;
using Sluice.Cluster.Transport;
using Sluice.Cluster.Wire;

namespace Sluice.Cluster.Tests.Membership;

public sealed class MembershipTests
{
    [Fact]
    public void Every_node_learns_of_every_other_and_of_the_leader()
    {
        var cluster = new SimulatedCluster(1);
        cluster.Start("seed", NodeRole.Seed);
        var scheduler = cluster.Start("scheduler", NodeRole.Scheduler, "seed");
        var worker = cluster.Start("worker", NodeRole.Worker, "seed");
        var news = new List<object>();
        worker.System.Events.Subscribe<LeaderChanged>(worker.System.Spawn(Props.Create(() => new Recorder(news)), "news"));
        cluster.Run(1);

        var claim = new LeaderClaim("scheduler", "scheduler", 3);
        scheduler.Membership.Tell(new ClaimLeadership(claim));
        cluster.Run(1);

        Assert.Equal(["scheduler", "seed", "worker"], cluster.View(worker).Nodes.Select(node => node.Id));
        Assert.Equal(claim, cluster.View(worker).Leader);
        Assert.Equal([new LeaderChanged(claim)], news);
    }

    [Fact]
    public void The_claim_of_the_highest_epoch_wins_whatever_the_order()
    {
        var cluster = new SimulatedCluster(2);
        cluster.Start("seed", NodeRole.Seed);
        var old = cluster.Start("old", NodeRole.Scheduler, "seed");
        var young = cluster.Start("young", NodeRole.Scheduler, "seed");
        cluster.Run(1);

        young.Membership.Tell(new ClaimLeadership(new LeaderClaim("young", "young", 5)));
        cluster.Run(1);
        old.Membership.Tell(new ClaimLeadership(new LeaderClaim("old", "old", 4)));
        cluster.Run(1);

        Assert.Equal("young", cluster.View(young).Leader!.NodeId);
        Assert.Equal("young", cluster.View(old).Leader!.NodeId);
    }

    [Fact]
    public void A_seed_that_comes_back_hears_everything_again_and_a_node_that_dies_is_forgotten()
    {
        var cluster = new SimulatedCluster(3);
        cluster.Start("seed-1", NodeRole.Seed);
        var scheduler = cluster.Start("scheduler", NodeRole.Scheduler, "seed-1");
        var worker = cluster.Start("worker", NodeRole.Worker, "seed-1");
        cluster.Start("other", NodeRole.Worker, "seed-1");
        scheduler.Membership.Tell(new ClaimLeadership(new LeaderClaim("scheduler", "scheduler", 1)));
        cluster.Run(1);

        cluster.Network.Crash("seed-1");
        cluster.Run(1);
        Assert.Equal(["worker"], cluster.View(worker).Nodes.Select(node => node.Id));
        Assert.Equal("scheduler", cluster.View(worker).Leader!.NodeId);

        cluster.Start("seed-1", NodeRole.Seed);
        cluster.Network.Crash("other");
        cluster.Run(1);
        Assert.Equal(["scheduler", "seed-1", "worker"], cluster.View(worker).Nodes.Select(node => node.Id));
    }

    [Fact]
    public void With_two_seeds_one_may_be_cut_off()
    {
        var cluster = new SimulatedCluster(4);
        cluster.Start("seed-1", NodeRole.Seed);
        cluster.Start("seed-2", NodeRole.Seed);
        var scheduler = cluster.Start("scheduler", NodeRole.Scheduler, "seed-1", "seed-2");
        var worker = cluster.Start("worker", NodeRole.Worker, "seed-1", "seed-2");
        cluster.Run(1);

        cluster.Network.Isolate("seed-1");
        scheduler.Membership.Tell(new ClaimLeadership(new LeaderClaim("scheduler", "scheduler", 1)));
        cluster.Run(30);

        var view = cluster.View(worker);
        Assert.Equal(["scheduler", "seed-2", "worker"], view.Nodes.Select(node => node.Id));
        Assert.Equal("scheduler", view.Leader!.NodeId);
        cluster.Network.HealAll();
        cluster.Run(1);
        Assert.Equal(4, cluster.View(worker).Nodes.Count);
    }

    [Fact]
    public void The_same_seed_gives_the_same_run_of_a_bad_network()
    {
        var options = new SimulatedNetworkOptions { BreakRate = 0.05, DropRate = 0.05, DuplicateRate = 0.05 };

        Assert.Equal(Run(), Run());

        (ulong, long, long) Run()
        {
            var cluster = new SimulatedCluster(99, options);
            cluster.Start("seed", NodeRole.Seed);
            for (var index = 0; index < 5; index++)
                cluster.Start($"worker-{index}", NodeRole.Worker, "seed");
            cluster.Run(60);
            return (cluster.Simulation.Fingerprint, cluster.Network.Delivered, cluster.Network.Lost);
        }
    }
}
