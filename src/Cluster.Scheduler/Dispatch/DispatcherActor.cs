using System.Globalization;
using Sluice.Actors;
using Sluice.Core.Dags;
using Sluice.Core.Queues;

namespace Sluice.Scheduler.Dispatch;

/// <summary>A run tells the dispatcher what is ready and what has ended. Always answered by <see cref="Granted"/>, empty when nothing fits.</summary>
internal sealed record Offer(long Run, IReadOnlyList<ReadyTask> Ready, IReadOnlyList<FreedTask> Freed);

/// <summary>An attempt ended.</summary>
/// <param name="Key">The task instance.</param>
/// <param name="Ran">How long it ran; null when it did not run to its end.</param>
/// <param name="HandedBack">Its worker had no slot for it in time.</param>
internal readonly record struct FreedTask(TaskKey Key, TimeSpan? Ran, bool HandedBack = false);

/// <summary>Dispatcher to a run: journal these dispatches, or give them back with an <see cref="Offer"/>.</summary>
internal sealed record Granted(IReadOnlyList<Grant> Grants);

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
    private readonly Dictionary<long, ActorRef> _runs = [];

    protected override ValueTask ReceiveAsync(object message)
    {
        switch (message)
        {
            case Offer offer:
                var run = Context.Sender!;
                _runs[offer.Run] = run;
                Free(offer.Freed);
                foreach (var task in offer.Ready)
                {
                    _queue.Offer(task);
                }

                Assign(run);
                return ValueTask.CompletedTask;
            case Adopt adopt:
                _runs[adopt.Run] = Context.Sender!;
                foreach (var (task, worker) in adopt.Held)
                {
                    _queue.Hold(task, worker);
                }

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

    private void Assign(ActorRef? asker)
    {
        var grants = _queue.Assign();
        var askerAnswered = asker is null;
        foreach (var ofRun in grants.GroupBy(grant => grant.Key.Run))
        {
            // Whoever has a task here has offered it and has not left: it is known.
            var run = _runs[ofRun.Key];
            askerAnswered |= ReferenceEquals(run, asker);
            run.Tell(new Granted([.. ofRun]), Context.Self);
        }

        if (!askerAnswered)
        {
            asker!.Tell(new Granted([]), Context.Self);
        }
    }
}
