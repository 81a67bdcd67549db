using System.Globalization;
using Sluice.Actors;
using Sluice.Cluster.Transport;
using Sluice.Cluster.Wire;

namespace Sluice.Cluster.Worker.Workers;

/// <summary>How the worker stands with its leader: which one, under which epoch, and when it was last surely alive.</summary>
/// <remarks>Fencing counts from when a heartbeat was <em>sent</em> that the leader answered: however slow the network is, the leader, which
/// counts from when it heard that heartbeat, waits longer than the worker.</remarks>
internal sealed class LeaderLink(ITransport transport, ActorContext context)
{
    private static readonly TimeSpan RegisterPatience = TimeSpan.FromSeconds(2);
    private const int HeartbeatsForgiven = 3;

    private LeaderClaim? _claim;
    private long _epoch;
    private TimeSpan _heartbeatEvery;
    private TimeSpan _fenceAfter;
    private long _registerSentAt;
    private long _aliveAt;
    private long _answeredAt;

    public bool IsRegistered { get; private set; }

    /// <summary>False when several heartbeats in a row went unanswered: the leader may have forgotten this worker.</summary>
    public bool AnswersHeartbeats => IsRegistered && context.Time.GetElapsedTime(_answeredAt) < _heartbeatEvery * HeartbeatsForgiven;

    public bool Is(string node) => _claim?.NodeId == node;

    /// <summary>True for messages of the highest epoch that was heard; a deposed leader is ignored.</summary>
    public bool Accepts(long epoch)
    {
        if (epoch < _epoch)
        {
            return false;
        }

        _epoch = epoch;
        return true;
    }

    /// <summary>Turns to a leader; false when the claim is old or known.</summary>
    public bool Follow(LeaderClaim claim)
    {
        if (claim == _claim || claim.Epoch < _epoch)
        {
            return false;
        }

        if (_claim is { } old && old.Address != claim.Address)
        {
            transport.Disconnect(old.Address);
        }

        _claim = claim;
        _registerSentAt = 0;
        IsRegistered = false;
        transport.Connect(claim.Address);
        return true;
    }

    /// <summary>The link broke. What was promised holds until the fence.</summary>
    public void Lost()
    {
        IsRegistered = false;
        _registerSentAt = 0;
    }

    /// <summary>After a failure of the actor: its timers are gone, and with them maybe a message; what was promised holds.</summary>
    /// <returns>The silence, when it has lasted too long meanwhile.</returns>
    public TimeSpan? Resume()
    {
        Lost();
        return _aliveAt == 0 ? null : IsFenced();
    }

    public void Register(RegisterWorker message)
    {
        if (_claim is null)
        {
            return;
        }

        IsRegistered = false;
        if (transport.Send(_claim.NodeId, message) && _registerSentAt == 0)
        {
            _registerSentAt = context.Time.GetTimestamp();
        }

        context.Timers.StartSingle(RegisterAgain.Instance, RegisterPatience, RegisterAgain.Instance);
    }

    public void Registered(WorkerRegistered registered)
    {
        (_heartbeatEvery, _fenceAfter) = (registered.HeartbeatEvery, registered.FenceAfter);
        IsRegistered = true;
        _answeredAt = context.Time.GetTimestamp();
        Alive(_registerSentAt == 0 ? _answeredAt : _registerSentAt);
        _registerSentAt = 0;
        context.Timers.Cancel(RegisterAgain.Instance);
        context.Timers.StartPeriodic(HeartbeatDue.Instance, _heartbeatEvery, HeartbeatDue.Instance);
    }

    public void HeardHeartbeat(Heartbeat beat)
    {
        _answeredAt = context.Time.GetTimestamp();
        Alive(beat.Stamp == 0 ? _answeredAt : beat.Stamp);
    }

    public void SendHeartbeat(IReadOnlyList<Core.TaskInstances.AttemptId> known) =>
        transport.Send(_claim!.NodeId, new Heartbeat(_epoch, known, context.Time.GetTimestamp()));

    /// <summary>Sends to the leader that this worker is registered with; what it cannot send now is lost here.</summary>
    public void Send(Message message)
    {
        if (IsRegistered)
        {
            transport.Send(_claim!.NodeId, message);
        }
    }

    /// <summary>The silence, when it has lasted too long; otherwise looks again later.</summary>
    public TimeSpan? IsFenced()
    {
        var silence = context.Time.GetElapsedTime(_aliveAt);
        if (silence >= _fenceAfter)
        {
            return silence;
        }

        context.Timers.StartSingle(FenceDue.Instance, _fenceAfter - silence, FenceDue.Instance);
        return null;
    }

    public string Describe() => _claim is null
        ? "no leader"
        : string.Create(CultureInfo.InvariantCulture, $"{(IsRegistered ? "registered with" : "looking for")} {_claim.NodeId} of epoch {_claim.Epoch}");

    private void Alive(long at)
    {
        _aliveAt = Math.Max(_aliveAt, at);
        if (!context.Timers.IsActive(FenceDue.Instance))
        {
            IsFenced();
        }
    }

    internal sealed record RegisterAgain
    {
        public static RegisterAgain Instance { get; } = new();
    }

    internal sealed record HeartbeatDue
    {
        public static HeartbeatDue Instance { get; } = new();
    }

    internal sealed record FenceDue
    {
        public static FenceDue Instance { get; } = new();
    }
}
