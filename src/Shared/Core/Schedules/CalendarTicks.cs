namespace Sluice.Core.Schedules;

/// <summary>The ticks of a cron expression, moved or left out by a calendar. A tick keeps its time of day; two that meet are one.</summary>
internal sealed class CalendarTicks(WallTicks inner, WorkingDays days, DayRule rule) : WallTicks
{
    // A tick moves no further than this; see WorkingDays.
    private static readonly TimeSpan FarthestMove = TimeSpan.FromDays(367);

    public override bool RunsEveryHour => inner.RunsEveryHour;

    public WorkingDays Days => days;

    public override DateTime? Next(DateTime after)
    {
        if (!Moves)
        {
            var tick = inner.Next(after);
            while (tick is { } found && Target(found) is null)
            {
                tick = inner.Next(StartOf(found, 1).AddTicks(-1));
            }

            return tick;
        }

        // The earliest target beyond: ticks whose own day lies beyond every target found so far, and the farthest move, cannot beat it.
        DateTime? best = null;
        var from = Back(after);
        for (var tick = inner.Next(from); tick is { } found; tick = inner.Next(found))
        {
            if (best is not null && found.Date > best.Value.Date && !CanMoveBack(found, best.Value))
            {
                break;
            }

            if (Target(found) is { } target && target > after && (best is null || target < best))
            {
                best = target;
            }
        }

        return best;
    }

    public override DateTime? Previous(DateTime before)
    {
        if (!Moves)
        {
            var tick = inner.Previous(before);
            while (tick is { } found && Target(found) is null)
            {
                tick = inner.Previous(StartOf(found, 0));
            }

            return tick;
        }

        DateTime? best = null;
        var from = Ahead(before);
        for (var tick = inner.Previous(from); tick is { } found; tick = inner.Previous(found))
        {
            if (best is not null && found.Date < best.Value.Date && !CanMoveAhead(found, best.Value))
            {
                break;
            }

            if (Target(found) is { } target && target < before && (best is null || target > best))
            {
                best = target;
            }
        }

        return best;
    }

    /// <summary>The ticks of the expression that come out at a time, oldest first.</summary>
    public IEnumerable<DateTime> Origins(DateTime tick)
    {
        if (!Moves)
        {
            yield return tick;
            yield break;
        }

        var until = Ahead(tick.AddTicks(1));
        for (var found = inner.Next(Back(tick.AddTicks(-1))); found < until; found = inner.Next(found.Value))
        {
            if (Target(found.Value) == tick)
            {
                yield return found.Value;
            }
        }
    }

    /// <summary>Ticks of the expression between two times, ends not included, that do not fire.</summary>
    public IEnumerable<DateTime> LeftOut(DateTime after, DateTime before)
    {
        for (var found = inner.Next(after); found < before; found = inner.Next(found.Value))
        {
            if (Target(found.Value) is null)
            {
                yield return found.Value;
            }
        }
    }

    private bool Moves => rule is DayRule.Next or DayRule.Previous or DayRule.NextInMonth;

    private DateTime? Target(DateTime tick) => days.Target(DateOnly.FromDateTime(tick), rule) is { } day
        ? day.ToDateTime(TimeOnly.FromTimeSpan(tick.TimeOfDay))
        : null;

    private static DateTime StartOf(DateTime tick, int daysLater) =>
        tick.Date > DateTime.MaxValue.Date.AddDays(-daysLater) ? DateTime.MaxValue : tick.Date.AddDays(daysLater);

    /// <summary>Where to begin to look for ticks that come out after a time: before the rest that ends there.</summary>
    private DateTime Back(DateTime after)
    {
        if (rule == DayRule.Previous)
        {
            return after.Date == DateTime.MinValue ? DateTime.MinValue : after.Date.AddTicks(-1);
        }

        var day = DateOnly.FromDateTime(after);
        for (var moved = TimeSpan.Zero; moved < FarthestMove && day > DateOnly.MinValue; moved += TimeSpan.FromDays(1))
        {
            day = day.AddDays(-1);
            if (days.IsWorked(day))
            {
                break;
            }
        }

        return day == DateOnly.MinValue ? DateTime.MinValue : day.ToDateTime(TimeOnly.MinValue).AddTicks(-1);
    }

    private DateTime Ahead(DateTime before)
    {
        if (rule == DayRule.Next)
        {
            return StartOf(before, 1);
        }

        var day = DateOnly.FromDateTime(before);
        for (var moved = TimeSpan.Zero; moved < FarthestMove && day < DateOnly.MaxValue; moved += TimeSpan.FromDays(1))
        {
            day = day.AddDays(1);
            if (days.IsWorked(day))
            {
                break;
            }
        }

        return StartOf(day.ToDateTime(TimeOnly.MinValue), 1);
    }

    // A later tick comes out no later than the best only when everything between the two is free and it is moved back.
    private bool CanMoveBack(DateTime tick, DateTime best) =>
        rule != DayRule.Next && Target(tick) is { } target && target.Date <= best.Date;

    private bool CanMoveAhead(DateTime tick, DateTime best) =>
        rule != DayRule.Previous && Target(tick) is { } target && target.Date >= best.Date;
}
