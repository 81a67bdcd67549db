using NodaTime;

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
    private static readonly TimeSpan MaxTriggerLength = TimeSpan.FromDays(36_525);
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMinutes(5);

    // Null for schedules without a rhythm: once, continuous and none.
    private readonly Ticks? _ticks;
    private readonly Schedule? _schedule;
    private readonly DateTime? _start;
    private readonly DateTime? _end;
    private readonly CatchupMode _catchup;
    private readonly DateTimeZone _zone;

    private Timetable(Schedule? schedule, Ticks? ticks, DateTimeZone zone, DateTimeOffset? start, DateTimeOffset? end, CatchupMode catchup)
    {
        _schedule = schedule;
        _zone = zone;
        _ticks = ticks;
        _start = start?.UtcDateTime;
        _end = end?.UtcDateTime;
        _catchup = catchup;
    }

    /// <summary>True when the schedule has a rhythm, so that it can be backfilled: everything but once, continuous and none.</summary>
    public bool IsPeriodic => _ticks is not null;

    /// <summary>True when the next firing depends on when it is asked for: ask again when the run before has ended.</summary>
    public bool IsContinuous => _schedule is ContinuousSchedule;

    internal DateTimeOffset? StartDate => _start;

    // Runs at the tick; its interval ends there.
    private bool IsTrigger => _schedule is CronTriggerSchedule;

    private TimeSpan TriggerLength => (_schedule as CronTriggerSchedule)?.Interval ?? TimeSpan.Zero;

    /// <summary>Gives a schedule its meaning.</summary>
    /// <param name="schedule">The schedule.</param>
    /// <param name="timeZone">Tz database id; cron fields are read on its wall clock.</param>
    /// <param name="startDate">
    /// First logical date that may run; of the trigger family first tick. Without it, only <see cref="Next"/> under <see cref="CatchupMode.All"/> and once lose their meaning.
    /// </param>
    /// <param name="endDate">Last logical date that may run, inclusive; of the trigger family last tick.</param>
    /// <param name="catchup">Which intervals between the start date and now are run; once and none ignore it.</param>
    /// <exception cref="FormatException">A bad cron expression, zone, length, or an end before the start; one sentence.</exception>
    public static Timetable Create(
        Schedule schedule, string timeZone, DateTimeOffset? startDate, DateTimeOffset? endDate, CatchupMode catchup)
    {
        if (Problems(schedule, timeZone, startDate, endDate).FirstOrDefault() is { } problem)
        {
            throw new FormatException(problem);
        }

        _ = TimeZones.TryFind(timeZone, out var zone, out _);
        Ticks? ticks = schedule.Clock switch
        {
            CronBasedSchedule cron => TicksOf(cron, zone!),
            IntervalSchedule interval => new FixedTicks(startDate?.UtcDateTime ?? DateTime.UnixEpoch, interval.Length),
            CalendarIntervalSchedule step => new CalendarIntervalTicks(startDate?.UtcDateTime ?? DateTime.UnixEpoch, step.Months, step.Days, zone!),
            _ => null,
        };
        return new Timetable(schedule.Clock, ticks, zone!, startDate, endDate, catchup);
    }

    /// <summary>Everything that keeps <see cref="Create"/> from working, a sentence each.</summary>
    internal static IEnumerable<string> Problems(Schedule schedule, string timeZone, DateTimeOffset? startDate, DateTimeOffset? endDate)
    {
        string? error;
        if (schedule.Clock is CronBasedSchedule cron)
        {
            foreach (var expression in cron.Expressions)
            {
                if (!CronExpression.TryParse(expression, cron.Seconds, out _, out error))
                {
                    yield return error;
                }
            }

            if (cron.Days is { Calendar: var calendar } && WorkingDays.Problem(calendar) is { } problem)
            {
                yield return problem;
            }
        }

        if (schedule.Clock is CronTriggerSchedule { Interval: var interval, ImmediatelyWithin: var within })
        {
            if (interval < TimeSpan.Zero || interval > MaxTriggerLength)
            {
                yield return $"The interval of the schedule's ticks is {interval}; it must not be negative, and at most 100 years.";
            }

            if (within < TimeSpan.Zero)
            {
                yield return $"The schedule's first run is to follow immediately on a tick within {within}; that must not be negative.";
            }
        }

        if (schedule is AssetOrTimeSchedule { Time: var time } && time is AssetSchedule or AssetOrTimeSchedule or ManualSchedule or OnceSchedule or ContinuousSchedule)
        {
            yield return "The time of a schedule by assets or time has no rhythm; give a cron expression or an interval, or leave it out.";
        }

        if (schedule.Clock is IntervalSchedule { Length: var length } && length < TimeSpan.FromSeconds(1))
        {
            yield return $"The schedule's interval is {length}; it must be at least one second.";
        }

        if (schedule.Clock is CalendarIntervalSchedule step
            && (step.Months is < 0 or > CalendarIntervalTicks.MaxMonths || step.Days is < 0 or > CalendarIntervalTicks.MaxDays || step is { Months: 0, Days: 0 }))
        {
            yield return $"The schedule's interval is {step.Months} months and {step.Days} days; it must be at least one day and at most 100 years.";
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
    /// Under <see cref="CatchupMode.None"/>, and for the first tick without a start date, the answer moves on with <paramref name="now"/>: keep the firing
    /// until it is due instead of asking again.
    /// When the schedule has changed since <paramref name="last"/>, the next interval begins where that one ended and lasts until the new schedule's
    /// next tick: no moment belongs to two scheduled intervals, and none to no interval.
    /// </remarks>
    public Firing? Next(DataInterval? last, DateTimeOffset now)
    {
        if (_ticks is null)
        {
            return (_schedule, _start) switch
            {
                (OnceSchedule, { } once) when last is null => FiringAt(once, once),
                (ContinuousSchedule, { } first) => Follow(last, first, now.UtcDateTime),
                _ => null,
            };
        }

        return NextStart(last, now.UtcDateTime) is not { } start || start > _end ? null
            : IsTrigger ? new Firing(UpTo(start), start)
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

        // By logical date: of the trigger family that is so long before the tick.
        var length = TriggerLength;
        var tick = Later(start.UtcDateTime, length) is { } from ? _ticks.AtOrAfter(from) : null;
        while (tick is { } at && at - DateTime.MinValue >= length && at - length < end.UtcDateTime)
        {
            if (_ticks.After(tick.Value) is not { } next)
            {
                yield break;
            }

            yield return IsTrigger ? UpTo(at) : new(at, next);
            tick = next;
        }
    }

    /// <summary>The last tick before a moment, UTC: where the interval before starts. Start and end date do not matter here; null when there is none.</summary>
    internal DateTimeOffset? TickBefore(DateTimeOffset moment) => _ticks?.Before(moment.UtcDateTime) is { } tick ? new DateTimeOffset(tick) : null;

    /// <summary>The interval of a run that someone triggers by hand.</summary>
    /// <param name="at">When it is triggered.</param>
    /// <returns>
    /// Cron and calendar intervals: the latest complete interval. Fixed intervals, and ticks with an interval: the one length that ends at <paramref name="at"/>.
    /// Otherwise zero length, at <paramref name="at"/>.
    /// </returns>
    public DataInterval ManualInterval(DateTimeOffset at) => _schedule switch
    {
        CronSchedule when LatestComplete(at.UtcDateTime) is { } interval => interval,
        IntervalSchedule { Length: var length } => new(at.ToUniversalTime() - length, at.ToUniversalTime()),
        CronTriggerSchedule => UpTo(at.UtcDateTime),
        CalendarIntervalSchedule when LatestComplete(at.UtcDateTime) is { } interval => interval,
        _ => new(at.ToUniversalTime(), at.ToUniversalTime()),
    };

    /// <summary>Ticks of the schedule that a firing is due at, and how the wall clock and the calendar made them so.</summary>
    /// <param name="firing">A firing of this timetable.</param>
    /// <returns>A sentence for each change of the clock or the calendar that moved the tick, and for each tick since the one before that was left out.</returns>
    public IEnumerable<string> Reasons(Firing firing) => _schedule is CronBasedSchedule && _ticks is { } ticks
        ? TickReasons.Of(ticks, firing.RunAfter.UtcDateTime, _zone)
        : [];

    private static Ticks TicksOf(CronBasedSchedule schedule, DateTimeZone zone)
    {
        var days = schedule.Days is { } rule ? new WorkingDays(rule.Calendar) : null;
        var parts = schedule.Expressions.Select(expression =>
        {
            _ = CronExpression.TryParse(expression, schedule.Seconds, out var cron, out _);
            return (Ticks)new CronTicks(days is null ? cron! : new CalendarTicks(cron!, days, schedule.Days!.Rule), zone);
        }).ToList();
        return parts is [var only] ? only : new MergedTicks(parts);
    }

    /// <summary>The run after the last one, from its end to now. A second lies between two starts, so that logical dates differ and nothing spins.</summary>
    private Firing? Follow(DataInterval? last, DateTime first, DateTime now)
    {
        var start = last is { } interval && interval.End.UtcDateTime > first ? interval.End.UtcDateTime : first;
        if (start > _end || start > DateTime.MaxValue.AddSeconds(-1))
        {
            return null;
        }

        var earliest = start.AddSeconds(1);
        return FiringAt(start, now > earliest ? now : earliest);
    }

    private static Firing FiringAt(DateTime start, DateTime end) => new(new(start, end), end);

    /// <summary>The latest of what catchup, the start date and the last run ask for; null when one of them lies past the end of the calendar.</summary>
    private DateTime? NextStart(DataInterval? last, DateTime now)
    {
        if (IsTrigger && last is null && _start is null)
        {
            return FirstTick(now);
        }

        var start = _catchup == CatchupMode.All ? null : IsTrigger ? TickFor(now) : StartFor(now);
        if (last is { } interval)
        {
            if ((IsTrigger ? TickAfter(interval) : Resume(interval)) is not { } resumed)
            {
                return null;
            }

            start = start > resumed ? start : resumed;
            if (resumed >= _start)
            {
                return start;
            }
        }

        // What went on past the start date goes on where it is; the rest begins at the first tick from there.
        if (_start is { } bound)
        {
            if (_ticks!.AtOrAfter(bound) is not { } first)
            {
                return null;
            }

            start = start > first ? start : first;
        }

        return start;
    }

    /// <summary>
    /// The tick to begin with when no start date says it: the latest, if it was a moment ago or as long ago as the schedule allows; else the next
    /// (semantics.md, 1). Without catchup the next, unless the schedule speaks of it.
    /// </summary>
    private DateTime? FirstTick(DateTime now)
    {
        var at = (CronTriggerSchedule)_schedule!;
        var latest = _ticks!.AtOrBefore(now);
        if (at.Immediately && latest is not null)
        {
            return latest;
        }

        if (_catchup == CatchupMode.None && at.ImmediatelyWithin is null)
        {
            return _ticks.After(now);
        }

        var next = _ticks.AtOrAfter(now);
        var within = at.ImmediatelyWithin ?? (next - latest) / 10 ?? TimeSpan.Zero;
        return now - latest <= (at.ImmediatelyWithin is null && within < ShortestWait ? ShortestWait : within) ? latest : next;
    }

    /// <summary>The first tick after the last run's interval whose logical date is a later one, also when the length of its interval has changed.</summary>
    private DateTime? TickAfter(DataInterval last)
    {
        var (end, earliest) = (last.End.UtcDateTime, Later(last.Start.UtcDateTime, TriggerLength));
        return earliest is { } bound ? _ticks!.After(end > bound ? end : bound) : null;
    }

    /// <summary>The interval of the trigger family that ends at a tick.</summary>
    private DataInterval UpTo(DateTime tick) => new(tick - DateTime.MinValue < TriggerLength ? DateTime.MinValue : tick - TriggerLength, tick);

    private static DateTime? Later(DateTime time, TimeSpan by) => DateTime.MaxValue - time < by ? null : time + by;

    private DateTime? TickFor(DateTime now) => _catchup == CatchupMode.Latest ? _ticks!.AtOrBefore(now) : _ticks!.After(now);

    // Without any catchup it is the interval that is open now, which is due at the next tick.
    private DateTime? StartFor(DateTime now) => _catchup == CatchupMode.Latest ? LatestComplete(now)?.Start.UtcDateTime : _ticks!.AtOrBefore(now);

    /// <summary>Where to go on after the last interval: at its end, also when the schedule has changed meanwhile. After a tick: at the next one.</summary>
    private DateTime? Resume(DataInterval last)
    {
        var (start, end) = (last.Start.UtcDateTime, last.End.UtcDateTime);
        return end > start ? end : _ticks!.After(start);
    }

    private DataInterval? LatestComplete(DateTime now) =>
        _ticks!.AtOrBefore(now) is { } end && _ticks.Before(end) is { } start ? new(start, end) : null;
}
