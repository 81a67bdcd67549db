using System.Globalization;
using Microsoft.Extensions.Logging;
using Sluice.Actors;
using Sluice.Cluster.Transport;
using Sluice.Cluster.Wire;
using Sluice.Core.DagRuns;
using Sluice.Core.RemoteJobs;
using Sluice.Core.TaskInstances;
using Sluice.Scheduler.DagRuns;

namespace Sluice.Scheduler.Dispatch;

/// <summary>A run lives here from now on: reports of its attempts go to it.</summary>
internal sealed record RunJoined(long Run);

/// <summary>The sender wants to be told of each <see cref="WorkerJoined"/> and <see cref="WorkerLeft"/>, as the dispatcher is.</summary>
internal sealed record FollowWorkers
{
    public static FollowWorkers Instance { get; } = new();
}

/// <summary>After a commit: send these attempts.</summary>
internal sealed record Dispatch(string Node, RunFacts Run, IReadOnlyList<TaskAssignment> Tasks);

/// <summary>After a takeover: a worker should have these.</summary>
internal sealed record Expect(string Node, RunFacts Run, IReadOnlyList<TaskAssignment> Tasks);

/// <summary>After a commit: reports of these attempts are on disk, or no longer matter.</summary>
internal sealed record Acknowledge(string Node, IReadOnlyList<AttemptId> Ids);

/// <summary>After a commit: stop these attempts. Those that are still in the books are told again until they have ended.</summary>
internal sealed record Kill(string Node, IReadOnlyList<AttemptId> Ids, string Reason);

/// <summary>To a run: a worker reported the ends of some of its attempts.</summary>
internal sealed record Reported(string Node, IReadOnlyList<TaskReport> Reports);

/// <summary>To a run: the worker is gone with these attempts.</summary>
internal sealed record AttemptsLost(string Node, IReadOnlyList<AttemptId> Ids, string Reason);

/// <summary>Asks whether an attempt is current; answered by a <see cref="CurrentAttempt"/>.</summary>
internal sealed record IsCurrent(AttemptId Id);

/// <param name="Run">The run that it belongs to; null when it is not current.</param>
internal sealed record CurrentAttempt(RunFacts? Run);

/// <summary>How long silence is borne.</summary>
/// <param name="HeartbeatEvery">Gap between a worker's heartbeats.</param>
/// <param name="FenceAfter">A worker that heard no leader for so long stops its tasks.</param>
/// <param name="LostAfter">The leader counts a silent worker's attempts as lost; longer than <paramref name="FenceAfter"/> by more than the clocks may differ in rate.</param>
internal sealed record Silence(TimeSpan HeartbeatEvery, TimeSpan FenceAfter, TimeSpan LostAfter);

/// <summary>Speaks with the workers (design.md, 6): what each of them has, by the leader's own books.</summary>
internal sealed partial class WorkersActor(ITransport transport, ActorRef dispatcher, long epoch, Silence silence) : Actor
{
    private static readonly TimeSpan ResendAfter = TimeSpan.FromSeconds(3);

    private readonly Dictionary<string, Worker> _workers = new(StringComparer.Ordinal);
    private readonly Dictionary<long, ActorRef> _runs = [];
    private readonly List<ActorRef> _followers = [dispatcher];
    private readonly Dictionary<string, List<AttemptId>> _durable = new(StringComparer.Ordinal);

    protected override ValueTask PreStartAsync()
    {
        Context.Timers.StartPeriodic("watch", TimeSpan.FromTicks(silence.HeartbeatEvery.Ticks / 2), Watch.Instance);
        return ValueTask.CompletedTask;
    }

