using Sluice.Cluster.Wire;

namespace Sluice.Cluster.Transport;

/// <summary>One link of a <see cref="SimulatedNetwork"/>: two directions, each with what is on its way.</summary>
internal sealed class SimulatedLink
{
    private readonly SimulatedNetwork _network;
    private readonly SimulatedTransport _dialler;
    private readonly SimulatedTransport _listener;
    private readonly LinkedList<Message> _toListener = new();
    private readonly LinkedList<Message> _toDialler = new();
    private readonly List<(SimulatedTransport To, Message Message)> _blockedOnArrival = [];
    private ITimer? _detection;
    private bool _blocked;
    private bool _broken;

    public SimulatedLink(SimulatedNetwork network, SimulatedTransport dialler, SimulatedTransport listener)
    {
        _network = network;
        _dialler = dialler;
        _listener = listener;
    }

    public bool Touches(string node) => _dialler.Self.Id == node || _listener.Self.Id == node;

    public bool Joins(string one, string other) => Touches(one) && Touches(other);

    public SimulatedTransport Other(SimulatedTransport end) => ReferenceEquals(end, _dialler) ? _listener : _dialler;

    public void Open()
    {
        _network.Add(this);
        _dialler.Links[_listener.Self.Id] = this;
        _listener.Links[_dialler.Self.Id] = this;
        _listener.Raise(new PeerUp(_dialler.Self));
        _dialler.Raise(new PeerUp(_listener.Self));
    }

    public void Send(SimulatedTransport from, Message message)
    {
        var to = Other(from);
        if (_network.Chance(_network.Options.BreakRate))
        {
            // The sender is in the middle of a handler; it hears of the break afterwards.
            _network.Lost++;
            from.After(TimeSpan.Zero, () => Break("the link broke"));
            return;
        }

        if (_network.Chance(_network.Options.DropRate))
        {
            _network.Lost++;
            return;
        }

        Travel(to, message);
        if (_network.Chance(_network.Options.DuplicateRate))
            Travel(to, message);
    }

    /// <summary>Nothing passes; after a while both ends take the link for dead.</summary>
    public void Block()
    {
        if (_blocked || _broken)
            return;
        _blocked = true;
        _detection = _network.After(_network.Options.DetectAfter, () => Break("it was silent for too long"));
    }

    public void Unblock()
    {
        _blocked = false;
        _detection?.Dispose();
        var arrived = _blockedOnArrival.ToList();
        _blockedOnArrival.Clear();
        arrived.Reverse();
        foreach (var (to, message) in arrived)
        {
            LineTo(to).AddFirst(message); // older than what is still on its way
            to.After(TimeSpan.Zero, () => ArriveNext(to));
        }
    }

    public void Break(string reason)
    {
        if (_broken)
            return;
        _broken = true;
        _detection?.Dispose();
        _network.Lost += _toListener.Count + _toDialler.Count + _blockedOnArrival.Count;
        _network.Remove(this);
        Close(_dialler, _listener, reason);
        Close(_listener, _dialler, reason);
        _dialler.Redial();
    }

    private void Close(SimulatedTransport end, SimulatedTransport other, string reason)
    {
        if (!end.Links.TryGetValue(other.Self.Id, out var current) || !ReferenceEquals(current, this))
            return;
        end.Links.Remove(other.Self.Id);
        end.Raise(new PeerDown(other.Self, reason));
    }

    private void Travel(SimulatedTransport to, Message message)
    {
        var copy = _network.Options.Serialize ? Frames.Copy(message) : message;
        if (_network.Options.ReorderWithinLink)
        {
            to.After(_network.Delay(), () => Arrive(to, copy));
            return;
        }

        // One arrival takes the oldest, whichever of the timers fires first: the order of the link holds.
        LineTo(to).AddLast(copy);
        to.After(_network.Delay(), () => ArriveNext(to));
    }

    private LinkedList<Message> LineTo(SimulatedTransport to) => ReferenceEquals(to, _listener) ? _toListener : _toDialler;

    private void ArriveNext(SimulatedTransport to)
    {
        var line = LineTo(to);
        if (line.First is not { } oldest)
            return;
        line.RemoveFirst();
        Arrive(to, oldest.Value);
    }

    private void Arrive(SimulatedTransport to, Message message)
    {
        if (_broken)
            return;
        if (_blocked)
            _blockedOnArrival.Add((to, message));
        else
            Hand(to, message);
    }

    private void Hand(SimulatedTransport to, Message message)
    {
        _network.Delivered++;
        to.Raise(new PeerMessage(Other(to).Self, message));
    }
}
