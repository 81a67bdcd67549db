using FsCheck;
using FsCheck.Fluent;

namespace Sluice.Actors.Tests.Simulation;

public sealed class SimulationTests
{
    [Fact]
    public void The_same_seed_gives_the_same_trace_and_other_seeds_give_others()
    {
        var traces = Enumerable.Range(0, 20).Select(Trace).ToList();

        Assert.Equal(traces, Enumerable.Range(0, 20).Select(Trace).ToList());
        Assert.True(traces.Distinct().Count() > 15);
    }

    [Fact]
    public void The_order_of_one_sender_to_one_actor_holds_under_every_seed()
    {
        Check.One(Properties.Of(), Prop.ForAll<int>(seed =>
        {
            var simulation = new SimulationDispatcher(seed);
            var system = Probe.System(simulation);
            var seen = new List<(int, int)>();
            var sink = system.Spawn(Probe.Of((_, message) => seen.Add(((int, int))message)), "sink");
            for (var sender = 0; sender < 3; sender++)
            {
                var mine = sender;
                var actor = system.Spawn(Probe.Of((_, message) => sink.Tell((mine, (int)message))), $"sender-{mine}");
                for (var number = 0; number < 5; number++)
                    actor.Tell(number);
            }

            simulation.RunUntilIdle();

            foreach (var sender in seen.GroupBy(message => message.Item1))
                Assert.Equal([0, 1, 2, 3, 4], sender.Select(message => message.Item2));
            Assert.Equal(15, seen.Count);
        }));
    }

    [Fact]
    public void Virtual_time_moves_only_when_nothing_is_left_to_do()
    {
        var simulation = new SimulationDispatcher(1);
        var begin = simulation.Now;
        simulation.RunUntilIdle();
        Assert.Equal(begin, simulation.Now);

        simulation.RunFor(TimeSpan.FromDays(3));
        Assert.Equal(begin.AddDays(3), simulation.Now);
        Assert.False(simulation.RunUntil(() => false, TimeSpan.FromDays(1)));
    }

    [Fact]
    public void A_crashed_node_takes_no_further_step_and_the_others_go_on()
    {
        var simulation = new SimulationDispatcher(1);
        var ticks = new Dictionary<string, int> { ["a"] = 0, ["b"] = 0 };
        var nodes = ticks.Keys.Select(simulation.CreateNode).ToList();
        foreach (var node in nodes)
        {
            var system = new ActorSystem(node.Name, node, node.Time, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance);
            system.Spawn(
                Probe.Of((_, _) => ticks[node.Name]++, context => context.Timers.StartPeriodic("t", TimeSpan.FromSeconds(1), "tick")), "ticker");
        }

        simulation.RunFor(TimeSpan.FromSeconds(5.5));
        nodes[0].Crash();
        simulation.RunFor(TimeSpan.FromSeconds(5));

        Assert.Equal(5, ticks["a"]);
        Assert.Equal(10, ticks["b"]);
    }

    [Fact]
    public void An_endless_exchange_of_messages_is_found()
    {
        var simulation = new SimulationDispatcher(1);
        var system = Probe.System(simulation);
        var steps = 0;
        var actor = system.Spawn(Probe.Of((context, _) =>
        {
            if (++steps < 1000)
                context.Self.Tell("again");
        }), "busy");
        actor.Tell("go");

        Assert.True(simulation.RunUntil(() => steps == 500, TimeSpan.Zero));
        simulation.RunUntilIdle();
        Assert.Equal(1000, steps);
    }

    private static string Trace(int seed)
    {
        var lines = new List<string>();
        var simulation = new SimulationDispatcher(seed) { OnStep = (at, what) => lines.Add($"{at:O} {what}") };
        var system = Probe.System(simulation);
        var sink = system.Spawn(
            Probe.OfAsync(async (context, _) => await Task.Delay(TimeSpan.FromMilliseconds(3), context.Time)), "sink");
        for (var index = 0; index < 4; index++)
        {
            var left = 5;
            system.Spawn(
                Probe.OfAsync(async (context, message) =>
                {
                    await Task.Yield();
                    sink.Tell(message);
                    if (--left > 0)
                        context.Self.Tell(message);
                    else
                        throw new FormatException("enough");
                }),
                $"actor-{index}").Tell("go");
        }

        simulation.RunFor(TimeSpan.FromSeconds(10));
        return string.Join('\n', lines) + simulation.Fingerprint;
    }
}
