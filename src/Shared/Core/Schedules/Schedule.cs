using System.Text.Json.Serialization;
using Sluice.Core.Assets;

namespace Sluice.Core.Schedules;

/// <summary>When a Dag runs. A closed family; <see cref="Timetable"/> gives it meaning.</summary>
/// <remarks>
/// A schedule that something else than the clock drives, alone or together with it, is one more record here: <see cref="Clock"/> says which part of
/// it, if any, the timetable follows.
/// </remarks>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(CronSchedule), "cron")]
[JsonDerivedType(typeof(IntervalSchedule), "interval")]
[JsonDerivedType(typeof(CalendarIntervalSchedule), "calendar_interval")]
[JsonDerivedType(typeof(CronTriggerSchedule), "at")]
[JsonDerivedType(typeof(OnceSchedule), "once")]
[JsonDerivedType(typeof(ContinuousSchedule), "continuous")]
[JsonDerivedType(typeof(ManualSchedule), "none")]
[JsonDerivedType(typeof(AssetSchedule), "assets")]
[JsonDerivedType(typeof(AssetOrTimeSchedule), "asset_or_time")]
public abstract record Schedule
{
    private protected Schedule()
    {
    }

    /// <summary>Runs only when triggered.</summary>
    public static Schedule None { get; } = new ManualSchedule();

    /// <summary>One run, at the start date.</summary>
    public static Schedule Once { get; } = new OnceSchedule();

    /// <summary>Always one run: the next one starts when the last one has ended. Needs a limit of one active run.</summary>
    public static Schedule Continuous { get; } = new ContinuousSchedule();

    public static Schedule Hourly { get; } = new CronSchedule("@hourly");

    public static Schedule Daily { get; } = new CronSchedule("@daily");

    public static Schedule Weekly { get; } = new CronSchedule("@weekly");

    public static Schedule Monthly { get; } = new CronSchedule("@monthly");

    public static Schedule Quarterly { get; } = new CronSchedule("@quarterly");

    public static Schedule Yearly { get; } = new CronSchedule("@yearly");

    /// <summary>The part that the clock drives: itself. Null when only people or other Dags start runs.</summary>
    [JsonIgnore]
    public virtual Schedule? Clock => this;

    /// <summary>The part that updates of assets drive. Null for none.</summary>
    [JsonIgnore]
    public virtual AssetExpression? AssetCondition => null;

    /// <summary>A few characters for people; see <see cref="ScheduleText"/>. Its parts cannot print themselves: a clock is its own clock.</summary>
    public sealed override string ToString() => ScheduleText.Of(this);

    /// <summary>Data intervals between the ticks of a cron expression (five fields) or a preset such as <c>@daily</c>.</summary>
    public static CronSchedule Cron(string expression) => new(expression);

    /// <summary>Data intervals between the ticks of several cron expressions taken together.</summary>
    public static CronSchedule Cron(string first, params string[] more) => new(first) { More = more };

    /// <summary>Data intervals of one length in elapsed time, the first at the start date.</summary>
    public static Schedule Every(TimeSpan length) => new IntervalSchedule(length);

    /// <summary>Data intervals of whole days on the zone's wall clock, the first at the start date. Days on which the clock changes last 23 or 25 hours.</summary>
    public static Schedule EveryDays(int days) => new CalendarIntervalSchedule(0, days);

    /// <summary>Data intervals of whole weeks on the zone's wall clock, the first at the start date.</summary>
    public static Schedule EveryWeeks(int weeks) => new CalendarIntervalSchedule(0, weeks * 7);

    /// <summary>Data intervals of whole months on the zone's wall clock, the first at the start date; see <see cref="CalendarIntervalSchedule"/> for short months.</summary>
    public static Schedule EveryMonths(int months) => new CalendarIntervalSchedule(months, 0);

    /// <summary>Data intervals of whole years on the zone's wall clock, the first at the start date.</summary>
    public static Schedule EveryYears(int years) => new CalendarIntervalSchedule(years * 12, 0);

    /// <summary>Runs when assets have been updated: <c>Schedule.Assets(orders.And(customers.Or(clients)))</c>; of several expressions all must be met.</summary>
    public static Schedule Assets(AssetExpression first, params AssetExpression[] more) =>
        new AssetSchedule(more.Length == 0 ? first : new AllOfAssets([first, .. more]));

    /// <summary>Runs at the ticks of a cron expression or a preset, and when assets have been updated.</summary>
    public static Schedule AssetOrTime(string cron, AssetExpression assets) => AssetOrTime(Cron(cron), assets);

    /// <summary>Runs by the clock, and when assets have been updated.</summary>
    /// <param name="time">Any schedule with a rhythm.</param>
    /// <param name="assets">What else makes a run.</param>
    public static Schedule AssetOrTime(Schedule time, AssetExpression assets) => new AssetOrTimeSchedule(time, assets);

    /// <summary>Runs at each tick of a cron expression, with an interval of zero length (the trigger family) or <see cref="CronTriggerSchedule.WithInterval">another</see>.</summary>
    public static CronTriggerSchedule At(string expression) => new(expression);

