using System.Globalization;
using Sluice.Authoring.Operators;

namespace Sluice.Authoring.Sensors;

/// <summary>Waits until a time of day, or until an instant.</summary>
public sealed class TimeSensor : Sensor
{
    private static readonly string[] TimesOfDay = ["H:mm", "HH:mm", "HH:mm:ss"];

    /// <summary>
    /// <c>09:30</c>: that time in the Dag's time zone, on the day on which the data interval ends (in a backfill it is past already).
    /// <c>2021-02-06T09:30:00+09:00</c>: that instant; without an offset it is read in the Dag's time zone.
    /// </summary>
    [Templated]
    public string Target { get; set; } = "";

    /// <summary>Moved by tests.</summary>
    internal TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <inheritdoc/>
    public override ValueTask<Poke> PokeAsync(TaskContext context, CancellationToken cancellationToken)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(context.Dag.TimeZone);
        return ValueTask.FromResult(Clock.GetUtcNow() >= Resolve(zone, context.DataInterval.End) ? Poke.Done : Poke.NotYet);
    }

    private DateTimeOffset Resolve(TimeZoneInfo zone, DateTimeOffset intervalEnd)
    {
        var text = Target.Trim();
        if (TimeOnly.TryParseExact(text, TimesOfDay, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
        {
            var day = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(intervalEnd, zone).DateTime);
            return InZone(day.ToDateTime(time), zone);
        }

        // Parsed twice because only the DateTime tells whether the text has an offset.
        if (!DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var local)
            || !DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant))
        {
            throw new TaskFailedException($"'{Target}' is neither a time of day such as 09:30 nor an instant such as 2021-02-06T09:30:00+09:00.");
        }

        return local.Kind == DateTimeKind.Unspecified ? InZone(local, zone) : instant;
    }

    // A time that the clocks skip begins when they have been put forward; one that comes twice is the first.
    private static DateTimeOffset InZone(DateTime local, TimeZoneInfo zone)
    {
        while (zone.IsInvalidTime(local))
        {
            local = local.AddMinutes(1);
        }

        return new(local, zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max() : zone.GetUtcOffset(local));
    }
}
