using NodaTime;
using NodaTime.TimeZones;

namespace Sluice.Core.Templates;

/// <summary>A pendulum DateTime, or a datetime without zone. Holds microseconds; finer parts are cut off.</summary>
public sealed class DateTimeValue : TemplateValue
{
    // As pendulum does: a wall clock time that does not exist moves forward, one that exists twice is the later.
    private static readonly ZoneLocalMappingResolver Resolver =
        Resolvers.CreateMappingResolver(Resolvers.ReturnLater, Resolvers.ReturnForwardShifted);

    /// <summary>An offset of zero is the zone UTC, any other a fixed offset.</summary>
    public DateTimeValue(DateTimeOffset value)
    {
        var zoned = OffsetDateTime.FromDateTimeOffset(value);
        Local = Cut(zoned.LocalDateTime);
        Zone = DateTimeZone.ForOffset(zoned.Offset);
        Offset = zoned.Offset;
    }

    private DateTimeValue(LocalDateTime local, Offset? offset, DateTimeZone? zone) => (Local, Offset, Zone) = (Cut(local), offset, zone);

    /// <summary>The same instant on the same clock; without a zone it is read as UTC.</summary>
    public DateTimeOffset ToDateTimeOffset() => Local.WithOffset(Offset ?? NodaTime.Offset.Zero).ToDateTimeOffset();

    internal LocalDateTime Local { get; }

    /// <summary>Null without a zone.</summary>
    internal Offset? Offset { get; }

    internal DateTimeZone? Zone { get; }

    internal bool IsNaive => Offset is null;

    /// <summary>The instant; without a zone the wall clock is read as UTC.</summary>
    internal Instant Instant => Local.WithOffset(Offset ?? NodaTime.Offset.Zero).ToInstant();

    internal int Microsecond => (int)(Local.NanosecondOfSecond() / 1000);

    internal override string TypeName => "datetime";

    internal static DateTimeValue Naive(LocalDateTime local) => new(local, null, null);

    internal static DateTimeValue At(Instant instant, DateTimeZone zone)
    {
        var zoned = instant.InZone(zone);
        return new(zoned.LocalDateTime, zoned.Offset, zone);
    }

    internal static DateTimeValue AtOffset(LocalDateTime local, Offset offset) => new(local, offset, DateTimeZone.ForOffset(offset));

    internal static DateTimeValue In(LocalDateTime local, DateTimeZone zone) => new DateTimeValue(local, NodaTime.Offset.Zero, zone).WithLocal(local);

    /// <summary>Another wall clock time in the same zone.</summary>
    internal DateTimeValue WithLocal(LocalDateTime local)
    {
        if (Zone is null)
        {
            return Naive(local);
        }

        var zoned = Zone.ResolveLocal(local, Resolver);
        return new(zoned.LocalDateTime, zoned.Offset, Zone);
    }

    /// <summary>Elapsed time later, on the same clock.</summary>
    internal DateTimeValue Plus(Duration elapsed) =>
        Zone is null ? Naive(Local.PlusNanoseconds((long)elapsed.ToInt64Nanoseconds())) : At(Instant + elapsed, Zone);

    private static LocalDateTime Cut(LocalDateTime local) =>
        local.Year is >= 1 and <= 9999
            ? local.PlusNanoseconds(-(local.NanosecondOfSecond() % 1000))
            : throw new TemplateException($"The year {local.Year} is out of range: dates lie between the years 1 and 9999.");
}

/// <summary>What <c>tzinfo</c> gives.</summary>
internal sealed class ZoneValue(DateTimeZone zone) : TemplateValue
{
    public DateTimeZone Zone { get; } = zone;

    internal override string TypeName => "timezone";
}

/// <summary>Python's date.</summary>
internal sealed class DateValue(LocalDate value) : TemplateValue
{
    public LocalDate Value { get; } = value.Year is >= 1 and <= 9999
        ? value
        : throw new TemplateException($"The year {value.Year} is out of range: dates lie between the years 1 and 9999.");

    internal override string TypeName => "date";
}

internal static class LocalDateTimeParts
{
    public static long NanosecondOfSecond(this LocalDateTime local) => local.NanosecondOfDay % 1_000_000_000;
}
