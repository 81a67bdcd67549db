using System.Globalization;
using Microsoft.Extensions.Logging;
using Sluice.Actors;
using Sluice.Cluster.Membership;
using Sluice.Cluster.Nodes;
using Sluice.Cluster.Transport;
using Sluice.Cluster.Wire;
using Sluice.Cluster.Worker.Attempts;
using Sluice.Cluster.Worker.Leaders;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Cluster.Worker.Workers;

/// <summary>Owns what one worker runs: takes attempts from the leader, gives them slots, and keeps their ends until they are durable.</summary>
/// <remarks>Its half of design.md, 6. Time only through its context, attempts only through the executor, so that it runs in the simulation unchanged.</remarks>
internal sealed partial class WorkerActor(WorkerOffer offer, NodeHost host, LeaderRequests requests, IAttemptExecutor executor) : Actor
{
    private static readonly TimeSpan RepeatReportsAfter = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan HandBackAfter = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LastReportsWithin = TimeSpan.FromSeconds(5);

    private readonly Dictionary<AttemptId, Held> _held = [];
    private readonly Dictionary<string, DagSpec> _dags = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<Held>> _awaitingDag = new(StringComparer.Ordinal);
    private readonly Queue<Held> _waiting = new();
    private DateTimeOffset _slotGivenAt;
    private readonly Stack<ActorRef> _freeSlots = new();
    private List<AttemptId> _accepted = [];
    private LeaderLink _leader = null!;
    private Reports _reports = null!;
    private ActorRef? _drainer;
    private bool _isDraining;
    private bool _flushIsDue;

    protected override ValueTask PreStartAsync()
    {
        _reports = new(Context.Time);
        _leader = new(host.Transport, Context);
        for (var slot = offer.Slots; slot >= 1; slot--)
        {
            _freeSlots.Push(Context.Spawn(Props.Create(() => new SlotActor(executor)), string.Create(CultureInfo.InvariantCulture, $"slot-{slot}")));
        }

        Context.Timers.StartPeriodic("repeat", RepeatReportsAfter / 2, RepeatReports.Instance);
        Context.System.Events.Subscribe<LeaderChanged>(Context.Self);
        host.Subscribe(Context.Self, static happened => happened.Peer.Role == NodeRole.Scheduler);
        host.Membership.Tell(new GetMembership(), Context.Self);
        return ValueTask.CompletedTask;
    }

    protected override ValueTask ReceiveAsync(object message)
    {
        switch (message)
        {
            case AttemptEnded ended:
                OnEnded(ended);
                break;
            case Flush:
                OnFlush();
                break;
            case PeerMessage { Message: var wire } peer:
                OnWire(peer.Peer.Id, wire);
                break;
            case PeerUp up when _leader.Is(up.Peer.Id):
                requests.Follow(up.Peer.Id);
                Register();
                break;
            case PeerDown down when _leader.Is(down.Peer.Id):
                requests.Follow(null);
                _leader.Lost();
                break;
            case LeaderChanged { Leader: { } claim }:
                Follow(claim);
                break;
            case MembershipView { Leader: { } claim }:
                Follow(claim);
                break;
            case LeaderLink.RegisterAgain when !_leader.IsRegistered:
                Register();
                break;
            case LeaderLink.HeartbeatDue:
                OnHeartbeatDue();
                break;
            case LeaderLink.FenceDue:
                OnFenceDue();
                break;
            case RepeatReports:
                _reports.RepeatOlderThan(RepeatReportsAfter);
                FlushSoon();
                break;
            case DagFetched fetched:
                OnDagFetched(fetched);
                break;
            case HandBackDue:
                OnHandBackDue();
                break;
            case Drain drain:
                OnDrain(drain);
                break;
            case DrainIsOver:
                KillAll("The worker is stopping.");
                break;
            case GiveUpReporting:
                FinishDrain(force: true);
                break;
        }

        return ValueTask.CompletedTask;
    }

