namespace Sluice.Storage.Sql;

/// <summary>Times as both engines keep them: UTC, whole microseconds, cut off and not rounded.</summary>
internal static class StoredTime
{
    public static DateTimeOffset Truncate(DateTimeOffset time) => new(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);

    /// <summary>Microseconds since 1970, negative before.</summary>
    public static long ToMicroseconds(DateTimeOffset time) =>
        (Truncate(time).UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset FromMicroseconds(long microseconds) => DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);
}
