using Sluice.Core.Schedules;

namespace Sluice.Scheduler.Dags;

/// <summary>A schedule in a few characters, for tables.</summary>
internal static class ScheduleText
{
    public static string Of(Schedule? schedule) => schedule switch
    {
        CronSchedule cron => cron.Expression,
        IntervalSchedule interval => $"every {interval.Length:c}",
        CronTriggerSchedule at => $"at {at.Expression}",
        OnceSchedule => "once",
        _ => "none",
    };
}