    protected override string Describe() => string.Create(
        CultureInfo.InvariantCulture,
        $"{offer.Slots - _freeSlots.Count}/{offer.Slots} slots, {_waiting.Count} waiting, {_reports.Count} unacknowledged, {_leader.Describe()}{(_isDraining ? ", draining" : "")}");

    private void OnWire(string peer, Message message)
    {
        switch (message)
        {
            case RunTasks run when _leader.Accepts(run.Epoch):
                OnRunTasks(run);
                break;
            case ReportsDurable durable:
                _reports.Acknowledge(durable.Ids);
                FinishDrain(force: false);
                break;
            case Heartbeat beat when _leader.Accepts(beat.Epoch):
                _leader.HeardHeartbeat(beat);
                break;
            case WorkerRegistered registered when _leader.Accepts(registered.Epoch) && _leader.Is(peer):
                OnRegistered(registered);
                break;
            case KillTasks kill when _leader.Accepts(kill.Epoch):
                foreach (var id in kill.Ids)
                {
                    Kill(id, kill.Reason, OutcomeKind.Failed);
                }

                break;
        }
    }

    private void Follow(LeaderClaim claim)
    {
        if (_leader.Follow(claim))
        {
            // Asked before the link is up, it answers 503, and the request is repeated.
            requests.Follow(claim.NodeId);
            Register();
        }
    }

    private void Register() => _leader.Register(new(
        host.Self, _isDraining ? 0 : offer.Slots, offer.Queues, [.. _held.Values.Where(h => !h.IsDisowned).Select(h => h.Assignment.Id)], [.. _reports.All]));

    private void OnRegistered(WorkerRegistered registered)
    {
        _leader.Registered(registered);
        LogRegistered(Context.Logger, registered.Epoch, _held.Count, registered.Unknown.Count);
        foreach (var id in registered.Unknown)
        {
            if (_held.TryGetValue(id, out var held))
            {
                held.IsDisowned = true;
                Kill(id, "The scheduler no longer wants this attempt.", OutcomeKind.Lost);
            }
        }
    }

    private void OnHeartbeatDue()
    {
        if (_leader.AnswersHeartbeats)
        {
            // Finished ones are named too: their reports may be lost on the way and are repeated, so nobody needs to run them again.
            _leader.SendHeartbeat([.. _held.Keys, .. _reports.Ids]);
        }
        else
        {
            Register();
        }
    }

    private void OnFenceDue()
    {
        if (_leader.IsFenced() is { } silence)
        {
            if (_held.Count > 0)
            {
                LogFenced(Context.Logger, silence, _held.Count);
            }

            KillAll(string.Create(CultureInfo.InvariantCulture, $"The worker heard no scheduler for {silence.TotalSeconds:0.#} s."));
        }
    }

    private void OnRunTasks(RunTasks run)
    {
        foreach (var assignment in run.Tasks)
        {
            _accepted.Add(assignment.Id);
            if (_held.ContainsKey(assignment.Id) || _reports.Repeat(assignment.Id))
            {
                continue;
            }

            if (_isDraining)
            {
                ReportUnrun(assignment.Id, OutcomeKind.Lost, "The worker is stopping.");
            }
            else if (_reports.WasAcknowledged(assignment.Id))
            {
                // Its end is on disk: whoever sends it again is behind. Running it twice would be worse than this answer, which is dropped.
                ReportUnrun(assignment.Id, OutcomeKind.Lost, "This attempt has run already.");
            }
            else
            {
                Take(new(assignment, run.Run));
            }
        }

        FlushSoon();
    }

    private void Take(Held held)
    {
        _held.Add(held.Assignment.Id, held);
        var version = held.Run.Version;
        if (_dags.TryGetValue(version, out var dag))
        {
            Start(held, dag);
        }
        else if (_awaitingDag.TryGetValue(version, out var others))
        {
            others.Add(held);
        }
        else
        {
            _awaitingDag.Add(version, [held]);
            Context.PipeToSelf(
                requests.RequestAsync(Methods.FetchDagVersion, WireJson.Write(new FetchById(version)), CancellationToken.None),
                response => new DagFetched(version, response, null),
                error => new DagFetched(version, null, error.Message));
        }
    }

