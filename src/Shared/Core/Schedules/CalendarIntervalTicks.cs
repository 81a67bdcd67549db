using NodaTime;

namespace Sluice.Core.Schedules;

/// <summary>Ticks of months and days on a zone's wall clock through an anchor, before and after it; each step goes from the one nearer to the anchor.</summary>
internal sealed class CalendarIntervalTicks(DateTime anchor, int months, int days, DateTimeZone zone) : Ticks
{
    /// <summary>The longest step.</summary>
    public const int MaxMonths = 1200;

    /// <inheritdoc cref="MaxMonths"/>
    public const int MaxDays = 36_525;

    // No step leads out of what DateTime holds from in between.
    private const int FirstYear = 300;
    private const int LastYear = 9700;

    private readonly DateTime? _wall = anchor.Year is < FirstYear or > LastYear
        ? null
        : Instant.FromDateTimeUtc(DateTime.SpecifyKind(anchor, DateTimeKind.Utc)).InZone(zone).ToDateTimeUnspecified();

    public override DateTime? After(DateTime instant)
    {
        if (instant >= anchor)
        {
            return Walk(1, instant).FirstOrDefault(tick => tick > instant);
        }

        return Walk(-1, instant).TakeWhile(tick => tick > instant).LastOrDefault();
    }

    public override DateTime? Before(DateTime instant)
    {
        if (instant <= anchor)
        {
            return Walk(-1, instant).FirstOrDefault(tick => tick < instant);
        }

        return Walk(1, instant).TakeWhile(tick => tick < instant).LastOrDefault();
    }

    /// <summary>Ticks away from the anchor, from the anchor or from some steps before an instant on.</summary>
    private IEnumerable<DateTime?> Walk(int direction, DateTime towards)
    {
        if (_wall is not { } wall)
        {
            yield return DateTime.SpecifyKind(anchor, DateTimeKind.Utc);
            yield break;
        }

        var steps = StepsToSkip(wall, towards);
        if (steps == 0)
        {
            yield return DateTime.SpecifyKind(anchor, DateTimeKind.Utc);
        }
        else
        {
            wall = wall.AddMonths(direction * steps * months).AddDays((double)direction * steps * days);
            yield return zone.ToUtc(wall).UtcDateTime;
        }

        while (true)
        {
            wall = wall.AddMonths(direction * months).AddDays(direction * days);
            if (wall.Year is < FirstYear or > LastYear)
            {
                yield break;
            }

            yield return zone.ToUtc(wall).UtcDateTime;
        }
    }

    /// <summary>How many steps need not be walked one by one: none where a short month may take days off.</summary>
    private int StepsToSkip(DateTime wall, DateTime towards)
    {
        const int Margin = 4;
        if (towards.Year is <= FirstYear or >= LastYear || (months > 0 && (days > 0 || wall.Day > 28)))
        {
            return 0;
        }

        var distance = months == 0
            ? (long)((towards - anchor).Duration().TotalDays / days)
            : Math.Abs(((towards.Year - wall.Year) * 12) + towards.Month - wall.Month) / months;
        return (int)Math.Max(0, distance - Margin);
    }
}
