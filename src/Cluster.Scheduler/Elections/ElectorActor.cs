using System.Globalization;
using Microsoft.Extensions.Logging;
using Sluice.Actors;
using Sluice.Storage.Leases;

namespace Sluice.Scheduler.Elections;

/// <summary>A message for the scheduler that this node leads with; answered by <see cref="NotLeading"/> when it does not lead.</summary>
internal sealed record ToScheduler(object Message);

internal sealed record NotLeading
{
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
    private DateTimeOffset _renewedAt;
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
            case Asked { Epoch: { } epoch } asked when _epoch is null:
                _asking = false;
                Lead(epoch, asked.At);
                break;
            case Asked asked:
                _asking = false;
                if (asked.Renewed)
                {
                    _renewedAt = asked.At;
                }
                else if (_epoch is not null)
                {
                    StepDown("another scheduler holds the lease");
                }

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
                    Ask(Release(lost));
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
        var now = Context.Time.GetUtcNow();
        if (_epoch is { } held && now - _renewedAt > timeToLive * 0.8)
        {
            StepDown($"the lease could not be renewed for {(now - _renewedAt).TotalSeconds:0.#} s");
        }
        else if (!_asking && _epoch is { } epoch && now - _renewedAt >= timeToLive / 3)
        {
            Ask(RenewAsync(epoch, now));
        }
        else if (!_asking && _epoch is null && _scheduler is null)
        {
            Ask(AcquireAsync(now));
        }
    }

    private void Ask(Task<Asked> question)
    {
        _asking = true;
        Context.PipeToSelf(question, answer => answer, error => new Failed(error));
    }

    private async Task<Asked> AcquireAsync(DateTimeOffset at)
    {
        var lease = await leases.TryAcquireAsync(holder, address, timeToLive, CancellationToken.None);
        return new(lease?.Epoch, false, at);
    }

    private async Task<Asked> RenewAsync(long epoch, DateTimeOffset at) =>
        new(null, await leases.RenewAsync(holder, epoch, timeToLive, CancellationToken.None), at);

    private async Task<Asked> Release(long epoch)
    {
        await leases.ReleaseAsync(holder, epoch, CancellationToken.None);
        return new(null, false, default);
    }

    private void Lead(long epoch, DateTimeOffset at)
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

    /// <param name="Epoch">Acquired at this epoch; null when not.</param>
    /// <param name="Renewed">The lease held was extended.</param>
    /// <param name="At">When the question was asked: the lease counts from before the answer.</param>
    private sealed record Asked(long? Epoch, bool Renewed, DateTimeOffset At);

    private sealed record Failed(Exception Error);
}
