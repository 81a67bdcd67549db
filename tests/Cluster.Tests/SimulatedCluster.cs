using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Actors;
using Sluice.Cluster.Membership;
using Sluice.Cluster.Nodes;
using Sluice.Cluster.Seed.Membership;
using Sluice.Cluster.Transport;
using Sluice.Cluster.Wire;

namespace Sluice.Cluster.Tests;

/// <summary>Nodes of a simulation. A node's id is its address too.</summary>
internal sealed class SimulatedCluster
{
    public SimulatedCluster(int seed, SimulatedNetworkOptions? options = null)
    {
        Simulation = new SimulationDispatcher(seed);
        Network = new SimulatedNetwork(Simulation, options);
    }

    public SimulationDispatcher Simulation { get; }

    public SimulatedNetwork Network { get; }

    public NodeHost Start(string id, NodeRole role, params string[] seeds)
    {
        var node = Simulation.CreateNode(id);
        var system = new ActorSystem(id, node, node.Time, NullLoggerFactory.Instance);
        var host = new NodeHost(system, Network.CreateTransport(new NodeInfo(id, role, id, id), node), seeds, NullLoggerFactory.Instance);
        if (role == NodeRole.Seed)
            system.Spawn(Props.Create(() => new SeedActor(host)), "seed");
        host.StartAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
        return host;
    }

    public MembershipView View(NodeHost host) =>
        Simulation.Await(host.Membership.AskAsync<MembershipView>(new GetMembership(), TimeSpan.FromSeconds(1)), TimeSpan.FromSeconds(1));

    public void Run(double seconds) => Simulation.RunFor(TimeSpan.FromSeconds(seconds));
}

/// <summary>An actor that keeps what it is told.</summary>
internal sealed class Recorder(List<object> seen) : Actor
{
    protected override ValueTask ReceiveAsync(object message)
    {
        lock (seen)
            seen.Add(message);
        return ValueTask.CompletedTask;
    }
}

/// <summary>Answers every question by its body, or as a function says.</summary>
internal sealed class Answerer(Action<IncomingRequest> answer) : Actor
{
    protected override ValueTask ReceiveAsync(object message)
    {
        answer((IncomingRequest)message);
        return ValueTask.CompletedTask;
    }
}
