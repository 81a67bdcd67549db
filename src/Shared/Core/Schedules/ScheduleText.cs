using System.Globalization;

namespace Sluice.Core.Schedules;

/// <summary>A schedule in a few characters, for tables.</summary>
public static class ScheduleText
{
    /// <summary><c>0 2 * * *</c>, <c>at 0 2 * * *</c>, <c>at 0 2 * * * over 1.00:00:00</c>, <c>every 01:30:00</c>, <c>every 3 months</c>, <c>once</c>, <c>assets orders &amp; customers</c>, <c>none</c>.</summary>
    public static string Of(Schedule? schedule) => schedule switch
    {
        CronSchedule cron => Of(cron),
        CronTriggerSchedule at => "at " + Of(at) + (at.Interval == TimeSpan.Zero ? "" : $" over {at.Interval:c}")
            + (at.Immediately ? ", at once" : at.ImmediatelyWithin is { } within ? $", at once within {within:c}" : ""),
        IntervalSchedule interval => $"every {interval.Length:c}",
        CalendarIntervalSchedule interval => Of(interval),
        OnceSchedule => "once",
        ContinuousSchedule => "continuous",
        AssetSchedule assets => $"assets {assets.When}",
        AssetOrTimeSchedule both => $"{Of(both.Time)} or assets {both.When}",
        _ => "none",
    };

    private static string Of(CronBasedSchedule cron) =>
        string.Join(" | ", cron.Expressions) + (cron.Days is { } days ? $", {CalendarRule.NameOf(days.Rule)} of {days.Calendar.Name}" : "");

    private static string Of(CalendarIntervalSchedule interval)
    {
        var parts = new List<string>();
        if (interval.Months != 0)
        {
            parts.Add(Many(interval.Months % 12 == 0 ? interval.Months / 12 : interval.Months, interval.Months % 12 == 0 ? "year" : "month"));
        }

        if (interval.Days != 0)
        {
            parts.Add(Many(interval.Days, "day"));
        }

        return "every " + string.Join(' ', parts);
    }

    private static string Many(int count, string what) =>
        count == 1 ? what : string.Create(CultureInfo.InvariantCulture, $"{count} {what}s");
}
