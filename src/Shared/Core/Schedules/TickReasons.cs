using System.Globalization;
using NodaTime;

namespace Sluice.Core.Schedules;

/// <summary>Why a tick is not where the cron expression puts it: the zone's clock, or a business calendar.</summary>
internal static class TickReasons
{
    public static IEnumerable<string> Of(Ticks ticks, DateTime tick, DateTimeZone zone) => ticks switch
    {
        MergedTicks merged => merged.Parts.SelectMany(part => Of(part, tick, merged.Before(tick), zone)).Distinct(),
        _ => Of(ticks, tick, ticks.Before(tick), zone),
    };

    private static IEnumerable<string> Of(Ticks ticks, DateTime tick, DateTime? before, DateTimeZone zone)
    {
        if (ticks is not CronTicks cron)
        {
            yield break;
        }

        if (cron.Wall is CalendarTicks calendar && before is { } previous)
        {
            foreach (var skipped in calendar.LeftOut(WallAt(previous, zone), WallAt(tick, zone)))
            {
                yield return $"{Text(skipped)} is left out: {WorkingDays.Text(DateOnly.FromDateTime(skipped))} is {calendar.Days.Describe(DateOnly.FromDateTime(skipped))}.";
            }
        }

        foreach (var wall in WallsOf(cron, tick, zone))
        {
            if (cron.Wall is CalendarTicks moving)
            {
                foreach (var origin in moving.Origins(wall).Where(origin => origin != wall))
                {
                    yield return $"{Text(origin)} is moved to {Text(wall)}: {WorkingDays.Text(DateOnly.FromDateTime(origin))} is {moving.Days.Describe(DateOnly.FromDateTime(origin))}.";
                }
            }

            var mapping = zone.MapLocal(LocalDateTime.FromDateTime(wall));
            if (mapping.Count == 0)
            {
                yield return $"{Text(wall)} does not exist in {zone.Id}: moved to {Text(WallAt(tick, zone))}.";
            }
            else if (mapping.Count == 2 && !cron.Wall.RunsEveryHour)
            {
                yield return $"{Text(wall)} comes twice in {zone.Id}: the second time counts.";
            }
        }
    }

    /// <summary>The times of the expression that come out at an instant: where the wall clock stands, and where it would if it had not been set forward.</summary>
    private static IEnumerable<DateTime> WallsOf(CronTicks cron, DateTime tick, DateTimeZone zone)
    {
        var instant = Instant.FromDateTimeUtc(DateTime.SpecifyKind(tick, DateTimeKind.Utc));
        var span = zone.GetZoneInterval(instant);
        var wall = WallAt(tick, zone);
        if (IsTick(cron.Wall, wall))
        {
            yield return wall;
        }

        if (span.HasStart && zone.GetZoneInterval(span.Start - Duration.Epsilon) is var earlier && earlier.WallOffset < span.WallOffset)
        {
            var skipped = tick + earlier.WallOffset.ToTimeSpan();
            if (zone.MapLocal(LocalDateTime.FromDateTime(skipped)).Count == 0 && IsTick(cron.Wall, skipped))
            {
                yield return DateTime.SpecifyKind(skipped, DateTimeKind.Unspecified);
            }
        }
    }

    private static bool IsTick(WallTicks wall, DateTime at) => wall.Next(at.AddTicks(-1)) == at;

    private static DateTime WallAt(DateTime utc, DateTimeZone zone) =>
        Instant.FromDateTimeUtc(DateTime.SpecifyKind(utc, DateTimeKind.Utc)).InZone(zone).ToDateTimeUnspecified();

    private static string Text(DateTime wall) =>
        wall.ToString(wall.Second == 0 ? "yyyy-MM-dd HH:mm" : "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
