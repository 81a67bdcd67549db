using Microsoft.Extensions.Logging;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Sensors;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Authoring.Execution;

/// <summary>How one attempt of a sensor ended: done with a value, or with an outcome that is no success.</summary>
internal readonly record struct SensorWait(object? Value, TaskOutcome? Ended)
{
    /// <summary>Pokes until it is done, gives its slot back, or has waited longer than its timeout. It pokes before it looks at the clock.</summary>
    public static async Task<SensorWait> RunAsync(
        Sensor sensor, SensorSpec settings, TaskContext context, TimeProvider time, DateTimeOffset firstPokeAt, CancellationToken stop)
    {
        while (true)
        {
            var poke = await PokeAsync(sensor, settings, context, stop);
            if (poke.IsDone)
            {
                return new(poke.Value, null);
            }

            var now = time.GetUtcNow();
            if (now - firstPokeAt > settings.Timeout)
            {
                return new(null, new()
                {
                    Kind = settings.SoftFail ? OutcomeKind.Skipped : OutcomeKind.FailedFinally,
                    Error = $"Waited for {now - firstPokeAt:c}, longer than the sensor's timeout of {settings.Timeout:c}.",
                });
            }

            var gap = PokeGaps.After(settings, context.Run.Dag, DagRunState.NameOf(context.Task.Id, context.MapIndex), firstPokeAt, now - firstPokeAt);
            if (settings.Mode == SensorMode.Reschedule)
            {
                context.Log($"Not there yet; next poke at {now + gap:yyyy-MM-dd'T'HH:mm:ss.fffK}.");
                return new(null, new() { Kind = OutcomeKind.Rescheduled, ResumeAt = now + gap });
            }

            context.Log($"Not there yet; next poke in {gap:c}.");
            await Task.Delay(gap, time, stop);
        }
    }

    private static async ValueTask<Poke> PokeAsync(Sensor sensor, SensorSpec settings, TaskContext context, CancellationToken stop)
    {
        try
        {
            var poke = await sensor.PokeAsync(context, stop);
            return settings.Watch is { } part ? await WatchedAsset.JudgeAsync(part, poke, context, stop) : poke;
        }
        catch (Exception e) when (settings.SilentFail && !stop.IsCancellationRequested && e is not (TaskFailedException or TaskSkippedException or TaskRetryException))
        {
            context.Log(LogLevel.Warning, $"The poke failed, which counts as not yet (silent_fail): {AttemptErrors.Describe(e)}");
            return Poke.NotYet;
        }
    }
}
