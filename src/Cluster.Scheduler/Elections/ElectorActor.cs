using System.Globalization;
using Microsoft.Extensions.Logging;
using Sluice.Actors;
using Sluice.Storage.Leases;

namespace Sluice.Scheduler.Elections;

/// <summary>A message for the scheduler that this node leads with; answered by <see cref="NotLeading"/> when it does not lead.</summary>
internal sealed record ToScheduler(object Message);

internal sealed record NotLeading
{
    /// <summary>For people. Nothing was done.</summary>
    public const string Sentence =
        "No scheduler leads at the moment: the last leader lives, but does not hold the lease. It takes it again as soon as the database lets it; then try again.";

    public static NotLeading Instance { get; } = new();
}

/// <summary>Holds the lease, or waits for it; while it holds it, the scheduler is its child.</summary>
/// <param name="leases">The lease.</param>
/// <param name="holder">This node's id.</param>
/// <param name="address">Where workers reach this node.</param>
/// <param name="timeToLive">Life of the lease without renewal.</param>
/// <param name="scheduler">Makes the scheduler of an epoch.</param>
internal sealed partial class ElectorActor(
    ILeaseStore leases, string holder, string address, TimeSpan timeToLive, Func<long, Props> scheduler) : Actor
{
    private long? _epoch;
    private ActorRef? _scheduler;
    private long _renewedAt; // a timestamp: setting the machine's clock does not lengthen a lease
    private bool _asking;

    protected override ValueTask PreStartAsync()
    {
        Context.Timers.StartPeriodic("turn", TimeSpan.FromTicks(timeToLive.Ticks / 6), Turn.Instance);
        Context.Self.Tell(Turn.Instance);
        return ValueTask.CompletedTask;
    }

    protected override async ValueTask PostStopAsync()
    {
        if (_epoch is { } epoch)
        {
            await leases.ReleaseAsync(holder, epoch, CancellationToken.None);
        }
    }

    protected override ValueTask ReceiveAsync(object message)
    {
        switch (message)
        {
            case Turn:
                TakeTurn();
                break;
            case Acquired acquired:
                _asking = false;
                if (acquired.Epoch is { } epoch)
                {
                    Lead(epoch, acquired.At);
                }

                break;
            case Renewed renewed:
                _asking = false;
                if (renewed.Held && renewed.Epoch == _epoch)
                {
                    _renewedAt = renewed.At;
                }
                else if (renewed.Epoch == _epoch)
                {
                    StepDown("another scheduler holds the lease");
                }

                break;
            case Released:
                _asking = false;
                break;
            case Failed failed:
                _asking = false;
                LogUnreachable(Context.Logger, failed.Error.Message);
                break;
            case ToScheduler to when _epoch is not null && _scheduler is not null:
                _scheduler.Tell(to.Message, Context.Sender);
                break;
            case ToScheduler:
                Context.Sender?.Tell(NotLeading.Instance);
                break;
            case Terminated gone when gone.Actor == _scheduler:
                // It failed: whatever it had in memory is void; the next leadership replays the journal.
                _scheduler = null;
                if (_epoch is { } lost)
                {
                    _epoch = null;
                    LogSteppedDown(Context.Logger, lost, "the scheduler failed");
                    Ask(ReleaseAsync(lost));
                }

                break;
        }

        return ValueTask.CompletedTask;
    }

    protected override string Describe() => _epoch is { } epoch
        ? string.Create(CultureInfo.InvariantCulture, $"leads at epoch {epoch}")
        : "standby";

    private void TakeTurn()
    {
        var now = Context.Time.GetTimestamp();
        var age = Context.Time.GetElapsedTime(_renewedAt, now);
        if (_epoch is not null && age > timeToLive * 0.8)
        {
            StepDown($"the lease could not be renewed for {age.TotalSeconds:0.#} s");
        }
        else if (!_asking && _epoch is { } epoch && age >= timeToLive / 3)
        {
            Ask(RenewAsync(epoch, now));
        }
        else if (!_asking && _epoch is null && _scheduler is null)
        {
            Ask(AcquireAsync(now));
        }
    }

    private void Ask<T>(Task<T> question)
        where T : class
    {
        _asking = true;
        Context.PipeToSelf(question, answer => answer, error => new Failed(error));
    }

    private async Task<Acquired> AcquireAsync(long at)
    {
        var lease = await leases.TryAcquireAsync(holder, address, timeToLive, CancellationToken.None);
        return new(lease?.Epoch, at);
    }

    private async Task<Renewed> RenewAsync(long epoch, long at) =>
        new(epoch, await leases.RenewAsync(holder, epoch, timeToLive, CancellationToken.None), at);

    private async Task<Released> ReleaseAsync(long epoch)
    {
        await leases.ReleaseAsync(holder, epoch, CancellationToken.None);
        return new();
    }

    private void Lead(long epoch, long at)
    {
        (_epoch, _renewedAt) = (epoch, at);
        LogLeads(Context.Logger, epoch);
        _scheduler = Context.Spawn(scheduler(epoch), string.Create(CultureInfo.InvariantCulture, $"scheduler-{epoch}"));
        Context.Watch(_scheduler);
    }

    private void StepDown(string reason)
    {
        LogSteppedDown(Context.Logger, _epoch!.Value, reason);
        _epoch = null;
        if (_scheduler is not null)
        {
            Context.Stop(_scheduler);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "This node leads at epoch {Epoch}")]
    private static partial void LogLeads(ILogger logger, long epoch);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Leadership of epoch {Epoch} ended: {Reason}")]
    private static partial void LogSteppedDown(ILogger logger, long epoch, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The lease cannot be reached: {Error}")]
    private static partial void LogUnreachable(ILogger logger, string error);

    private sealed record Turn
    {
        public static Turn Instance { get; } = new();
    }

    /// <param name="Epoch">Null when someone else holds the lease.</param>
    /// <param name="At">When the question was asked: the lease counts from before the answer.</param>
    private sealed record Acquired(long? Epoch, long At);

    /// <param name="Epoch">The epoch that was asked for: the answer may come when it is over.</param>
    /// <param name="Held">False when the lease is no longer this holder's.</param>
    /// <param name="At">When the question was asked.</param>
    private sealed record Renewed(long Epoch, bool Held, long At);

    private sealed record Released;

    private sealed record Failed(Exception Error);
}
