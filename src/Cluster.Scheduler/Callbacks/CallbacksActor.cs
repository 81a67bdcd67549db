using System.Globalization;
using Microsoft.Extensions.Logging;
using Sluice.Actors;
using Sluice.Cluster.Wire;
using Sluice.Core.Callbacks;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using Sluice.Scheduler.Dispatch;
using Sluice.Scheduler.Journal;

namespace Sluice.Scheduler.Callbacks;

/// <summary>After the commit of what it tells of: see that this callback is run.</summary>
internal sealed record TakeCallback(CallbackRequest Request);

/// <summary>Hands callbacks to workers, as attempts with keys of their own that take no slot (docs/concepts/callbacks.md).</summary>
/// <remarks>
/// One stream of the journal each, from the commit of what it tells of to its end. To whom it is handed is written first, so that after a takeover
/// nobody else gets it while that worker lives; it comes back only when that worker is lost, or says that it did not run it to its end.
/// </remarks>
internal sealed partial class CallbacksActor(IReadOnlyList<CallbackState> recovered, ActorRef journal, ActorRef workers) : Actor
{
    /// <summary>As many as a worker has runners beside those of its slots.</summary>
    internal const int MostPerWorker = 2;

    private readonly Dictionary<long, Open> _open = [];
    private readonly Dictionary<string, Queue<long>> _waiting = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Seat> _seats = new(StringComparer.Ordinal);
    private int _waitingCount;
    private bool _snapshotsAreDue;

    public static string StreamOf(long key) => string.Create(CultureInfo.InvariantCulture, $"c:{key}");

    protected override ValueTask PreStartAsync()
    {
        workers.Tell(FollowWorkers.Instance, Context.Self);
        foreach (var state in recovered)
        {
            Take(new(state));
            if (state.Worker is { } worker)
            {
                SeatOf(worker).Held.Add(state.Request.Key);
                workers.Tell(new Expect(worker, state.Request.Run, [AssignmentOf(state)]), Context.Self);
            }
            else
            {
                Wait(state.Request);
            }
        }

        Context.Parent!.Tell(Dags.DagStarted.Instance, Context.Self);
        return ValueTask.CompletedTask;
    }

    protected override ValueTask ReceiveAsync(object message)
    {
        switch (message)
        {
            case TakeCallback take:
                Take(new(new(take.Request)));
                Wait(take.Request);
                Assign();
                break;
            case WorkerJoined joined:
                SeatOf(joined.Node).Offer = joined;
                Assign();
                break;
            case WorkerLeft left:
                _seats.Remove(left.Node); // What it held comes back one by one.
                break;
            case Reported reported:
                foreach (var report in reported.Reports)
                {
                    OnReport(reported.Node, report.Id, report.Outcome);
                }

                Assign();
                break;
            case AttemptsLost lost:
                foreach (var id in lost.Ids)
                {
                    OnReport(lost.Node, id, new() { Kind = OutcomeKind.Lost, Error = lost.Reason });
                }

                Assign();
                break;
            case Again again when _open.TryGetValue(again.Key, out var open):
                Wait(open.State.Request);
                Assign();
                break;
            case SnapshotDue when !_snapshotsAreDue:
                // Each of many streams asks; one answer behind them all will do.
                _snapshotsAreDue = true;
                Context.Self.Tell(WriteSnapshots.Instance);
                break;
            case WriteSnapshots:
                _snapshotsAreDue = false;
                foreach (var open in _open.Values)
                {
                    journal.Tell(new Append(StreamOf(open.State.Request.Key)) { Snapshot = CallbackJson.Serialize(open.State) }, Context.Self);
                }

                break;
        }

        return ValueTask.CompletedTask;
    }

    protected override string Describe() => string.Create(CultureInfo.InvariantCulture, $"{_open.Count} callbacks, {_waitingCount} of them waiting");

    private void Take(Open open)
    {
        var key = open.State.Request.Key;
        _open.Add(key, open);
        journal.Tell(new Owns(StreamOf(key)), Context.Self);
        workers.Tell(new RunJoined(key), Context.Self);
    }

    private void Wait(CallbackRequest request)
    {
        var queue = request.Queue ?? "";
        if (!_waiting.TryGetValue(queue, out var keys))
        {
            _waiting.Add(queue, keys = new());
        }

        keys.Enqueue(request.Key);
        _waitingCount++;
    }

    private void Assign()
    {
        foreach (var (queue, keys) in _waiting)
        {
            while (keys.Count > 0 && FreeSeat(queue) is var (node, seat))
            {
                var key = keys.Dequeue();
                _waitingCount--;
                seat.Held.Add(key);
                Give(_open[key], node);
            }
        }
    }

