using FsCheck;
using FsCheck.Fluent;
using Sluice.Actors;
using Sluice.Cluster.Nodes;
using Sluice.Cluster.Transport;
using Sluice.Cluster.Wire;

namespace Sluice.Cluster.Tests.Transport;

public sealed class SimulatedNetworkTests
{
    [Fact]
    public void A_link_keeps_order_under_every_seed_and_loses_only_when_it_breaks()
    {
        Check.One(Properties.Of(), Prop.ForAll<int, bool>((seed, breaks) =>
        {
            var cluster = new SimulatedCluster(seed, new SimulatedNetworkOptions { BreakRate = breaks ? 0.1 : 0 });
            var (sender, seen) = Pair(cluster);
            for (var number = 0; number < 50; number++)
            {
                sender.Transport.Send("listener", Numbered(number));
                if (number % 5 == 0)
                    cluster.Run(0.3);
            }

            cluster.Run(1);

            var numbers = Numbers(seen);
            Assert.Equal(numbers.Order(), numbers);
            Assert.Equal(numbers.Distinct(), numbers);
            if (!breaks)
                Assert.Equal(50, numbers.Count);
            Assert.True(seen.Count(happened => happened is PeerUp) - seen.Count(happened => happened is PeerDown) is 0 or 1);
        }));
    }

    [Fact]
    public void Drops_duplicates_and_reordering_happen_when_asked_for()
    {
        var cluster = new SimulatedCluster(5, new SimulatedNetworkOptions { DropRate = 0.2, DuplicateRate = 0.2, ReorderWithinLink = true });
        var (sender, seen) = Pair(cluster);
        for (var number = 0; number < 500; number++)
            sender.Transport.Send("listener", Numbered(number));
        cluster.Run(1);

        var numbers = Numbers(seen);
        Assert.InRange(numbers.Distinct().Count(), 350, 450);
        Assert.InRange(numbers.Count - numbers.Distinct().Count(), 40, 130);
        Assert.NotEqual(numbers.Order(), numbers);
    }

    [Fact]
    public void A_short_partition_delays_and_a_long_one_breaks_the_link()
    {
        var cluster = new SimulatedCluster(6);
        var (sender, seen) = Pair(cluster);

        cluster.Network.Partition("dialler", "listener");
        for (var number = 0; number < 10; number++)
            Assert.True(sender.Transport.Send("listener", Numbered(number)));
        cluster.Run(5);
        Assert.Empty(Numbers(seen));
        cluster.Network.Heal("dialler", "listener");
        for (var number = 10; number < 20; number++)
            sender.Transport.Send("listener", Numbered(number));
        cluster.Run(1);
        Assert.Equal(Enumerable.Range(0, 20), Numbers(seen));

        cluster.Network.Partition("dialler", "listener");
        cluster.Run(9);
        Assert.DoesNotContain(seen, happened => happened is PeerDown);
        cluster.Run(2);
        Assert.Contains(seen, happened => happened is PeerDown { Reason: "it was silent for too long" });
        Assert.False(sender.Transport.Send("listener", Numbered(99)));
        cluster.Network.Heal("dialler", "listener");
        cluster.Run(1);
        Assert.True(sender.Transport.Send("listener", Numbered(100)));
    }

    [Fact]
    public void A_crash_is_heard_at_once_and_a_silent_one_late()
    {
        foreach (var silently in (bool[])[false, true])
        {
            var cluster = new SimulatedCluster(7);
            var (_, seen) = Pair(cluster);
            cluster.Network.Crash("dialler", silently);
            cluster.Run(1);
            Assert.Equal(!silently, seen.Any(happened => happened is PeerDown));
            cluster.Run(10);
            Assert.Contains(seen, happened => happened is PeerDown);
        }
    }

    [Fact]
    public void A_question_is_answered_or_fails_with_one_sentence()
    {
        var cluster = new SimulatedCluster(8);
        var listener = cluster.Start("listener", NodeRole.Scheduler);
        var dialler = cluster.Start("dialler", NodeRole.Worker);
        dialler.Transport.Connect("listener");
        cluster.Run(1);
        listener.Serve(Methods.GetVariable, listener.System.Spawn(
            Props.Create(() => new Answerer(asked =>
            {
                var name = asked.Read<FetchForAttempt>().Name;
                if (name == "known")
                    asked.ReplyWith("value");
                else if (name != "silence")
                    asked.Fail(404, $"There is no variable '{name}'.");
            })),
            "variables"));

        Assert.Equal(new Response(1, "\"value\"", null), Ask("known"));
        Assert.Equal(new Response(2, null, "There is no variable 'other'.", 404), Ask("other"));
        Assert.Equal(new Response(3, null, "Node listener did not answer 'variable' within 2 s.", 504) { Delivery = Delivery.Unknown }, Ask("silence"));
        Assert.Equal(404, Ask("known", Methods.GetXCom).Code);

        var broken = dialler.AskAsync("listener", Methods.GetVariable, Body("silence"), TimeSpan.FromMinutes(1));
        cluster.Run(0.1);
        cluster.Network.Crash("listener");
        Assert.Equal(
            new Response(5, null, "The link to listener broke before it answered 'variable': the process ended.", 503) { Delivery = Delivery.Unknown },
            cluster.Simulation.Await(broken, TimeSpan.FromSeconds(1)));
        Assert.Equal(new Response(6, null, "There is no link to node listener.", 503) { Delivery = Delivery.NotSent }, Ask("known"));

        var own = Ask("", Methods.Actors, "dialler");
        Assert.Contains("/membership", own.Body, StringComparison.Ordinal);

        Response Ask(string name, string method = Methods.GetVariable, string node = "listener") =>
            cluster.Simulation.Await(dialler.AskAsync(node, method, Body(name), TimeSpan.FromSeconds(2)), TimeSpan.FromSeconds(3));

        static string Body(string name) => WireJson.Write(new FetchForAttempt(default, name));
    }

    private static (NodeHost Sender, List<object> Seen) Pair(SimulatedCluster cluster)
    {
        var listener = cluster.Start("listener", NodeRole.Scheduler);
        var dialler = cluster.Start("dialler", NodeRole.Worker);
        var seen = new List<object>();
        listener.Subscribe(listener.System.Spawn(Props.Create(() => new Recorder(seen)), "seen"));
        dialler.Transport.Connect("listener");
        cluster.Run(1);
        return (dialler, seen);
    }

    private static Heartbeat Numbered(int number) => new(number, []);

    private static List<int> Numbers(List<object> seen) =>
        [.. seen.OfType<PeerMessage>().Select(happened => (int)((Heartbeat)happened.Message).Epoch)];
}
