using Sluice.Authoring.Operators;
using Sluice.Authoring.Sensors;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Authoring.Execution;

/// <summary>How one attempt of a sensor ended: done with a value, or with an outcome that is no success.</summary>
internal readonly record struct SensorWait(object? Value, TaskOutcome? Ended)
{
    /// <summary>Pokes until it is done, gives its slot back, or has waited longer than its timeout. It pokes before it looks at the clock.</summary>
    public static async Task<SensorWait> RunAsync(
        Sensor sensor, TaskContext context, TimeProvider time, DateTimeOffset firstPokeAt, CancellationToken stop)
    {
        var settings = context.Task.Sensor
            ?? new() { Mode = sensor.Mode, PokeInterval = sensor.PokeInterval, Timeout = sensor.Timeout, SoftFail = sensor.SoftFail };
        while (true)
        {
            var poke = await sensor.PokeAsync(context, stop);
            if (settings.Watch is { } part)
            {
                poke = await WatchedAsset.JudgeAsync(part, poke, context, stop);
            }

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

            if (settings.Mode == SensorMode.Reschedule)
            {
                var resumeAt = now + settings.PokeInterval;
                context.Log($"Not there yet; next poke at {resumeAt:yyyy-MM-dd'T'HH:mm:ss.fffK}.");
                return new(null, new() { Kind = OutcomeKind.Rescheduled, ResumeAt = resumeAt });
            }

            context.Log($"Not there yet; next poke in {settings.PokeInterval:c}.");
            await Task.Delay(settings.PokeInterval, time, stop);
        }
    }
}
