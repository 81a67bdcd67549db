using Sluice.Core.Assets;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;

namespace Sluice.Core.Templates;

/// <summary>The dates that a run's templates see, by Airflow's names.</summary>
internal sealed class RunDates(RunFacts run, DagSpec dag)
{
    public DateTimeValue Logical { get; } = new(run.LogicalDate.ToUniversalTime());

    /// <summary>The names that a logical date alone gives.</summary>
    public static IReadOnlyList<string> NamesOfLogicalDate { get; } =
    [
        "logical_date", "execution_date", "ds", "ds_nodash", "ts", "ts_nodash", "ts_nodash_with_tz",
        "yesterday_ds", "yesterday_ds_nodash", "tomorrow_ds", "tomorrow_ds_nodash",
    ];

    /// <summary>One of <see cref="NamesOfLogicalDate"/>; null for others.</summary>
    public static TemplateValue? OfLogicalDate(DateTimeValue logical, string name) => name switch
    {
        "logical_date" or "execution_date" => logical,
        "ds" or "ds_nodash" or "ts" or "ts_nodash" or "ts_nodash_with_tz" => Text(logical, name),
        "yesterday_ds" or "yesterday_ds_nodash" => Text(logical.WithLocal(logical.Local.PlusDays(-1)), name[10..]),
        "tomorrow_ds" or "tomorrow_ds_nodash" => Text(logical.WithLocal(logical.Local.PlusDays(1)), name[9..]),
        _ => null,
    };

    /// <summary>Null when there is no such name.</summary>
    public TemplateValue? Get(string name) => name switch
    {
        "data_interval_start" => Logical,
        "data_interval_end" => TemplateValue.From(run.Interval.End.ToUniversalTime()),
        "prev_execution_date" => TemplateValue.From(Previous()),
        "prev_ds" or "prev_ds_nodash" => Text(Previous(), name[5..]),
        "next_execution_date" => TemplateValue.From(Next()),
        "next_ds" or "next_ds_nodash" => Text(Next(), name[5..]),
        "prev_data_interval_start_success" or "prev_execution_date_success" => TemplateValue.From(run.PreviousSuccess?.Start.ToUniversalTime()),
        "prev_data_interval_end_success" => TemplateValue.From(run.PreviousSuccess?.End.ToUniversalTime()),
        "prev_start_date_success" => TemplateValue.From(run.PreviousSuccessStartedAt?.ToUniversalTime()),
        "prev_end_date_success" => TemplateValue.From(run.PreviousSuccessEndedAt?.ToUniversalTime()),
        _ => OfLogicalDate(Logical, name),
    };

    private static TemplateValue Text(DateTimeOffset? time, string format) =>
        time is { } given ? Text(new DateTimeValue(given), format) : TemplateValue.None;

    private static TemplateValue Text(DateTimeValue time, string format) => TemplateValue.From(TemplateVariables.Text(time, format));

    // As in Airflow 2: a run by hand is its own neighbour; schedules without data intervals have none.
    private DateTimeOffset? Next() =>
        !run.Type.IsOfInterval() ? run.LogicalDate.ToUniversalTime()
        : HasIntervals ? run.Interval.End.ToUniversalTime()
        : null;

    private DateTimeOffset? Previous() =>
        !run.Type.IsOfInterval() ? run.LogicalDate.ToUniversalTime()
        : HasIntervals ? DagDates.Timetable(dag).TickBefore(run.LogicalDate)
        : null;

    private bool HasIntervals => dag.Schedule.Clock is CronSchedule or IntervalSchedule or CalendarIntervalSchedule;
}