    protected override ValueTask ReceiveAsync(object message)
    {
        switch (message)
        {
            case Dispatch e: Send(e); break;
            case Acknowledge e: Forget(e); break;
            case PeerMessage { Message: TaskReports reports } e: Route(e.Peer.Id, reports); break;
            case PeerMessage { Message: Heartbeat beat } e: Hear(e.Peer.Id, beat); break;
            case PeerMessage { Message: RegisterWorker register }: Register(register); break;
            case RunJoined e: _runs[e.Run] = Context.Sender!; break;
            case RunLeft e: _runs.Remove(e.Run); break;
            case FollowWorkers: Follow(Context.Sender!); break;
            case Expect e: Book(WorkerOf(e.Node), e.Run, e.Tasks); break;
            case Kill e: Stop(e); break;
            case Watch: FindSilent(); break;
            case TellDurable: Tell(); break;
            case KeepForAttempt keep: Hand(keep); break;
            case IsCurrent question:
                Context.Sender?.Tell(new CurrentAttempt(_workers.Values.Select(worker => worker.Books.GetValueOrDefault(question.Id)?.Run).FirstOrDefault(run => run is not null)));
                break;
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>To the run of an attempt that some worker has; nothing is kept for any other.</summary>
    private void Hand(KeepForAttempt keep)
    {
        if (_runs.TryGetValue(keep.Attempt.Run, out var run) && _workers.Values.Any(worker => worker.Books.ContainsKey(keep.Attempt)))
        {
            run.Tell(keep, Context.Sender);
        }
        else
        {
            Context.Sender?.Tell(RemoteJobAnswer.Refused(keep.Attempt));
        }
    }

    protected override string Describe() => string.Create(
        CultureInfo.InvariantCulture, $"{_workers.Count} workers, {_workers.Values.Sum(worker => worker.Books.Count)} attempts out, {_runs.Count} runs");

    private void Send(Dispatch dispatch)
    {
        Book(WorkerOf(dispatch.Node), dispatch.Run, dispatch.Tasks);
        transport.Send(dispatch.Node, new RunTasks(epoch, dispatch.Run, dispatch.Tasks));
    }

    private void Stop(Kill kill)
    {
        if (_workers.TryGetValue(kill.Node, out var worker))
        {
            foreach (var id in kill.Ids)
            {
                if (worker.Books.TryGetValue(id, out var booked))
                {
                    booked.StopReason = kill.Reason;
                }
            }
        }

        transport.Send(kill.Node, new KillTasks(epoch, kill.Ids, kill.Reason));
    }

    /// <summary>Tells it again what it names and should not run: the word may have been lost on the way.</summary>
    private void StopAgain(string node, Worker worker, IReadOnlyList<AttemptId> running)
    {
        foreach (var id in running)
        {
            if (worker.Books.TryGetValue(id, out var booked) && booked.StopReason is { } reason)
            {
                transport.Send(node, new KillTasks(epoch, [id], reason));
            }
        }
    }

    private void Book(Worker worker, RunFacts run, IReadOnlyList<TaskAssignment> tasks)
    {
        foreach (var task in tasks)
        {
            worker.Books[task.Id] = new(run, task, Context.Time.GetTimestamp());
        }
    }

    private void Forget(Acknowledge acknowledge)
    {
        if (_workers.TryGetValue(acknowledge.Node, out var worker))
        {
            foreach (var id in acknowledge.Ids)
            {
                worker.Books.Remove(id);
            }
        }

        // Behind whatever is in the mailbox: the acknowledgements of one commit travel in one message.
        if (_durable.Count == 0)
        {
            Context.Self.Tell(TellDurable.Instance);
        }

        if (!_durable.TryGetValue(acknowledge.Node, out var durable))
        {
            _durable.Add(acknowledge.Node, durable = []);
        }

        durable.AddRange(acknowledge.Ids);
    }

    private void Tell()
    {
        foreach (var (node, ids) in _durable)
        {
            transport.Send(node, new ReportsDurable(ids));
        }

        _durable.Clear();
    }

    private void Route(string node, TaskReports message)
    {
        WorkerOf(node).HeardAt = Context.Time.GetTimestamp();
        List<AttemptId>? unknown = null;
        foreach (var ofRun in message.Reports.GroupBy(report => report.Id.Run))
        {
            if (_runs.TryGetValue(ofRun.Key, out var run))
            {
                run.Tell(new Reported(node, [.. ofRun]), Context.Self);
            }
            else
            {
                (unknown ??= []).AddRange(ofRun.Select(report => report.Id));
            }
        }

        if (unknown is not null)
        {
            Forget(new(node, unknown));
        }
    }

    private void Register(RegisterWorker register)
    {
        var worker = WorkerOf(register.Node.Id);
        (worker.HeardAt, worker.IsRegistered) = (Context.Time.GetTimestamp(), true);
        var unknown = register.Running.Where(id => !worker.Books.ContainsKey(id)).ToList();
        transport.Send(register.Node.Id, new WorkerRegistered(epoch, unknown, silence.HeartbeatEvery, silence.FenceAfter));
        worker.Joined = new(register.Node.Id, register.Slots, register.Queues);
        TellFollowers(worker.Joined);
        LogRegistered(Context.Logger, register.Node.Name, register.Slots, register.Running.Count, unknown.Count);
        if (register.Finished.Count > 0)
        {
            Route(register.Node.Id, new(register.Finished));
        }

        StopAgain(register.Node.Id, worker, register.Running);
        Resend(register.Node.Id, worker, [.. register.Running, .. register.Finished.Select(report => report.Id)], TimeSpan.Zero);
    }

    private void Hear(string node, Heartbeat beat)
    {
        if (!_workers.TryGetValue(node, out var worker) || !worker.IsRegistered || beat.Epoch != epoch)
        {
            // Not registered under this epoch: it is told nothing, and registers when it hears of the leader.
            return;
        }

        worker.HeardAt = Context.Time.GetTimestamp();
        transport.Send(node, new Heartbeat(epoch, [], beat.Stamp));

        // A kill that got lost on the way: whatever the worker has and the books do not is not wanted.
        var unknown = beat.Running.Where(id => !worker.Books.ContainsKey(id)).ToList();
        if (unknown.Count > 0)
        {
            transport.Send(node, new KillTasks(epoch, unknown, "The scheduler no longer wants this attempt."));
        }

        StopAgain(node, worker, beat.Running);
        Resend(node, worker, beat.Running, ResendAfter);
    }

    /// <summary>Sends again what the worker should have and does not name: it got lost on the way. A worker ignores what it knows.</summary>
    private void Resend(string node, Worker worker, IReadOnlyList<AttemptId> running, TimeSpan age)
    {
        if (worker.Books.Count == 0)
        {
            return;
        }

        var named = running.ToHashSet();
        var lost = worker.Books.Where(entry => !named.Contains(entry.Key) && Context.Time.GetElapsedTime(entry.Value.SentAt) >= age);
        foreach (var ofRun in lost.GroupBy(entry => entry.Value.Run).ToList())
        {
            var stopped = ofRun.Where(entry => entry.Value.StopReason is not null).Select(entry => entry.Key).ToList();
            if (stopped.Count > 0 && _runs.TryGetValue(ofRun.Key.Key, out var run))
            {
                run.Tell(new AttemptsLost(node, stopped, "It was stopped before its worker had it."));
            }

            var tasks = ofRun.Where(entry => entry.Value.StopReason is null).Select(entry => entry.Value.Task).ToList();
            if (tasks.Count == 0)
            {
                continue;
            }

            LogResent(Context.Logger, tasks.Count, ofRun.Key.Dag, ofRun.Key.Id, node);
            foreach (var (_, booked) in ofRun)
            {
                booked.SentAt = Context.Time.GetTimestamp();
            }

            transport.Send(node, new RunTasks(epoch, ofRun.Key, tasks));
        }
    }

    private void FindSilent()
    {
        foreach (var (node, worker) in _workers.Where(entry => Context.Time.GetElapsedTime(entry.Value.HeardAt) > silence.LostAfter).ToList())
        {
            _workers.Remove(node);
            TellFollowers(new WorkerLeft(node));
            LogLost(Context.Logger, node, silence.LostAfter, worker.Books.Count);
            foreach (var ofRun in worker.Books.Keys.GroupBy(id => id.Run))
            {
                if (_runs.TryGetValue(ofRun.Key, out var run))
                {
                    run.Tell(new AttemptsLost(node, [.. ofRun], $"worker {node} was silent for {silence.LostAfter.TotalSeconds:0} s"));
                }
            }
        }
    }

    private void Follow(ActorRef follower)
    {
        _followers.Add(follower);
        foreach (var joined in _workers.Values.Select(worker => worker.Joined).OfType<WorkerJoined>())
        {
            follower.Tell(joined);
        }
    }

    private void TellFollowers(object message)
    {
        foreach (var follower in _followers)
        {
            follower.Tell(message);
        }
    }

    private Worker WorkerOf(string node)
    {
        if (!_workers.TryGetValue(node, out var worker))
        {
            _workers.Add(node, worker = new() { HeardAt = Context.Time.GetTimestamp() });
        }

        return worker;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Worker {Worker} registered: {Slots} slots, {Running} attempts running, {Unknown} of them disowned")]
    private static partial void LogRegistered(ILogger logger, string worker, int slots, int running, int unknown);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Sent {Count} attempts of {Dag} {Run} to worker {Worker} again: it does not name them")]
    private static partial void LogResent(ILogger logger, int count, Core.Dags.DagId dag, RunId run, string worker);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Worker {Worker} is lost: silent for {Silence}; {Attempts} attempts go to others")]
    private static partial void LogLost(ILogger logger, string worker, TimeSpan silence, int attempts);

    private sealed class Worker
    {
        /// <summary>A timestamp, not a time: when the machine's clock is set, no worker is lost by that.</summary>
        public long HeardAt { get; set; }

        /// <summary>What it offers; null until it has registered.</summary>
        public WorkerJoined? Joined { get; set; }

        /// <summary>It knows this epoch, and the dispatcher knows it.</summary>
        public bool IsRegistered { get; set; }

        public Dictionary<AttemptId, Booked> Books { get; } = [];
    }

    private sealed class Booked(RunFacts run, TaskAssignment task, long sentAt)
    {
        public RunFacts Run { get; } = run;

        public TaskAssignment Task { get; } = task;

        public long SentAt { get; set; } = sentAt;

        /// <summary>Why it is to stop; null while it is wanted.</summary>
        public string? StopReason { get; set; }
    }

    private sealed record TellDurable
    {
        public static TellDurable Instance { get; } = new();
    }

    private sealed record Watch
    {
        public static Watch Instance { get; } = new();
    }
}
