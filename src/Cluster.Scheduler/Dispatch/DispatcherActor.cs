using System.Globalization;
using Sluice.Actors;
using Sluice.Core.Dags;
using Sluice.Core.Queues;

namespace Sluice.Scheduler.Dispatch;

/// <summary>A run tells the dispatcher what is ready and what has ended. Always answered by <see cref="Granted"/>, empty when nothing fits.</summary>
/// <param name="Run">The run.</param>
/// <param name="Ready">What asks for slots.</param>
/// <param name="Freed">What has ended.</param>
/// <param name="Numbering">Grows when the run's instances are numbered anew; what is granted by earlier numbers no longer counts.</param>
/// <param name="Held">When they are numbered anew: what workers have. Everything else that was known of the run is forgotten.</param>
internal sealed record Offer(
    long Run, IReadOnlyList<ReadyTask> Ready, IReadOnlyList<FreedTask> Freed, int Numbering = 0, IReadOnlyList<(ReadyTask Task, string Worker)>? Held = null);

/// <summary>An attempt ended.</summary>
/// <param name="Key">The task instance.</param>
/// <param name="Ran">How long it ran; null when it did not run to its end.</param>
/// <param name="HandedBack">Its worker had no slot for it in time.</param>
internal readonly record struct FreedTask(TaskKey Key, TimeSpan? Ran, bool HandedBack = false);

/// <summary>Dispatcher to a run: journal these dispatches, or give them back with an <see cref="Offer"/>.</summary>
/// <param name="Grants">By the numbers of the run's latest offer.</param>
/// <param name="Numbering">As in that offer.</param>
internal sealed record Granted(IReadOnlyList<Grant> Grants, int Numbering = 0);

/// <summary>After a takeover: this run's attempts that workers have.</summary>
internal sealed record Adopt(long Run, IReadOnlyList<(ReadyTask Task, string Worker)> Held);

/// <summary>The run is over: what it held is freed, also what was granted and is still on its way to it, and what waited is forgotten.</summary>
internal sealed record RunLeft(long Run, IReadOnlyList<FreedTask> Freed);

internal sealed record WorkerJoined(string Node, int Slots, IReadOnlyList<string> Queues);

internal sealed record WorkerLeft(string Node);

internal sealed record DagLimit(DagId Dag, int? MaxActiveTasks, bool Paused);

/// <summary>A pool is of this size from now on; null slots: there is none.</summary>
internal sealed record PoolSized(string Name, int? Slots, bool IncludeDeferred);

/// <summary>Asks how full the pools are; answered by <see cref="PoolUses"/>.</summary>
internal sealed record PoolsQuestion
{
    public static PoolsQuestion Instance { get; } = new();
}

internal sealed record PoolUses(IReadOnlyDictionary<string, PoolOccupancy> Pools);

/// <summary>Asks for everything that is in the way of a task; answered by <see cref="ReasonsAnswer"/>.</summary>
internal sealed record ReasonsQuestion(ReadyTask Task);

internal sealed record ReasonsAnswer(IReadOnlyList<Core.DagRuns.TaskReason> Reasons);

/// <summary>The shell around <see cref="DispatchQueue"/>.</summary>
internal sealed class DispatcherActor : Actor
{
    private readonly DispatchQueue _queue = new();
    private readonly Dictionary<long, (ActorRef Actor, int Numbering)> _runs = [];

    protected override ValueTask ReceiveAsync(object message)
    {
        switch (message)
        {
            case Offer offer:
                var run = (Context.Sender!, offer.Numbering);
                _runs[offer.Run] = run;
                Free(offer.Freed);
                if (offer.Held is { } held)
                {
                    _queue.Leave(offer.Run);
                    Hold(held);
                }

                foreach (var task in offer.Ready)
                {
                    _queue.Offer(task);
                }

                Assign(run);
                return ValueTask.CompletedTask;
            case Adopt adopt:
                _runs[adopt.Run] = (Context.Sender!, 0);
                Hold(adopt.Held);
                return ValueTask.CompletedTask;
            case RunLeft left:
                _runs.Remove(left.Run);
                Free(left.Freed);
                _queue.Leave(left.Run);
                break;
            case WorkerJoined joined:
                _queue.AddWorker(joined.Node, joined.Slots, joined.Queues);
                break;
            case WorkerLeft gone:
                _queue.RemoveWorker(gone.Node);
                break;
            case DagLimit limit:
                _queue.SetDagLimit(limit.Dag, limit.MaxActiveTasks, limit.Paused);
                break;
            case ReasonsQuestion question:
                Context.Sender?.Tell(new ReasonsAnswer(_queue.Reasons(question.Task)));
                return ValueTask.CompletedTask;
            case PoolSized pool:
                _queue.SetPool(pool.Name, pool.Slots, pool.IncludeDeferred);
                break;
            case PoolsQuestion:
                Context.Sender?.Tell(new PoolUses(_queue.Pools()));
                return ValueTask.CompletedTask;
        }

        Assign(asker: null);
        return ValueTask.CompletedTask;
    }

    protected override string Describe() => string.Create(
        CultureInfo.InvariantCulture, $"{_queue.Waiting} waiting, {_queue.Active} active, {_queue.Workers} workers with {_queue.Slots} slots");

    private void Hold(IReadOnlyList<(ReadyTask Task, string Worker)> held)
    {
        foreach (var (task, worker) in held)
        {
            _queue.Hold(task, worker);
        }
    }

    private void Free(IReadOnlyList<FreedTask> freed)
    {
        foreach (var (key, ran, handedBack) in freed)
        {
            if (handedBack)
            {
                _queue.HandBack(key);
            }
            else
            {
                _queue.Free(key, ran);
            }
        }
    }

    private void Assign((ActorRef Actor, int Numbering)? asker)
    {
        var grants = _queue.Assign();
        var askerAnswered = asker is null;
        foreach (var ofRun in grants.GroupBy(grant => grant.Key.Run))
        {
            // Whoever has a task here has offered it and has not left: it is known.
            var run = _runs[ofRun.Key];
            askerAnswered |= ReferenceEquals(run.Actor, asker?.Actor);
            run.Actor.Tell(new Granted([.. ofRun], run.Numbering), Context.Self);
        }

        if (!askerAnswered)
        {
            asker!.Value.Actor.Tell(new Granted([], asker.Value.Numbering), Context.Self);
        }
    }
}