    /// <summary>The worker with the fewest callbacks that serves a queue, or of all for a callback that needs none.</summary>
    private (string Node, Seat Seat)? FreeSeat(string queue)
    {
        (string Node, Seat Seat)? best = null;
        foreach (var (node, seat) in _seats)
        {
            if (seat.Offer is { Slots: > 0 } offer && seat.Held.Count < MostPerWorker && (queue.Length == 0 || offer.Queues.Contains(queue))
                && (best is null || seat.Held.Count < best.Value.Seat.Held.Count))
            {
                best = (node, seat);
            }
        }

        return best;
    }

    private void Give(Open open, string node)
    {
        var append = Change(open, new CallbackGiven(node, Now));
        append.OnCommitted.Add(new(workers, new Dispatch.Dispatch(node, open.State.Request.Run, [AssignmentOf(open.State)])));
        journal.Tell(append, Context.Self);
    }

    private void OnReport(string node, AttemptId id, TaskOutcome outcome)
    {
        if (!_open.TryGetValue(id.Run, out var open) || open.State.Token != id.Token || open.State.Worker is null)
        {
            workers.Tell(new Acknowledge(node, [id]), Context.Self);
            return;
        }

        if (_seats.TryGetValue(open.State.Worker, out var seat))
        {
            seat.Held.Remove(id.Run);
        }

        var wantsAnother = open.State.WantsAnother(outcome.Kind);
        if (!wantsAnother || !open.State.MayBeGivenAgain)
        {
            End(open, node, id, outcome, wantsAnother);
            return;
        }

        LogGivenAgain(Context.Logger, open.State.Request.Note.On.Name(), open.State.Request.Run.Dag, open.State.Request.Run.Id, node, outcome.Error ?? "");
        var append = Change(open, new CallbackReturned(outcome.Error ?? "it was not run to its end"));
        append.OnCommitted.Add(new(workers, new Acknowledge(node, [id])));
        journal.Tell(append, Context.Self);
        Context.Timers.StartSingle(id.Run, open.State.PauseBeforeNext, new Again(id.Run));
    }

    private void End(Open open, string node, AttemptId id, TaskOutcome outcome, bool givesUp)
    {
        var (request, failed) = (open.State.Request, outcome.Kind is not (OutcomeKind.Success or OutcomeKind.Skipped));
        var error = !givesUp ? outcome.Error : $"It was handed out {open.State.Token} times and never {(open.State.IsStop ? "done" : "run to its end")}: {outcome.Error}";
        var append = new Append(StreamOf(request.Key)) { Ends = true };
        append.Changes.Add(CallbackRows.Of(open.State) with { State = failed ? "failed" : "success", EndedAt = Now, Error = failed ? error : null });
        append.OnCommitted.Add(new(workers, new Acknowledge(node, [id])));
        append.OnCommitted.Add(new(workers, new RunLeft(request.Key, [])));
        journal.Tell(append, Context.Self);
        _open.Remove(request.Key);
        if (failed)
        {
            LogFailed(Context.Logger, request.Note.On.Name(), request.Run.Dag, request.Run.Id, request.Note.Instance ?? "the run", error ?? "");
        }
    }

    private static Append Change(Open open, CallbackEvent happened)
    {
        open.State = CallbackState.Evolve(open.State, happened);
        var append = new Append(StreamOf(open.State.Request.Key));
        append.Events.Add(CallbackJson.Serialize(happened));
        append.Changes.Add(CallbackRows.Of(open.State));
        return append;
    }

    private static TaskAssignment AssignmentOf(CallbackState state) =>
        new(state.Request.Attempt(state.Token), state.Request.Note.TryNumber, null, state.Request.Map, state.Request.Note);

    private Seat SeatOf(string node)
    {
        if (!_seats.TryGetValue(node, out var seat))
        {
            _seats.Add(node, seat = new());
        }

        return seat;
    }

    private DateTimeOffset Now => Context.Time.GetUtcNow();

    [LoggerMessage(Level = LogLevel.Warning, Message = "The {Callback} callback of {Dag} {Run}, {Task}, failed: {Error}")]
    private static partial void LogFailed(ILogger logger, string callback, DagId dag, RunId run, string task, string error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The {Callback} callback of {Dag} {Run} is handed out again, worker {Worker} did not run it to its end: {Error}")]
    private static partial void LogGivenAgain(ILogger logger, string callback, DagId dag, RunId run, string worker, string error);

    private sealed class Open(CallbackState state)
    {
        public CallbackState State { get; set; } = state;
    }

    /// <summary>What one worker has of callbacks.</summary>
    private sealed class Seat
    {
        /// <summary>Null until it has registered here.</summary>
        public WorkerJoined? Offer { get; set; }

        public HashSet<long> Held { get; } = [];
    }

    private sealed record Again(long Key);

    private sealed record WriteSnapshots
    {
        public static WriteSnapshots Instance { get; } = new();
    }
}
