using System.Globalization;
using Sluice.Actors;

namespace Sluice.Scheduler.DagRuns;

/// <summary>Waits out one gap between two pokes, holding no slot: a delayed message to itself, then a word to its run.</summary>
internal sealed class SensorActor(DateTimeOffset due, object wake) : Actor
{
    protected override ValueTask PreStartAsync()
    {
        Wait();
        return ValueTask.CompletedTask;
    }

    protected override ValueTask ReceiveAsync(object message)
    {
        // A timer may fire a moment early, or have been cut to the longest that a timer can wait.
        if (Context.Time.GetUtcNow() < due)
        {
            Wait();
        }
        else
        {
            Context.Parent!.Tell(message);
            Context.StopSelf();
        }

        return ValueTask.CompletedTask;
    }

    private void Wait()
    {
        var wait = due - Context.Time.GetUtcNow();
        Context.Timers.StartSingle("due", TimeSpan.FromTicks(Math.Clamp(wait.Ticks, TimeSpan.TicksPerMillisecond, TimeSpan.TicksPerDay)), wake);
    }

    protected override string Describe() => string.Create(CultureInfo.InvariantCulture, $"pokes again at {due:O}");
}
