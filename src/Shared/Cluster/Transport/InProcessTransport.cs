using System.Collections.Concurrent;
using System.Threading.Channels;
using Sluice.Cluster.Wire;

namespace Sluice.Cluster.Transport;

/// <summary>One node of an <see cref="InProcessNetwork"/>.</summary>
public sealed class InProcessTransport : ITransport
{
    private readonly InProcessNetwork _network;
    private readonly Channel<PeerEvent> _events = Channel.CreateUnbounded<PeerEvent>(new UnboundedChannelOptions { SingleReader = true });
    private Task _delivery = Task.CompletedTask;

    internal InProcessTransport(InProcessNetwork network, NodeInfo self)
    {
        _network = network;
        Self = self;
    }

    public NodeInfo Self { get; }

    internal HashSet<string> Wanted { get; } = [];

    internal ConcurrentDictionary<string, InProcessTransport> Links { get; } = new();

    public ValueTask StartAsync(Action<PeerEvent> handler, CancellationToken cancellationToken)
    {
        _delivery = Task.Run(() => DeliverAsync(handler), CancellationToken.None);
        _network.Join(this);
        return ValueTask.CompletedTask;
    }

    public void Connect(string address)
    {
        lock (_network.Gate)
        {
            if (Wanted.Add(address))
                _network.Link(this);
        }
    }

    public void Disconnect(string address)
    {
        lock (_network.Gate)
        {
            if (Wanted.Remove(address))
                _network.Unlink(this, address);
        }
    }

    public bool Send(string nodeId, Message message) =>
        Links.TryGetValue(nodeId, out var other) && other._events.Writer.TryWrite(new PeerMessage(Self, message));

    public async ValueTask DisposeAsync()
    {
        _network.Leave(this);
        _events.Writer.TryComplete();
        await _delivery;
    }

    internal void Raise(PeerEvent happened) => _events.Writer.TryWrite(happened);

    private async Task DeliverAsync(Action<PeerEvent> handler)
    {
        await foreach (var happened in _events.Reader.ReadAllAsync())
            handler(happened);
    }
}
