using System.Globalization;
using NodaTime;
using NodaTime.TimeZones;

namespace Sluice.Authoring.Dags;

/// <summary>A moment as a Dag's author writes it: a wall-clock time in the Dag's own zone, or an instant with an offset.</summary>
/// <remarks>Converts from <see cref="DateTimeOffset"/> (an instant), <see cref="DateOnly"/> and <see cref="DateTime"/> (an instant when its kind is UTC).</remarks>
public readonly record struct Date
{
    // A wall-clock time that a change of the clocks skips moves forward by the gap; one that comes twice is its second occurrence.
    private static readonly ZoneLocalMappingResolver Resolver =
        Resolvers.CreateMappingResolver(Resolvers.ReturnLater, Resolvers.ReturnForwardShifted);

    private readonly LocalDateTime _wallClock;
    private readonly DateTimeOffset? _instant;

    private Date(LocalDateTime wallClock, DateTimeOffset? instant) => (_wallClock, _instant) = (wallClock, instant);

    /// <summary>A day, or a minute of it, in the Dag's time zone.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such day or time.</exception>
    public static Date Of(int year, int month, int day, int hour = 0, int minute = 0, int second = 0) =>
        new(new LocalDateTime(year, month, day, hour, minute, second), null);

    /// <summary>Reads <c>2021-02-05</c>, <c>2021-02-05T06:00</c> (the Dag's time zone) or <c>2021-02-05T06:00:00+09:00</c> (an instant).</summary>
    /// <exception cref="FormatException">It is none of these.</exception>
    public static Date Parse(string text)
    {
        const DateTimeStyles Exact = DateTimeStyles.None;
        string[] wallClock = ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd HH:mm", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd HH:mm:ss"];
        string[] instant = ["yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];
        if (DateTime.TryParseExact(text, wallClock, CultureInfo.InvariantCulture, Exact, out var local))
        {
            return local;
        }

        return DateTimeOffset.TryParseExact(text, instant, CultureInfo.InvariantCulture, Exact, out var at)
            ? at
            : throw new FormatException($"'{text}' is not a date like 2021-02-05, 2021-02-05T06:00 or 2021-02-05T06:00:00+09:00.");
    }

    /// <summary>The instant that it names in a zone, UTC.</summary>
    /// <exception cref="FormatException">There is no such zone.</exception>
    public DateTimeOffset ToUtc(string timeZone)
    {
        if (_instant is { } at)
        {
            return at.ToUniversalTime();
        }

        var zone = DateTimeZoneProviders.Tzdb.GetZoneOrNull(timeZone)
            ?? throw new FormatException($"There is no time zone '{timeZone}'; use a name of the tz database, such as Asia/Seoul or UTC.");
        return zone.ResolveLocal(_wallClock, Resolver).ToInstant().ToDateTimeOffset();
    }

    /// <inheritdoc/>
    public override string ToString() =>
        _instant?.ToString("O", CultureInfo.InvariantCulture) ?? _wallClock.ToString("uuuu-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>An instant.</summary>
    public static implicit operator Date(DateTimeOffset instant) => new(default, instant);

    /// <summary>Midnight of a day in the Dag's time zone.</summary>
    public static implicit operator Date(DateOnly day) => Of(day.Year, day.Month, day.Day);

    /// <summary>An instant when its kind is UTC, else a wall-clock time in the Dag's time zone.</summary>
    public static implicit operator Date(DateTime time) => time.Kind == DateTimeKind.Utc
        ? new(default, new DateTimeOffset(time))
        : new(LocalDateTime.FromDateTime(time), null);
}
