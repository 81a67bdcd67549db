using System.Text.Json.Serialization;

namespace Sluice.Core.Schedules;

/// <summary>When a Dag runs. A closed family; Timetable gives it meaning.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(CronSchedule), "cron")]
[JsonDerivedType(typeof(IntervalSchedule), "interval")]
[JsonDerivedType(typeof(CronTriggerSchedule), "at")]
[JsonDerivedType(typeof(OnceSchedule), "once")]
[JsonDerivedType(typeof(ManualSchedule), "none")]
public abstract record Schedule
{
    private protected Schedule()
    {
    }

    /// <summary>Runs only when triggered.</summary>
    public static Schedule None { get; } = new ManualSchedule();

    /// <summary>One run, at the start date.</summary>
    public static Schedule Once { get; } = new OnceSchedule();

    public static Schedule Hourly { get; } = new CronSchedule("@hourly");

    public static Schedule Daily { get; } = new CronSchedule("@daily");

    public static Schedule Weekly { get; } = new CronSchedule("@weekly");

    public static Schedule Monthly { get; } = new CronSchedule("@monthly");

    public static Schedule Quarterly { get; } = new CronSchedule("@quarterly");

    public static Schedule Yearly { get; } = new CronSchedule("@yearly");

    /// <summary>Data intervals between the ticks of a five-field cron expression or a preset such as <c>@daily</c>.</summary>
    public static Schedule Cron(string expression) => new CronSchedule(expression);

    /// <summary>Data intervals of one length in elapsed time, the first at the start date.</summary>
    public static Schedule Every(TimeSpan length) => new IntervalSchedule(length);

    /// <summary>Runs at each tick of a cron expression, with an interval of zero length (the trigger family).</summary>
    public static Schedule At(string expression) => new CronTriggerSchedule(expression);
}

/// <inheritdoc cref="Schedule.Cron(string)"/>
public sealed record CronSchedule(string Expression) : Schedule;

/// <inheritdoc cref="Schedule.Every(TimeSpan)"/>
public sealed record IntervalSchedule(TimeSpan Length) : Schedule;

/// <inheritdoc cref="Schedule.At(string)"/>
public sealed record CronTriggerSchedule(string Expression) : Schedule;

/// <inheritdoc cref="Schedule.Once"/>
public sealed record OnceSchedule : Schedule;

/// <inheritdoc cref="Schedule.None"/>
public sealed record ManualSchedule : Schedule;

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
