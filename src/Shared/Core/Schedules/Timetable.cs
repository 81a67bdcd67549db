namespace Sluice.Core.Schedules;

/// <summary>One firing of a schedule.</summary>
/// <param name="Interval">The data interval, UTC.</param>
/// <param name="RunAfter">The earliest instant at which the run may be created, UTC: the interval's end, or the tick.</param>
public readonly record struct Firing(DataInterval Interval, DateTimeOffset RunAfter)
{
    /// <summary>Start of the interval; Airflow's <c>execution_date</c>.</summary>
    public DateTimeOffset LogicalDate => Interval.Start;
}

/// <summary>What a <see cref="Schedule"/> means in a zone, between a start and an end: which run comes next. Immutable.</summary>
/// <remarks>
/// Intervals are strictly increasing and each one's end is the next one's start, whatever the zone's clock does. Everything that comes out is UTC.
/// See docs/concepts/schedules.md.
/// </remarks>
public sealed class Timetable
{
    // Null for schedules without a rhythm: once and none.
    private readonly Ticks? _ticks;
    private readonly Schedule _schedule;
    private readonly DateTime? _start;
    private readonly DateTime? _end;
    private readonly CatchupMode _catchup;

    private Timetable(Schedule schedule, Ticks? ticks, DateTimeOffset? start, DateTimeOffset? end, CatchupMode catchup)
    {
        _schedule = schedule;
        _ticks = ticks;
        _start = start?.UtcDateTime;
        _end = end?.UtcDateTime;
        _catchup = catchup;
    }

    /// <summary>True when the schedule has a rhythm, so that it can be backfilled: everything but once and none.</summary>
    public bool IsPeriodic => _ticks is not null;

    internal DateTimeOffset? StartDate => _start;

    // Runs at the tick, with an interval of zero length.
    private bool IsTrigger => _schedule is CronTriggerSchedule;

    /// <summary>Gives a schedule its meaning.</summary>
    /// <param name="schedule">The schedule.</param>
    /// <param name="timeZone">Tz database id; cron fields are read on its wall clock.</param>
    /// <param name="startDate">First logical date that may run. Without it, only <see cref="Next"/> under <see cref="CatchupMode.All"/> and once lose their meaning.</param>
    /// <param name="endDate">Last logical date that may run, inclusive.</param>
    /// <param name="catchup">Which intervals between the start date and now are run; once and none ignore it.</param>
    /// <exception cref="FormatException">A bad cron expression, zone, length, or an end before the start; one sentence.</exception>
    public static Timetable Create(
        Schedule schedule, string timeZone, DateTimeOffset? startDate, DateTimeOffset? endDate, CatchupMode catchup)
    {
        if (Problems(schedule, timeZone, startDate, endDate).FirstOrDefault() is { } problem)
        {
            throw new FormatException(problem);
        }

        Ticks? ticks = schedule switch
        {
            CronSchedule cron => CronTicksOf(cron.Expression, timeZone),
            CronTriggerSchedule cron => CronTicksOf(cron.Expression, timeZone),
            IntervalSchedule interval => new FixedTicks(startDate?.UtcDateTime ?? DateTime.UnixEpoch, interval.Length),
            _ => null,
        };
        return new Timetable(schedule, ticks, startDate, endDate, catchup);
    }

    /// <summary>Everything that keeps <see cref="Create"/> from working, a sentence each.</summary>
    internal static IEnumerable<string> Problems(Schedule schedule, string timeZone, DateTimeOffset? startDate, DateTimeOffset? endDate)
    {
        var expression = (schedule as CronSchedule)?.Expression ?? (schedule as CronTriggerSchedule)?.Expression;
        if (expression is not null && !CronExpression.TryParse(expression, out _, out var error))
        {
            yield return error;
        }

        if (schedule is IntervalSchedule { Length: var length } && length < TimeSpan.FromSeconds(1))
        {
            yield return $"The schedule's interval is {length}; it must be at least one second.";
        }

        if (!TimeZones.TryFind(timeZone, out _, out error))
        {
            yield return error;
        }

        if (endDate < startDate)
        {
            yield return $"The end date {endDate:yyyy-MM-ddTHH:mm:sszzz} is before the start date {startDate:yyyy-MM-ddTHH:mm:sszzz}.";
        }
    }

