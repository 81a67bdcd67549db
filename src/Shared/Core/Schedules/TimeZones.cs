using System.Diagnostics.CodeAnalysis;
using NodaTime;
using NodaTime.TimeZones;

namespace Sluice.Core.Schedules;

/// <summary>Time zones by their tz database id, from the data that NodaTime carries: the same on every machine.</summary>
internal static class TimeZones
{
    private static readonly ZoneLocalMappingResolver Resolver =
        Resolvers.CreateMappingResolver(Resolvers.ReturnLater, Resolvers.ReturnForwardShifted);

    public static bool TryFind(string id, [NotNullWhen(true)] out DateTimeZone? zone, [NotNullWhen(false)] out string? error)
    {
        zone = DateTimeZoneProviders.Tzdb.GetZoneOrNull(id);
        if (zone is not null)
        {
            error = null;
            return true;
        }

        var meant = DateTimeZoneProviders.Tzdb.Ids.FirstOrDefault(known => known.Equals(id, StringComparison.OrdinalIgnoreCase));
        error = meant is null
            ? $"There is no time zone \"{id}\"; use a tz database id such as Asia/Seoul or UTC."
            : $"There is no time zone \"{id}\"; it is written {meant}.";
        return false;
    }

    /// <summary>The instant of a wall-clock time: a skipped one moves forward by the gap, a repeated one is the second.</summary>
    public static DateTimeOffset ToUtc(this DateTimeZone zone, DateTime wall) =>
        zone.ResolveLocal(LocalDateTime.FromDateTime(wall), Resolver).ToInstant().ToDateTimeOffset();
}