    /// <summary>Runs at each tick of several cron expressions taken together, with an interval of zero length.</summary>
    public static CronTriggerSchedule At(string first, params string[] more) => new(first) { More = more };
}

/// <summary>What ticks by cron expressions.</summary>
/// <param name="Expression">Five fields or a preset; six fields, the first of them seconds, with <see cref="Seconds"/>.</param>
public abstract record CronBasedSchedule(string Expression) : Schedule
{
    /// <summary>Further expressions: a tick of any of them is one of the schedule. Null: none.</summary>
    public IReadOnlyList<string>? More { get; init; }

    /// <summary>Expressions have six fields, the first of them seconds.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Seconds { get; init; }

    /// <summary>Moves or leaves out ticks that are on no working day. Null: every day is as good as any other.</summary>
    public CalendarRule? Days { get; init; }

    [JsonIgnore]
    internal IEnumerable<string> Expressions => More is null ? [Expression] : More.Prepend(Expression);
}

/// <inheritdoc cref="Schedule.Cron(string)"/>
public sealed record CronSchedule(string Expression) : CronBasedSchedule(Expression)
{
    /// <summary>The same with six fields, the first of them seconds.</summary>
    public CronSchedule WithSeconds() => this with { Seconds = true };

    /// <summary>The same on the days of a calendar.</summary>
    public CronSchedule On(BusinessCalendar calendar, DayRule rule = DayRule.WorkingDays) => this with { Days = new(calendar, rule) };
}

/// <inheritdoc cref="Schedule.At(string)"/>
public sealed record CronTriggerSchedule(string Expression) : CronBasedSchedule(Expression)
{
    /// <summary>A run's data interval is that long and ends at its tick, whatever lies between two ticks. The logical date is its start.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public TimeSpan Interval { get; init; }

    /// <summary>Without a start date the first run is that of the latest tick, however long ago it was.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Immediately { get; init; }

    /// <summary>Without a start date the first run is that of the latest tick if it was this long ago at most. Null: a tenth of the time between two ticks, at least five minutes.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TimeSpan? ImmediatelyWithin { get; init; }

    /// <summary>The same with a data interval of this length that ends at the tick.</summary>
    public CronTriggerSchedule WithInterval(TimeSpan length) => this with { Interval = length };

    /// <summary>The same; without a start date the first run is that of the latest tick, however long ago it was.</summary>
    public CronTriggerSchedule RunImmediately() => this with { Immediately = true, ImmediatelyWithin = null };

    /// <summary>The same; without a start date the first run is that of the latest tick if it was this long ago at most.</summary>
    public CronTriggerSchedule RunImmediately(TimeSpan within) => this with { Immediately = false, ImmediatelyWithin = within };

    /// <summary>The same with six fields, the first of them seconds.</summary>
    public CronTriggerSchedule WithSeconds() => this with { Seconds = true };

    /// <summary>The same on the days of a calendar.</summary>
    public CronTriggerSchedule On(BusinessCalendar calendar, DayRule rule = DayRule.WorkingDays) => this with { Days = new(calendar, rule) };
}

/// <inheritdoc cref="Schedule.Every(TimeSpan)"/>
public sealed record IntervalSchedule(TimeSpan Length) : Schedule;

/// <summary>Data intervals of months and days on the zone's wall clock, the first at the start date.</summary>
/// <remarks>
/// Each step goes from the date before: what a short month takes off stays off (31 January, 29 February, 29 March; semantics.md, 1). For the last
/// day of each month use cron's <c>L</c>.
/// </remarks>
public sealed record CalendarIntervalSchedule(int Months, int Days) : Schedule;

/// <inheritdoc cref="Schedule.Once"/>
public sealed record OnceSchedule : Schedule;

/// <inheritdoc cref="Schedule.Continuous"/>
public sealed record ContinuousSchedule : Schedule;

/// <inheritdoc cref="Schedule.None"/>
public sealed record ManualSchedule : Schedule
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override Schedule? Clock => null;
}

/// <inheritdoc cref="Schedule.Assets(AssetExpression, AssetExpression[])"/>
public sealed record AssetSchedule(AssetExpression When) : Schedule
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override Schedule? Clock => null;

    /// <inheritdoc/>
    [JsonIgnore]
    public override AssetExpression? AssetCondition => When;
}

/// <inheritdoc cref="Schedule.AssetOrTime(Schedule, AssetExpression)"/>
public sealed record AssetOrTimeSchedule(Schedule Time, AssetExpression When) : Schedule
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override Schedule? Clock => Time.Clock;

    /// <inheritdoc/>
    [JsonIgnore]
    public override AssetExpression? AssetCondition => When;
}

/// <summary>Which intervals between the start date and now are run.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CatchupMode>))]
public enum CatchupMode
{
    /// <summary>The latest complete interval, then onwards (Airflow's <c>catchup=False</c>).</summary>
    Latest,

    /// <summary>Every interval since the start date.</summary>
    All,

    /// <summary>From the next tick on.</summary>
    None,
}

/// <summary>The span of data one run is about: <c>[Start, End)</c>, UTC.</summary>
public readonly record struct DataInterval(DateTimeOffset Start, DateTimeOffset End);
