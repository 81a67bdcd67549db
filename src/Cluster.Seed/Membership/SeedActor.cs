using Sluice.Actors;
using Sluice.Cluster.Nodes;
using Sluice.Cluster.Transport;
using Sluice.Cluster.Wire;

namespace Sluice.Cluster.Seed.Membership;

/// <summary>
/// What makes a node a seed: it knows who is linked and the claim with the highest epoch, and tells all of them whenever that changes. It
/// stores nothing: after a restart the nodes come back and say it all again.
/// </summary>
public sealed class SeedActor(NodeHost host) : Actor
{
    // Nodes that come or go together cost one broadcast.
    private static readonly TimeSpan GatherFor = TimeSpan.FromMilliseconds(5);
    private static readonly object BroadcastNow = new();

    private readonly SortedDictionary<string, NodeInfo> _nodes = new(StringComparer.Ordinal);
    private LeaderClaim? _leader;

    protected override ValueTask PreStartAsync()
    {
        host.Subscribe(Context.Self, static happened => happened is not PeerMessage { Message: not (Join or LeaderClaim) });
        return ValueTask.CompletedTask;
    }

    protected override ValueTask ReceiveAsync(object message)
    {
        switch (message)
        {
            case PeerMessage { Message: Join } again when _nodes.GetValueOrDefault(again.Peer.Id) == again.Peer:
                // It repeats itself in case something got lost; so does the answer, to it alone.
                host.Transport.Send(again.Peer.Id, Members());
                break;

            case PeerMessage { Message: Join } join:
                _nodes[join.Peer.Id] = join.Peer; // who the handshake proved it to be, whatever the message says
                Changed();
                break;

            case PeerMessage { Message: LeaderClaim claim } when _leader is null || claim.Epoch > _leader.Epoch:
                _leader = claim;
                Changed();
                break;

            case PeerDown down:
                if (_nodes.Remove(down.Peer.Id))
                    Changed();
                break;

            case GetSeedView:
                Context.Sender?.Tell(new SeedView([host.Self, .. _nodes.Values], _leader));
                break;

            default:
                if (ReferenceEquals(message, BroadcastNow))
                    Broadcast();
                break;
        }

        return ValueTask.CompletedTask;
    }

    protected override string Describe() =>
        $"{_nodes.Count} nodes, leader {(_leader is null ? "unknown" : $"{_leader.NodeId} of epoch {_leader.Epoch}")}";

    private void Changed()
    {
        if (!Context.Timers.IsActive(BroadcastNow))
            Context.Timers.StartSingle(BroadcastNow, GatherFor, BroadcastNow);
    }

    private void Broadcast()
    {
        var members = Members();
        foreach (var node in _nodes.Keys)
            host.Transport.Send(node, members);
    }

    private Members Members() => new([.. _nodes.Values], _leader);
}

/// <summary>To the seed actor; answered with <see cref="SeedView"/>.</summary>
public sealed record GetSeedView;

/// <summary>What a seed knows.</summary>
/// <param name="Nodes">The seed itself first, then by id.</param>
public sealed record SeedView(IReadOnlyList<NodeInfo> Nodes, LeaderClaim? Leader);
