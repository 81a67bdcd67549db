using Sluice.Actors;
using Sluice.Cluster.Transport;
using Sluice.Cluster.Wire;
using Sluice.Core.HumanInput;
using Sluice.Core.TaskInstances;

namespace Sluice.Scheduler.Tests;

/// <summary>A worker node without a worker: the test sees what it is told, and says what it answers.</summary>
internal sealed class PlayedWorker
{
    private readonly SimulatedScheduler _cluster;
    private readonly SimulatedTransport _transport;
    private readonly int _slots;
    private readonly NodeInfo _self;
    private long _epoch;

    public PlayedWorker(string name, int slots, SimulatedScheduler cluster, bool wait)
    {
        (Name, _slots, _cluster) = (name, slots, cluster);
        Simulated = cluster.Simulation.CreateNode(name);
        _self = new(name, NodeRole.Worker, null, name);
        _transport = cluster.Network.CreateTransport(_self, Simulated);
        _transport.StartAsync(Handle, CancellationToken.None).AsTask().GetAwaiter().GetResult();
        if (wait)
        {
            Join();
        }
        else
        {
            Dial();
        }
    }

    public string Name { get; }

    public SimulationNode Simulated { get; }

    /// <summary>What it was given and has not reported, in order.</summary>
    public List<AttemptId> Held { get; } = [];

    /// <summary>Everything that it was ever told.</summary>
    public List<Message> Told { get; } = [];

    /// <summary>Ends everything that it is given at once.</summary>
    public bool Works { get; set; }

    /// <summary>What a task pushes when it ends well.</summary>
    public List<XCom> Pushes { get; } = [];

    /// <summary>What a task says of its outlets when it ends well.</summary>
    public List<Core.Assets.AssetUpdate> Updates { get; } = [];

    /// <summary>What the templates of its attempts come to.</summary>
    public string? Renders { get; set; }

    /// <summary>What its attempts have seen of the rows that they moved.</summary>
    public string? Sees { get; set; }

    /// <summary>Its attempts say that what they had started in a service has ended.</summary>
    public bool Releases { get; set; }

    public bool IsRegistered { get; private set; }

    /// <summary>Links to the present scheduler and registers.</summary>
    public void Join()
    {
        Dial();
        Assert.True(_cluster.RunUntil(() => IsRegistered), $"{Name} was not registered");
        _cluster.RunFor(TimeSpan.FromMilliseconds(50));
    }

    private void Dial()
    {
        IsRegistered = false;
        _transport.Connect(_cluster.Scheduler.Name + ":1");
    }

    /// <summary>Registers again and again, as an impatient worker would, until it is answered.</summary>
    public void JoinWhoeverLeads()
    {
        Dial();
        for (var tries = 0; tries < 500 && !IsRegistered; tries++)
        {
            _cluster.RunFor(TimeSpan.FromMilliseconds(100));
            Register();
        }

        Assert.True(IsRegistered, $"{Name} was not registered");
        _cluster.RunFor(TimeSpan.FromMilliseconds(50));
    }

    public void Register() => Send(new RegisterWorker(_self, _slots, ["default"], [.. Held], []));

    public void Beat() => Send(new Heartbeat(_epoch, [.. Held]));

    /// <summary>Sends heartbeats for a while.</summary>
    public void BeatFor(TimeSpan time)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += TimeSpan.FromSeconds(1))
        {
            Beat();
            _cluster.RunFor(TimeSpan.FromSeconds(1));
        }
    }

    public void End(AttemptId id, OutcomeKind kind = OutcomeKind.Success, string? error = null, TimeSpan? retryAfter = null)
    {
        var at = _cluster.Simulation.Now;
        Held.Remove(id);
        Send(new TaskReports([new(id, new() { Kind = kind, StartedAt = at, EndedAt = at, Error = error, RetryAfter = retryAfter, XComs = kind == OutcomeKind.Success ? [.. Pushes] : null, AssetUpdates = [.. Updates], Rendered = Renders, Evidence = Sees, ReleasedRemoteJob = Releases })]));
        _cluster.RunFor(TimeSpan.FromMilliseconds(50));
    }

    /// <summary>A task asks a person.</summary>
    public void Ask(AttemptId id, HumanQuestion question)
    {
        var at = _cluster.Simulation.Now;
        Held.Remove(id);
        Send(new TaskReports([new(id, new() { Kind = OutcomeKind.Asked, StartedAt = at, EndedAt = at, Question = question })]));
        _cluster.RunFor(TimeSpan.FromMilliseconds(50));
    }

    /// <summary>A sensor gives its slot back.</summary>
    public void Reschedule(AttemptId id, TimeSpan wait)
    {
        var at = _cluster.Simulation.Now;
        Held.Remove(id);
        Send(new TaskReports([new(id, new() { Kind = OutcomeKind.Rescheduled, StartedAt = at, EndedAt = at, ResumeAt = at + wait })]));
        _cluster.RunFor(TimeSpan.FromMilliseconds(50));
    }

    /// <summary>Lets time pass while it does whatever it is given.</summary>
    public void WorkFor(TimeSpan time)
    {
        Works = true;
        foreach (var id in Held.ToList())
        {
            End(id);
        }

        BeatFor(time);
        Works = false;
    }

    private void Send(Message message) => _transport.Send(_cluster.Scheduler.Name, message);

    private void Handle(PeerEvent happened)
    {
        switch (happened)
        {
            case PeerUp up when up.Peer.Id == _cluster.Scheduler.Name:
                Register();
                break;
            case PeerMessage { Message: var message }:
                Told.Add(message);
                On(message);
                break;
        }
    }

    private void On(Message message)
    {
        switch (message)
        {
            case WorkerRegistered registered:
                (_epoch, IsRegistered) = (registered.Epoch, true);
                registered.Unknown.ToList().ForEach(id => Held.Remove(id));
                break;
            case RunTasks run:
                _epoch = run.Epoch;
                var at = _cluster.Simulation.Now;
                foreach (var task in run.Tasks.Where(task => !Held.Contains(task.Id)))
                {
                    if (Works)
                    {
                        Send(new TaskReports([new(task.Id, SimulatedScheduler.Success(at, [.. Pushes]) with { AssetUpdates = [.. Updates], Rendered = Renders, Evidence = Sees })]));
                    }
                    else
                    {
                        Held.Add(task.Id);
                    }
                }

                break;
        }
    }
}