    private void OnDagFetched(DagFetched fetched)
    {
        if (!_awaitingDag.Remove(fetched.Version, out var waiting))
        {
            return;
        }

        DagSpec? dag = null;
        var error = fetched.Error ?? fetched.Response?.Error;
        if (fetched.Response is { Code: 200, Body: { } body })
        {
            try
            {
                dag = DagSpecJson.Deserialize(body);
                _dags[fetched.Version] = dag;
            }
            catch (System.Text.Json.JsonException e)
            {
                error = e.Message;
            }
        }

        foreach (var held in waiting.Where(h => _held.ContainsKey(h.Assignment.Id)))
        {
            if (dag is null)
            {
                End(held.Assignment.Id, OutcomeKind.Lost, $"Dag version {fetched.Version} could not be fetched: {error}");
            }
            else
            {
                Start(held, dag);
            }
        }
    }

    private void Start(Held held, DagSpec dag)
    {
        var id = held.Assignment.Id;
        var task = held.Assignment.Map?.Task ?? id.Task;
        if (task < 0 || task >= dag.Tasks.Count)
        {
            End(id, OutcomeKind.FailedFinally, $"Dag '{dag.Id}' has no task number {task} in version {held.Run.Version}.");
            return;
        }

        held.Work = new(id, held.Run, dag, held.Assignment.TryNumber, held.Assignment.FirstPokeAt, held.Assignment.Map);
        if (held.Work.IsSlotless)
        {
            held.Slot = Context.Spawn(
                Props.Create(() => new SlotActor(executor)), string.Create(CultureInfo.InvariantCulture, $"async-{id.Run}-{id.Task}-{id.Token}"));
            held.Slot.Tell(new RunAttempt(held.Work), Context.Self);
        }
        else if (_freeSlots.TryPop(out var slot))
        {
            held.Slot = slot;
            slot.Tell(new RunAttempt(held.Work), Context.Self);
        }
        else
        {
            _waiting.Enqueue(held);
            if (!Context.Timers.IsActive(HandBackDue.Instance))
            {
                Context.Timers.StartSingle(HandBackDue.Instance, HandBackAfter, HandBackDue.Instance);
            }
        }
    }

    /// <summary>What was given ahead must not stick to a worker whose slots are held by long tasks: others may be idle.</summary>
    private void OnHandBackDue()
    {
        var sinceLastSlot = Context.Time.GetUtcNow() - _slotGivenAt;
        if (_waiting.Count == 0)
        {
            return;
        }

        if (sinceLastSlot < HandBackAfter)
        {
            Context.Timers.StartSingle(HandBackDue.Instance, HandBackAfter - sinceLastSlot, HandBackDue.Instance);
            return;
        }

        while (_waiting.TryDequeue(out var next))
        {
            if (_held.TryGetValue(next.Assignment.Id, out var held) && held == next)
            {
                End(next.Assignment.Id, OutcomeKind.HandedBack, "No slot of the worker became free in time; it had not begun.");
            }
        }
    }

    private void OnEnded(AttemptEnded ended)
    {
        if (!_held.Remove(ended.Id, out var held))
        {
            return;
        }

        if (held.Work!.IsSlotless)
        {
            Context.Stop(held.Slot!);
        }
        else
        {
            GiveSlot(held.Slot!);
        }

        if (!held.IsDisowned)
        {
            _reports.Add(new(ended.Id, ended.Outcome));
            FlushSoon();
        }

        FinishDrain(force: false);
    }

    private void GiveSlot(ActorRef slot)
    {
        _slotGivenAt = Context.Time.GetUtcNow();
        while (_waiting.TryDequeue(out var next))
        {
            // Killed while it waited.
            if (!_held.TryGetValue(next.Assignment.Id, out var held) || held != next)
            {
                continue;
            }

            next.Slot = slot;
            slot.Tell(new RunAttempt(next.Work!), Context.Self);
            return;
        }

        _freeSlots.Push(slot);
    }

