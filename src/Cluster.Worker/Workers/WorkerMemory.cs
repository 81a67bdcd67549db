using Sluice.Actors;

namespace Sluice.Cluster.Worker.Workers;

/// <summary>What outlives a failure of the worker's actor: attempts run on while it is restarted, so what is known of them must stay, and
/// what the leader was promised (<see cref="LeaderLink"/>) must hold.</summary>
/// <param name="time">The node's.</param>
internal sealed class WorkerMemory(TimeProvider time)
{
    // A state that fails again and again is not to be trusted with attempts. The pauses before so many restarts are together shorter than any fence.
    private const int RestartsForgiven = 5;
    private static readonly TimeSpan ForgivenWithin = TimeSpan.FromMinutes(1);

    private readonly Queue<long> _starts = new();
    private readonly TaskCompletionSource _givenUp = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public AttemptBooks Books { get; } = new(time);

    public Draining Draining { get; } = new();

    /// <summary>Null before the first start of the actor.</summary>
    public LeaderLink? Leader { get; set; }

    /// <summary>Ends when the actor has failed too often: the attempts are being killed, and the node must end.</summary>
    public Task GivenUp => _givenUp.Task;

    /// <summary>Counts a start of the actor.</summary>
    /// <returns>False when there were too many: nothing may be taken up any more.</returns>
    public bool MayStart()
    {
        var now = time.GetTimestamp();
        while (_starts.TryPeek(out var first) && time.GetElapsedTime(first, now) > ForgivenWithin)
        {
            _starts.Dequeue();
        }

        _starts.Enqueue(now);
        return !GivenUp.IsCompleted && _starts.Count <= RestartsForgiven + 1;
    }

    /// <summary>Nobody is left to watch over the attempts: all are killed.</summary>
    public void GiveUp()
    {
        KillAll("The worker has failed.");
        _givenUp.TrySetResult();
    }

    /// <summary>Kills whatever runs. From any thread, once the actor has stopped.</summary>
    public void KillAll(string reason)
    {
        foreach (var held in Books.Held.ToArray())
        {
            try
            {
                held.Running?.Kill(reason, Core.TaskInstances.OutcomeKind.Lost);
            }
            catch (AggregateException)
            {
                // What one attempt does about its end must not keep the others alive.
            }
        }
    }
}

/// <summary>A stop in order, as far as it has come.</summary>
internal sealed class Draining
{
    /// <summary>Who waits for the end; null when nobody has asked, or the answer was given.</summary>
    public ActorRef? Asker { get; set; }

    public bool HasBegun { get; private set; }

    /// <summary>UTC; from then on what still runs is killed.</summary>
    public DateTimeOffset Until { get; private set; }

    /// <summary>False when it has begun already.</summary>
    public bool Begin(DateTimeOffset until)
    {
        if (HasBegun)
        {
            return false;
        }

        (HasBegun, Until) = (true, until);
        return true;
    }
}