    /// <summary>The next run to create.</summary>
    /// <param name="last">Interval of the last scheduled run; null when there is none yet.</param>
    /// <param name="now">The present.</param>
    /// <returns>
    /// The firing; its <see cref="Firing.RunAfter"/> may lie in the future. Null when nothing comes any more (past the end date, once has run, none).
    /// </returns>
    /// <remarks>
    /// Under <see cref="CatchupMode.None"/> the answer moves on with <paramref name="now"/>: keep the firing until it is due instead of asking again.
    /// When the schedule has changed since <paramref name="last"/>, the next interval aligns backwards to the new one, but never starts at or before
    /// the start of the last.
    /// </remarks>
    public Firing? Next(DataInterval? last, DateTimeOffset now)
    {
        if (_ticks is null)
        {
            return _schedule is OnceSchedule && last is null && _start is { } once ? FiringAt(once, once) : null;
        }

        return NextStart(last, now.UtcDateTime) is not { } start || start > _end ? null
            : IsTrigger ? FiringAt(start, start)
            : _ticks.After(start) is { } end ? FiringAt(start, end)
            : null;
    }

    /// <summary>The intervals whose logical date lies in <c>[start, end)</c>, oldest first, for a backfill.</summary>
    /// <remarks>Lazy. Start date, end date and catchup do not matter here; a start inside an interval leaves that interval out. Empty when not periodic.</remarks>
    public IEnumerable<DataInterval> Between(DateTimeOffset start, DateTimeOffset end)
    {
        if (_ticks is null)
        {
            yield break;
        }

        var tick = _ticks.AtOrAfter(start.UtcDateTime);
        while (tick < end.UtcDateTime)
        {
            if (_ticks.After(tick.Value) is not { } next)
            {
                yield break;
            }

            yield return IsTrigger ? new(tick.Value, tick.Value) : new(tick.Value, next);
            tick = next;
        }
    }

    /// <summary>The interval of a run that someone triggers by hand.</summary>
    /// <param name="at">When it is triggered.</param>
    /// <returns>
    /// Cron: the latest complete interval. Fixed intervals: the one length that ends at <paramref name="at"/>. Otherwise zero length, at <paramref name="at"/>.
    /// </returns>
    public DataInterval ManualInterval(DateTimeOffset at) => _schedule switch
    {
        CronSchedule when LatestComplete(at.UtcDateTime) is { } interval => interval,
        IntervalSchedule { Length: var length } => new(at.ToUniversalTime() - length, at.ToUniversalTime()),
        _ => new(at.ToUniversalTime(), at.ToUniversalTime()),
    };

    private static CronTicks CronTicksOf(string expression, string timeZone)
    {
        _ = CronExpression.TryParse(expression, out var cron, out _);
        _ = TimeZones.TryFind(timeZone, out var zone, out _);
        return new CronTicks(cron!, zone!);
    }

    private static Firing FiringAt(DateTime start, DateTime end) => new(new(start, end), end);

    /// <summary>The latest of what catchup, the start date and the last run ask for; null when one of them lies past the end of the calendar.</summary>
    private DateTime? NextStart(DataInterval? last, DateTime now)
    {
        var start = _catchup == CatchupMode.All ? null : IsTrigger ? TickFor(now) : StartFor(now);
        if (_start is { } bound)
        {
            if (_ticks!.AtOrAfter(bound) is not { } first)
            {
                return null;
            }

            start = start > first ? start : first;
        }

        if (last is { } interval)
        {
            if ((IsTrigger ? _ticks!.After(interval.End.UtcDateTime) : Resume(interval)) is not { } resumed)
            {
                return null;
            }

            start = start > resumed ? start : resumed;
        }

        return start;
    }

    private DateTime? TickFor(DateTime now) => _catchup == CatchupMode.Latest ? _ticks!.AtOrBefore(now) : _ticks!.After(now);

    // Without any catchup it is the interval that is open now, which is due at the next tick.
    private DateTime? StartFor(DateTime now) => _catchup == CatchupMode.Latest ? LatestComplete(now)?.Start.UtcDateTime : _ticks!.AtOrBefore(now);

    /// <summary>Where to go on after the last interval. Without a change of schedule: at its end.</summary>
    private DateTime? Resume(DataInterval last)
    {
        var (start, end) = (last.Start.UtcDateTime, last.End.UtcDateTime);
        return _ticks!.AtOrBefore(end) is { } aligned && aligned > start ? aligned
            : end > start ? end // aligning would repeat a logical date: the first interval is shorter instead
            : _ticks.After(start);
    }

    private DataInterval? LatestComplete(DateTime now) =>
        _ticks!.AtOrBefore(now) is { } end && _ticks.Before(end) is { } start ? new(start, end) : null;
}