    private void Kill(AttemptId id, string reason, OutcomeKind kind)
    {
        if (!_held.TryGetValue(id, out var held))
        {
            return;
        }

        if (held.Slot is { } slot)
        {
            slot.Tell(new KillAttempt(id, reason, kind), Context.Self);
        }
        else
        {
            End(id, kind, $"{reason} It had not begun.");
        }
    }

    private void KillAll(string reason)
    {
        foreach (var id in _held.Keys.ToArray())
        {
            Kill(id, reason, OutcomeKind.Lost);
        }
    }

    /// <summary>Ends an attempt that holds no slot.</summary>
    private void End(AttemptId id, OutcomeKind kind, string error)
    {
        if (_held.Remove(id, out var held) && !held.IsDisowned)
        {
            ReportUnrun(id, kind, error);
        }

        FinishDrain(force: false);
    }

    private void ReportUnrun(AttemptId id, OutcomeKind kind, string error)
    {
        var now = Context.Time.GetUtcNow();
        _reports.Add(new(id, new() { Kind = kind, StartedAt = now, EndedAt = now, Error = error }));
        FlushSoon();
    }

    // The flush waits behind what is in the mailbox now, so that all ends that have gathered there travel in one message.
    private void FlushSoon()
    {
        if (!_flushIsDue && (_accepted.Count > 0 || _reports.HasSomethingToSend))
        {
            _flushIsDue = true;
            Context.Self.Tell(Flush.Instance);
        }
    }

    private void OnFlush()
    {
        _flushIsDue = false;
        if (_accepted.Count > 0)
        {
            _leader.Send(new TasksAccepted(_accepted));
            _accepted = [];
        }

        // What cannot be sent now is kept, and goes with the next registration.
        if (_reports.HasSomethingToSend)
        {
            _leader.Send(new TaskReports(_reports.TakeBatch()));
        }
    }

    private void OnDrain(Drain drain)
    {
        _drainer = Context.Sender;
        if (!_isDraining)
        {
            _isDraining = true;
            Register();
            foreach (var held in _held.Values.Where(h => h.Slot is null).ToArray())
            {
                Kill(held.Assignment.Id, "The worker is stopping.", OutcomeKind.Lost);
            }

            Context.Timers.StartSingle("drain", drain.Patience, DrainIsOver.Instance);
        }

        FinishDrain(force: false);
    }

    private void FinishDrain(bool force)
    {
        if (!_isDraining || _drainer is null || _held.Count > 0)
        {
            return;
        }

        if (_reports.Count == 0 || force)
        {
            _drainer.Tell(new Drained(_reports.Count));
            _drainer = null;
        }
        else if (!Context.Timers.IsActive("give-up"))
        {
            Context.Timers.StartSingle("give-up", LastReportsWithin, GiveUpReporting.Instance);
        }
    }

    private sealed class Held(TaskAssignment assignment, Core.DagRuns.RunFacts run)
    {
        public TaskAssignment Assignment { get; } = assignment;

        public Core.DagRuns.RunFacts Run { get; } = run;

        /// <summary>Null until the Dag is known.</summary>
        public AttemptWork? Work { get; set; }

        /// <summary>Null while it waits.</summary>
        public ActorRef? Slot { get; set; }

        /// <summary>The leader wants no report of it.</summary>
        public bool IsDisowned { get; set; }
    }

    private sealed record DagFetched(string Version, Response? Response, string? Error);

    private sealed record Flush
    {
        public static Flush Instance { get; } = new();
    }

    private sealed record HandBackDue
    {
        public static HandBackDue Instance { get; } = new();
    }

    private sealed record RepeatReports
    {
        public static RepeatReports Instance { get; } = new();
    }

    private sealed record DrainIsOver
    {
        public static DrainIsOver Instance { get; } = new();
    }

    private sealed record GiveUpReporting
    {
        public static GiveUpReporting Instance { get; } = new();
    }
}
