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
/// <remarks>
/// Its half of design.md, 6. Time only through its context, attempts only through the executor, so that it runs in the simulation unchanged.
/// When it throws it is restarted over the same <see cref="WorkerMemory"/>: attempts run on, and none of them is begun again.
/// </remarks>
internal sealed partial class WorkerActor(
    WorkerOffer offer, NodeHost host, LeaderRequests requests, IAttemptExecutor executor, WorkerMemory memory) : Actor
{
    private readonly AttemptBooks _books = memory.Books;
    private readonly Draining _draining = memory.Draining;
    private LeaderLink _leader = null!;
    private DagShelf _dags = null!;
    private Slots _slots = null!;

    protected override ValueTask PreStartAsync()
    {
        if (!memory.MayStart())
        {
            LogGivenUp(Context.Logger, _books.Count);
            memory.GiveUp();
            return ValueTask.CompletedTask;
        }

        _leader = memory.Leader ??= new(host.Transport, Context);
        _dags = new(requests, Context);
        _slots = new(offer.Slots, executor, _books, Context);
        TakeUp();
        Context.System.Events.Subscribe<LeaderChanged>(Context.Self);
        host.Subscribe(Context.Self, static happened => happened.Peer.Role == NodeRole.Scheduler);
        host.Membership.Tell(new GetMembership(), Context.Self);
        return ValueTask.CompletedTask;
    }

    protected override ValueTask ReceiveAsync(object message)
    {
        if (memory.GivenUp.IsCompleted)
        {
            return ValueTask.CompletedTask;
        }

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
                Fence(_leader.IsFenced());
                break;
            case RepeatReports:
                OnRepeatReports();
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

    protected override string Describe() => memory.GivenUp.IsCompleted ? "has failed too often, its node ends" : string.Create(
        CultureInfo.InvariantCulture,
        $"{_slots.Used}/{offer.Slots} slots, {_slots.Waiting} waiting, {_books.Reports.Count} unacknowledged, {_leader.Describe()}{(_draining.HasBegun ? ", draining" : "")}");

    /// <summary>After a failure: whatever the books hold is where it was before. The leader is told as after a broken link.</summary>
    private void TakeUp()
    {
        foreach (var held in _books.Held.Where(held => held.Slot is not null).ToArray())
        {
            _slots.Adopt(held);
        }

        if (_draining.HasBegun)
        {
            BeginDraining();
        }

        foreach (var held in _books.Held.Where(held => held.Slot is null).ToArray())
        {
            Start(held);
        }

        Fence(_leader.Resume());
        Register();
        RepeatReportsLater();
    }

    private void OnWire(string peer, Message message)
    {
        switch (message)
        {
            case RunTasks run when _leader.Accepts(run.Epoch):
                OnRunTasks(run);
                break;
            case ReportsDurable durable:
                _books.Reports.Acknowledge(durable.Ids);
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

    private void Register()
    {
        var (reports, later) = _books.Reports.ForRegistration();
        _leader.Register(new(
            host.Self, _draining.HasBegun ? 0 : offer.Slots, offer.Queues, [.. _books.Held.Where(h => !h.IsDisowned).Select(h => h.Id), .. later], reports));
    }

    private void OnRegistered(WorkerRegistered registered)
    {
        _leader.Registered(registered);
        LogRegistered(Context.Logger, registered.Epoch, _books.Count, registered.Unknown.Count);
        FlushSoon();
        foreach (var id in registered.Unknown)
        {
            if (_books.Find(id) is { } held)
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
            _leader.SendHeartbeat(_books.Ids);
        }
        else
        {
            Register();
        }
    }

    private void Fence(TimeSpan? silence)
    {
        if (silence is { } lasted)
        {
            if (_books.Count > 0)
            {
                LogFenced(Context.Logger, lasted, _books.Count);
            }

            KillAll(string.Create(CultureInfo.InvariantCulture, $"The worker heard no scheduler for {lasted.TotalSeconds:0.#} s."));
        }
    }

    private void OnRunTasks(RunTasks run)
    {
        foreach (var assignment in run.Tasks)
        {
            if (_books.Reports.WasAcknowledged(assignment.Id))
            {
                // Its end is on disk: whoever sends it again is behind. Running it twice would be worse than this answer, which is dropped.
                ReportUnrun(assignment.Id, OutcomeKind.Lost, "This attempt has run already.");
            }
            else if (_books.Take(new(assignment, run.Run)) is not { } held)
            {
                continue;
            }
            else if (_draining.HasBegun)
            {
                End(held.Id, OutcomeKind.Lost, "The worker is stopping.");
            }
            else
            {
                Start(held);
            }
        }

        FlushSoon();
    }

    private void Start(HeldAttempt held)
    {
        if (_dags.DagOf(held) is { } dag)
        {
            Start(held, dag);
        }
    }

    private void OnDagFetched(DagFetched fetched)
    {
        var (waiting, dag, error) = _dags.Put(fetched);
        foreach (var held in waiting.Where(_books.Has))
        {
            if (dag is null)
            {
                End(held.Id, OutcomeKind.Lost, $"Dag version {fetched.Version} could not be fetched: {error}");
            }
            else
            {
                Start(held, dag);
            }
        }
    }

    private void Start(HeldAttempt held, DagSpec dag)
    {
        var id = held.Id;
        var task = held.Assignment.Map?.Task ?? id.Task;
        if (task < 0 || task >= dag.Tasks.Count)
        {
            End(id, OutcomeKind.FailedFinally, $"Dag '{dag.Id}' has no task number {task} in version {held.Run.Version}.");
            return;
        }

        var given = held.Assignment;
        _slots.Run(held, new(id, held.Run, dag, given.TryNumber, given.FirstPokeAt, given.Map, given.Callback, given.Reschedules, given.RemoteJob));
    }

    private void OnHandBackDue()
    {
        foreach (var held in _slots.TakeOverdue())
        {
            End(held.Id, OutcomeKind.HandedBack, "No slot of the worker became free in time; it had not begun.");
        }
    }

    private void OnEnded(AttemptEnded ended)
    {
        if (_books.End(ended.Id, ended.Outcome) is { } held)
        {
            _slots.Free(held);
            FlushSoon();
            FinishDrain(force: false);
        }
    }

    private void Kill(AttemptId id, string reason, OutcomeKind kind)
    {
        if (_books.Find(id) is not { } held)
        {
            return;
        }

        if (held.Slot is { } slot)
        {
            held.Kill ??= new(id, reason, kind);
            slot.Tell(held.Kill, Context.Self);
        }
        else
        {
            End(id, kind, $"{reason} It had not begun.");
        }
    }

    private void KillAll(string reason)
    {
        foreach (var id in _books.Held.Select(held => held.Id).ToArray())
        {
            Kill(id, reason, OutcomeKind.Lost);
        }
    }

    /// <summary>Ends an attempt that holds no slot.</summary>
    private void End(AttemptId id, OutcomeKind kind, string error)
    {
        _books.End(id, Unrun(kind, error));
        FlushSoon();
        FinishDrain(force: false);
    }

    private void ReportUnrun(AttemptId id, OutcomeKind kind, string error)
    {
        _books.Reports.Add(new(id, Unrun(kind, error)));
        FlushSoon();
    }

    private TaskOutcome Unrun(OutcomeKind kind, string error)
    {
        var now = Context.Time.GetUtcNow();
        return new() { Kind = kind, StartedAt = now, EndedAt = now, Error = error };
    }
}
