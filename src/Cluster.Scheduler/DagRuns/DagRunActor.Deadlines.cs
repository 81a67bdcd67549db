using Microsoft.Extensions.Logging;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;

namespace Sluice.Scheduler.DagRuns;

/// <content>Watches the clock for the moments by which the run should be over.</content>
internal sealed partial class DagRunActor
{
    /// <summary>Sets the alarm for the next deadline; a day at a time, since it may be far away.</summary>
    private void SetDeadlineAlarm()
    {
        if (_run.Phase is RunState.Queued or RunState.Running && _run.NextDeadline is { } due)
        {
            var wait = Math.Clamp((due - Now).Ticks, TimeSpan.TicksPerMillisecond, TimeSpan.TicksPerDay);
            Context.Timers.StartSingle("deadline", TimeSpan.FromTicks(wait), DeadlineIsUp.Instance);
        }
    }

    private void OnDeadline()
    {
        Apply(new MissDeadlines(Now));
        Advance();
        SetDeadlineAlarm();
    }

    private void Project(DeadlineMissed e)
    {
        _pending.Changes.Add(DagRunRows.Of(_run));
        LogMissed(Context.Logger, _run.Facts.Dag, _run.Facts.Id, e.Name, e.Due.UtcDateTime);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Dag} {Run} missed its deadline '{Deadline}': it should have been over by {Due:yyyy-MM-dd HH:mm:ss} UTC")]
    internal static partial void LogMissed(ILogger logger, DagId dag, RunId run, string deadline, DateTime due);

    private sealed record DeadlineIsUp
    {
        public static DeadlineIsUp Instance { get; } = new();
    }
}
