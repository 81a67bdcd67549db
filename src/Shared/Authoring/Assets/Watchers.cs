using Sluice.Authoring.Dags;
using Sluice.Authoring.Sensors;
using Sluice.Core.Assets;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;

namespace Sluice.Authoring.Assets;

/// <summary>Dags that watch something outside and update an asset each time that it happens.</summary>
internal static class Watchers
{
    private const int Endless = 1_000_000;

    private static readonly TimeSpan LongestRetryDelay = TimeSpan.FromMinutes(10);

    /// <summary>A watcher runs for ever, one occurrence a run.</summary>
    public static void Prepare(DagBuilder dag)
    {
        dag.Schedule = Schedule.Continuous;
        dag.StartDate = Date.Of(2000, 1, 1);
        dag.MaxActiveRuns = 1;
    }

    /// <summary>Adds the two tasks of a watcher: one waits until what was told of last is over, the other for the next.</summary>
    public static void Add(DagBuilder dag, Asset asset, Sensor sensor, SourceLocation location)
    {
        sensor.Mode = SensorMode.Async;
        sensor.Timeout = TimeSpan.FromDays(36_500);
        sensor.SoftFail = sensor.NeverFail = sensor.SilentFail = sensor.ExponentialBackoff = false;
        sensor.MaxWait = null;
        var rest = Settle(dag.Add("rest", (Sensor)sensor.Copy(), file: location.File, line: location.Line), WatchPart.Rest).Inlets(asset);
        rest.Then(Settle(dag.Add("watch", sensor, file: location.File, line: location.Line), WatchPart.Watch).Outlets(asset));

        TaskNode Settle(TaskNode task, WatchPart part)
        {
            task.Watch = part;
            task.Retries = Endless;
            task.RetryDelay ??= dag.Defaults.RetryDelay ?? sensor.PokeInterval;
            task.RetryExponentialBackoff ??= dag.Defaults.RetryExponentialBackoff ?? true;
            task.MaxRetryDelay ??= dag.Defaults.MaxRetryDelay ?? LongestRetryDelay;
            return task;
        }
    }
}
