using Sluice.Actors;
using Sluice.Cluster.Wire;

namespace Sluice.Cluster.Transport;

/// <summary>A network inside a simulation, as bad as its options and as the test says. Nodes are named by their ids.</summary>
public sealed class SimulatedNetwork
{
    private readonly SimulationDispatcher _simulation;
    private readonly Dictionary<string, SimulatedTransport> _nodes = [];
    private readonly HashSet<(string, string)> _partitions = [];
    private readonly List<SimulatedLink> _links = [];

    public SimulatedNetwork(SimulationDispatcher simulation, SimulatedNetworkOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(simulation);
        _simulation = simulation;
        Options = options ?? new SimulatedNetworkOptions();
    }

    /// <summary>May be replaced at any time, to let the weather change.</summary>
    public SimulatedNetworkOptions Options { get; set; }

    /// <summary>Messages that arrived.</summary>
    public long Delivered { get; internal set; }

    /// <summary>Messages that got lost.</summary>
    public long Lost { get; internal set; }

    /// <param name="self">Listens when it has an address.</param>
    /// <param name="node">Where its handler runs; nothing is delivered after its crash.</param>
    public SimulatedTransport CreateTransport(NodeInfo self, SimulationNode node) => new(this, self, node);

    /// <summary>No message passes between the two until <see cref="Heal"/>. Both hear of it after <see cref="SimulatedNetworkOptions.DetectAfter"/>.</summary>
    public void Partition(string one, string other)
    {
        if (!_partitions.Add(Pair(one, other)))
            return;
        foreach (var link in _links.Where(link => link.Joins(one, other)).ToList())
            link.Block();
    }

    /// <summary>Ends a partition. A link that did not notice goes on where it was, as TCP does.</summary>
    public void Heal(string one, string other)
    {
        if (!_partitions.Remove(Pair(one, other)))
            return;
        foreach (var link in _links.Where(link => link.Joins(one, other)).ToList())
            link.Unblock();
    }

    /// <summary>Ends every partition.</summary>
    public void HealAll()
    {
        foreach (var (one, other) in _partitions.ToList())
            Heal(one, other);
    }

    /// <summary>Cuts a node off from all others that are there now.</summary>
    public void Isolate(string node)
    {
        foreach (var other in _nodes.Keys.Where(other => other != node).ToList())
            Partition(node, other);
    }

    /// <summary>Breaks the links between two nodes once; who dialled dials again.</summary>
    public void Break(string one, string other)
    {
        foreach (var link in _links.Where(link => link.Joins(one, other)).ToList())
            link.Break("the link broke");
    }

    /// <summary>Ends a node at once.</summary>
    /// <param name="silently">True: the machine is gone and others notice late. False: its process is gone and they notice at once.</param>
    public void Crash(string node, bool silently = false)
    {
        if (!_nodes.Remove(node, out var transport))
            return;
        transport.Node.Crash();
        foreach (var link in _links.Where(link => link.Touches(node)).ToList())
        {
            if (silently)
                link.Block();
            else
                link.Break("the process ended");
        }
    }

    internal SimulatedTransport? Listener(string address) => _nodes.Values.FirstOrDefault(node => node.Self.Address == address);

    internal bool CanReach(string one, string other) => !_partitions.Contains(Pair(one, other));

    internal void Join(SimulatedTransport node)
    {
        if (!_nodes.TryAdd(node.Self.Id, node))
            throw new InvalidOperationException($"A node with the id {node.Self.Id} is in this network already.");
    }

    internal void Leave(SimulatedTransport node)
    {
        _nodes.Remove(node.Self.Id);
        foreach (var link in _links.Where(link => link.Touches(node.Self.Id)).ToList())
            link.Break("the node stopped");
    }

    internal void Add(SimulatedLink link) => _links.Add(link);

    internal void Remove(SimulatedLink link) => _links.Remove(link);

    internal ITimer After(TimeSpan delay, Action what) =>
        _simulation.Time.CreateTimer(static act => ((Action)act!)(), what, delay, Timeout.InfiniteTimeSpan);

    internal TimeSpan Delay()
    {
        var span = Math.Max(1, (int)(Options.MaxDelay - Options.MinDelay).TotalMicroseconds);
        return Options.MinDelay + TimeSpan.FromMicroseconds(_simulation.NextRandom(span));
    }

    internal bool Chance(double rate) => rate > 0 && _simulation.NextRandom(1_000_000) < rate * 1_000_000;

    private static (string, string) Pair(string one, string other) => string.CompareOrdinal(one, other) < 0 ? (one, other) : (other, one);
}
