using Sluice.Cluster.Wire;

namespace Sluice.Cluster.Transport;

/// <summary>Carries messages between nodes, at most once, in order per link. Implemented over WebSockets, inside one process, and simulated.</summary>
public interface ITransport : IAsyncDisposable
{
    /// <summary>This node.</summary>
    NodeInfo Self { get; }

    /// <summary>Begins to deliver. The handler is called one event at a time and must not block.</summary>
    ValueTask StartAsync(Action<PeerEvent> handler, CancellationToken cancellationToken);

    /// <summary>Keeps a link to an address, dialling again with backoff until <see cref="Disconnect"/>. Calling it again has no effect.</summary>
    void Connect(string address);

    /// <summary>Drops the link and stops dialling.</summary>
    void Disconnect(string address);

    /// <summary>Sends to a linked node. Never blocks: a link gathers what is queued into few frames.</summary>
    /// <returns>False when there is no link at present; the message is gone.</returns>
    bool Send(string nodeId, Message message);
}

/// <summary>What a transport tells its node.</summary>
public abstract record PeerEvent(NodeInfo Peer);

/// <summary>A link came up: both sides proved that they know the cluster's secret.</summary>
public sealed record PeerUp(NodeInfo Peer) : PeerEvent(Peer);

/// <summary>The link broke, with the reason for people.</summary>
public sealed record PeerDown(NodeInfo Peer, string Reason) : PeerEvent(Peer);

/// <summary>A message arrived.</summary>
public sealed record PeerMessage(NodeInfo Peer, Message Message) : PeerEvent(Peer);
