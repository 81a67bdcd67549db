using System.Collections.Concurrent;
using Sluice.Cluster.Transport;
using Sluice.Cluster.Wire;

namespace Sluice.Cluster.Tests.Transport;

public sealed class InProcessNetworkTests
{
    [Fact]
    public async Task Nodes_link_in_any_order_of_starting_and_hand_over_messages_as_they_are()
    {
        var network = new InProcessNetwork();
        await using var worker = network.CreateTransport(new NodeInfo("worker", NodeRole.Worker, null, "worker"));
        var atWorker = new ConcurrentQueue<PeerEvent>();
        await worker.StartAsync(atWorker.Enqueue, CancellationToken.None);
        worker.Connect("leader:1");
        Assert.False(worker.Send("leader", new Heartbeat(1, [])));

        var atLeader = new ConcurrentQueue<PeerEvent>();
        var leader = network.CreateTransport(new NodeInfo("leader", NodeRole.Scheduler, "leader:1", "leader"));
        await leader.StartAsync(atLeader.Enqueue, CancellationToken.None);
        await Until.True(() => atWorker.Count == 1 && atLeader.Count == 1, "linked");
        var sent = Enumerable.Range(0, 1000).Select(number => new Heartbeat(number, [])).ToList();
        foreach (var message in sent)
            Assert.True(worker.Send("leader", message));
        await Until.True(() => atLeader.Count == 1001, "arrived");

        Assert.Equal(sent, atLeader.OfType<PeerMessage>().Select(happened => happened.Message), ReferenceEqualityComparer.Instance);
        worker.Disconnect("leader:1");
        await Until.True(() => atLeader.Last() is PeerDown && atWorker.Last() is PeerDown, "down");
        worker.Connect("leader:1");
        await leader.DisposeAsync();
        await Until.True(() => atWorker.Count == 4, "up and down again");
        Assert.Equal("the node stopped", Assert.IsType<PeerDown>(atWorker.Last()).Reason);
    }
}
