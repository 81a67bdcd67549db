using Sluice.Actors;
using Sluice.Cluster.Nodes;
using Sluice.Cluster.Transport;
using Sluice.Cluster.Wire;

namespace Sluice.Cluster.Membership;

/// <summary>Keeps links to all the seeds, joins on each, and knows who is there and who leads. Its rules are <see cref="ClusterView"/>.</summary>
internal sealed class MembershipActor(NodeHost host, IReadOnlyList<string> seeds) : Actor
{
    // Delivery is at most once: what got lost is said again.
    private static readonly TimeSpan RepeatEvery = TimeSpan.FromSeconds(5);

    private ClusterView _view = new(host.Self);
    private LeaderClaim? _own;

    protected override ValueTask PreStartAsync()
    {
        host.Subscribe(Context.Self, static happened => happened.Peer.Role == NodeRole.Seed && happened is not PeerMessage { Message: not Members });
        foreach (var seed in seeds)
            host.Transport.Connect(seed);
        if (seeds.Count > 0)
            Context.Timers.StartPeriodic(Repeat.Instance, RepeatEvery, Repeat.Instance);
        return ValueTask.CompletedTask;
    }

    protected override ValueTask ReceiveAsync(object message)
    {
        switch (message)
        {
            case Repeat:
                foreach (var seed in _view.Seeds.Keys)
                    Introduce(seed);
                break;

            case PeerUp up:
                Introduce(up.Peer.Id);
                Show(_view.SeedUp(up.Peer));
                break;

            case PeerDown down:
                Show(_view.SeedDown(down.Peer));
                break;

            case PeerMessage { Message: Members members } heard:
                Show(_view.Heard(heard.Peer, members));
                break;

            case ClaimLeadership claim:
                _own = claim.Claim;
                foreach (var seed in _view.Seeds.Keys)
                    host.Transport.Send(seed, _own);
                Show(_view.Hear(_own));
                break;

            case WithdrawLeadership:
                _own = null;
                break;

            case GetMembership:
                Context.Sender?.Tell(new MembershipView(_view.Nodes, _view.Leader, [.. _view.Seeds.Values.Select(seed => seed.Seed)]));
                break;
        }

        return ValueTask.CompletedTask;
    }

    protected override string Describe() =>
        $"{_view.Seeds.Count} of {seeds.Count} seeds, leader {(_view.Leader is { } leader ? $"{leader.NodeId} of epoch {leader.Epoch}" : "unknown")}";

    private void Introduce(string seed)
    {
        host.Transport.Send(seed, new Join(host.Self));
        if (_own is not null)
            host.Transport.Send(seed, _own);
    }

    private void Show(ClusterView next)
    {
        var (before, nodes) = (_view, next.Nodes);
        _view = next;
        if (!before.Nodes.SequenceEqual(nodes))
            Context.System.Events.Publish(new MembersChanged(nodes));
        if (before.Leader != next.Leader)
            Context.System.Events.Publish(new LeaderChanged(next.Leader));
    }

    private sealed record Repeat
    {
        public static Repeat Instance { get; } = new();
    }
}
