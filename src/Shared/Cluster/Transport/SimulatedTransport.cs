using Sluice.Actors;
using Sluice.Cluster.Wire;

namespace Sluice.Cluster.Transport;

/// <summary>One node of a <see cref="SimulatedNetwork"/>.</summary>
public sealed class SimulatedTransport : ITransport
{
    private readonly SimulatedNetwork _network;
    private readonly SortedSet<string> _wanted = new(StringComparer.Ordinal);
    private Action<PeerEvent>? _handler;
    private bool _stopped;

    internal SimulatedTransport(SimulatedNetwork network, NodeInfo self, SimulationNode node)
    {
        _network = network;
        Self = self;
        Node = node;
    }

    public NodeInfo Self { get; }

    internal SimulationNode Node { get; }

    internal Dictionary<string, SimulatedLink> Links { get; } = [];

    public ValueTask StartAsync(Action<PeerEvent> handler, CancellationToken cancellationToken)
    {
        _handler = handler;
        _network.Join(this);
        foreach (var address in _wanted)
            Dial(address);
        return ValueTask.CompletedTask;
    }

    public void Connect(string address)
    {
        if (_wanted.Add(address) && _handler is not null)
            Dial(address);
    }

    public void Disconnect(string address)
    {
        if (_wanted.Remove(address) && Links.Values.FirstOrDefault(link => link.Other(this).Self.Address == address) is { } link)
            After(TimeSpan.Zero, () => link.Break("the link was closed"));
    }

    public bool Send(string nodeId, Message message)
    {
        if (!Links.TryGetValue(nodeId, out var link))
            return false;
        link.Send(this, message);
        return true;
    }

    public ValueTask DisposeAsync()
    {
        _stopped = true;
        _network.Leave(this);
        return ValueTask.CompletedTask;
    }

    internal void Raise(PeerEvent happened)
    {
        if (!Node.IsCrashed && !_stopped)
            _handler?.Invoke(happened);
    }

    /// <summary>Runs on this node's clock; never after its crash.</summary>
    internal ITimer After(TimeSpan delay, Action what) =>
        Node.Time.CreateTimer(static act => ((Action)act!)(), what, delay, Timeout.InfiniteTimeSpan);

    internal void Redial()
    {
        if (Node.IsCrashed || _stopped)
            return;
        foreach (var address in _wanted)
        {
            if (!IsLinked(address))
                After(_network.Options.RedialAfter, () => Dial(address));
        }
    }

    private bool IsLinked(string address) => Links.Values.Any(link => link.Other(this).Self.Address == address);

    private void Dial(string address) =>
        After(_network.Delay() + _network.Delay(), () =>
        {
            if (_stopped || !_wanted.Contains(address) || IsLinked(address))
                return;
            var listener = _network.Listener(address);
            if (ReferenceEquals(listener, this))
                return;
            if (listener is not null && _network.CanReach(Self.Id, listener.Self.Id) && !Links.ContainsKey(listener.Self.Id))
                new SimulatedLink(_network, this, listener).Open();
            else
                After(_network.Options.RedialAfter, () => Dial(address));
        });
}
