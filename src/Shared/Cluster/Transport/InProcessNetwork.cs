namespace Sluice.Cluster.Transport;

/// <summary>Nodes of one process: links that never break, messages handed over as they are.</summary>
public sealed class InProcessNetwork
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, InProcessTransport> _listeners = [];
    private readonly Dictionary<string, InProcessTransport> _nodes = [];

    /// <param name="self">Its address is any unique text; others connect to it by that.</param>
    public InProcessTransport CreateTransport(Wire.NodeInfo self) => new(this, self);

    internal Lock Gate => _gate;

    internal void Join(InProcessTransport node)
    {
        lock (_gate)
        {
            if (!_nodes.TryAdd(node.Self.Id, node))
                throw new InvalidOperationException($"A node with the id {node.Self.Id} is in this process already.");
            if (node.Self.Address is { } address && !_listeners.TryAdd(address, node))
                throw new InvalidOperationException($"Another node of this process listens on {address} already.");
            foreach (var other in _nodes.Values)
                Link(other);
        }
    }

    /// <summary>Makes the links that a node wants and that are possible.</summary>
    internal void Link(InProcessTransport node)
    {
        lock (_gate)
        {
            if (!_nodes.ContainsKey(node.Self.Id))
                return;
            foreach (var address in node.Wanted)
            {
                if (!_listeners.TryGetValue(address, out var listener) || ReferenceEquals(listener, node) || !node.Links.TryAdd(listener.Self.Id, listener))
                    continue;
                listener.Links[node.Self.Id] = node;
                listener.Raise(new PeerUp(node.Self));
                node.Raise(new PeerUp(listener.Self));
            }
        }
    }

    internal void Unlink(InProcessTransport node, string address)
    {
        lock (_gate)
        {
            if (_listeners.TryGetValue(address, out var listener))
                Break(node, listener, "the link was closed");
        }
    }

    internal void Leave(InProcessTransport node)
    {
        lock (_gate)
        {
            if (!_nodes.Remove(node.Self.Id))
                return;
            if (node.Self.Address is { } address)
                _listeners.Remove(address);
            foreach (var other in node.Links.Values.ToList())
                Break(node, other, "the node stopped");
        }
    }

    private static void Break(InProcessTransport one, InProcessTransport other, string reason)
    {
        if (!one.Links.TryRemove(other.Self.Id, out _))
            return;
        other.Links.TryRemove(one.Self.Id, out _);
        one.Raise(new PeerDown(other.Self, reason));
        other.Raise(new PeerDown(one.Self, reason));
    }
}
