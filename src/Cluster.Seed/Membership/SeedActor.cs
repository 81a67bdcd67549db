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
    private NodeInfo? _leaderNode;
    private DateTimeOffset _startedAt;
    private DateTimeOffset _leaderHeardAt;

    protected override ValueTask PreStartAsync()
    {
        _startedAt = Context.Time.GetUtcNow();
        host.Subscribe(Context.Self, static happened => happened is not PeerMessage { Message: not (Join or LeaderClaim) });
        return ValueTask.CompletedTask;
    }

    protected override ValueTask ReceiveAsync(object message)
    {
        // Its end is news of it, too: from then on it is silent.
        if (message is PeerEvent happened && happened.Peer.Id == _leader?.NodeId)
            (_leaderNode, _leaderHeardAt) = (happened.Peer, Context.Time.GetUtcNow());

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

            case PeerMessage { Message: LeaderClaim claim } claimed when _leader is null || claim.Epoch > _leader.Epoch:
                (_leader, _leaderNode, _leaderHeardAt) = (claim, claimed.Peer, Context.Time.GetUtcNow());
                Changed();
                break;

            case PeerDown down:
                if (_nodes.Remove(down.Peer.Id))
                    Changed();
                break;

            case GetSeedView:
                Context.Sender?.Tell(new SeedView([host.Self, .. _nodes.Values], _leader, _leaderNode, _leader is null ? _startedAt : _leaderHeardAt));
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
/// <param name="Leader">The claim with the highest epoch that was ever heard.</param>
/// <param name="LeaderNode">Who made that claim.</param>
/// <param name="HeardAt">When the leader was last heard, or its link broke; without a leader, since when this seed listens. UTC.</param>
public sealed record SeedView(IReadOnlyList<NodeInfo> Nodes, LeaderClaim? Leader, NodeInfo? LeaderNode, DateTimeOffset HeardAt);
