using System.Text.Json;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Core.Templates.Library;

namespace Sluice.Core.Templates;

/// <summary>The names that a task's templates see: Airflow's, with Airflow's formats (semantics.md, 11).</summary>
public static class TemplateVariables
{
    /// <summary>The scope of one attempt. Outside values are asked of <paramref name="lookups"/> when the template gets to them.</summary>
    /// <param name="run">Facts of the run.</param>
    /// <param name="dag">The Dag in the run's version.</param>
    /// <param name="task">The task.</param>
    /// <param name="tryNumber">1 for the first try.</param>
    /// <param name="paramsJson">JSON object: the Dag's params overlaid with the run's conf.</param>
    /// <param name="lookups">Connections, variables and XComs fetched so far.</param>
    /// <param name="testMode">True in a run by <c>dags test</c>.</param>
    /// <param name="limits">Null for the default ones.</param>
    /// <exception cref="JsonException">The params or the run's conf are not JSON.</exception>
    public static TemplateScope ForTask(
        RunFacts run, DagSpec dag, TaskSpec task, int tryNumber, string paramsJson, ITemplateLookups lookups, bool testMode = false, TemplateLimits? limits = null)
    {
        var logical = new DateTimeValue(run.LogicalDate.ToUniversalTime());
        var conf = TemplateValue.FromJson(run.Conf);
        var dagObject = Dag(dag);
        var taskObject = Task(dag, task);
        var runObject = Run(run, conf);
        var instance = TaskInstanceVariable.For(run, task, tryNumber, taskObject, runObject, lookups);
        var variables = new Dictionary<string, TemplateValue>(Dates(run, dag, logical))
        {
            ["dag"] = dagObject,
            ["task"] = taskObject,
            ["ti"] = instance,
            ["task_instance"] = instance,
            ["dag_run"] = runObject,
            ["run_id"] = TemplateValue.From(run.Id.Value),
            ["params"] = TemplateValue.FromJson(paramsJson),
            ["var"] = OutsideVariables.Variables(lookups),
            ["conn"] = OutsideVariables.Connections(lookups),
            ["macros"] = Macros.All,
            ["task_instance_key_str"] = TemplateValue.From($"{dag.Id}__{task.Id}__{Text(logical, "ds_nodash")}"),
            ["test_mode"] = TemplateValue.From(testMode),
        };
        return new(variables, limits);
    }

    /// <summary>A connection as <c>conn.x</c> shows it. What is null prints as None.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="type">Its kind, such as mysql.</param>
    /// <param name="host">Host name or address.</param>
    /// <param name="login">User name.</param>
    /// <param name="password">In clear: the caller masks what it logs or shows of a rendered template.</param>
    /// <param name="schema">Database, bucket or path.</param>
    /// <param name="port">Null for the type's default.</param>
    /// <param name="extraJson">JSON object; read as <c>extra_dejson</c>.</param>
    public static TemplateValue Connection(
        string id, string type, string? host, string? login, string? password, string? schema, int? port, string extraJson = "{}") =>
        new ObjectValue(id, new Dictionary<string, TemplateValue>
        {
            ["conn_id"] = TemplateValue.From(id),
            ["conn_type"] = TemplateValue.From(type),
            ["host"] = TemplateValue.From(host),
            ["login"] = TemplateValue.From(login),
            ["password"] = TemplateValue.From(password),
            ["schema"] = TemplateValue.From(schema),
            ["port"] = port is { } number ? TemplateValue.From((long)number) : TemplateValue.None,
            ["extra"] = TemplateValue.From(extraJson),
            ["extra_dejson"] = TemplateValue.FromJson(extraJson),
        });

    internal static string Text(DateTimeValue time, string format) => format switch
    {
        "ds" => Python.PythonText.Date(time.Local.Date),
        "ds_nodash" => Python.PythonText.Date(time.Local.Date).Replace("-", ""),
        "ts" => Python.PythonText.Iso(time),
        "ts_nodash" => DateFilters.TimestampNoDash(time),
        _ => DateFilters.TimestampNoDashWithZone(time),
    };

    private static Dictionary<string, TemplateValue> Dates(RunFacts run, DagSpec dag, DateTimeValue logical)
    {
        var end = new DateTimeValue(run.Interval.End.ToUniversalTime());
        var yesterday = logical.WithLocal(logical.Local.PlusDays(-1));
        var tomorrow = logical.WithLocal(logical.Local.PlusDays(1));

        // Intervals have no gaps, so the next scheduled run starts where this one ends; other schedules have no next that is known here.
        var hasNext = dag.Schedule is CronSchedule or IntervalSchedule && run.Type != RunType.Manual;
        return new()
        {
            ["logical_date"] = logical,
            ["execution_date"] = logical,
            ["ds"] = TemplateValue.From(Text(logical, "ds")),
            ["ds_nodash"] = TemplateValue.From(Text(logical, "ds_nodash")),
            ["ts"] = TemplateValue.From(Text(logical, "ts")),
            ["ts_nodash"] = TemplateValue.From(Text(logical, "ts_nodash")),
            ["ts_nodash_with_tz"] = TemplateValue.From(Text(logical, "ts_nodash_with_tz")),
            ["data_interval_start"] = logical,
            ["data_interval_end"] = end,
            ["prev_data_interval_start_success"] = TemplateValue.From(run.PreviousSuccess?.Start.ToUniversalTime()),
            ["prev_data_interval_end_success"] = TemplateValue.From(run.PreviousSuccess?.End.ToUniversalTime()),
            ["prev_start_date_success"] = TemplateValue.From(run.PreviousSuccessStartedAt?.ToUniversalTime()),
            ["prev_execution_date_success"] = TemplateValue.From(run.PreviousSuccess?.Start.ToUniversalTime()),
            ["next_execution_date"] = hasNext ? end : TemplateValue.None,
            ["next_ds"] = hasNext ? TemplateValue.From(Text(end, "ds")) : TemplateValue.None,
            ["next_ds_nodash"] = hasNext ? TemplateValue.From(Text(end, "ds_nodash")) : TemplateValue.None,
            ["yesterday_ds"] = TemplateValue.From(Text(yesterday, "ds")),
            ["yesterday_ds_nodash"] = TemplateValue.From(Text(yesterday, "ds_nodash")),
            ["tomorrow_ds"] = TemplateValue.From(Text(tomorrow, "ds")),
            ["tomorrow_ds_nodash"] = TemplateValue.From(Text(tomorrow, "ds_nodash")),
        };
    }

    private static ObjectValue Dag(DagSpec dag) => new($"<DAG: {dag.Id}>", new Dictionary<string, TemplateValue>
    {
        ["dag_id"] = TemplateValue.From(dag.Id.Value),
        ["description"] = TemplateValue.From(dag.Description),
        ["tags"] = TemplateValue.From(dag.Tags.Select(TemplateValue.From)),
        ["owner"] = TemplateValue.From(dag.Owner),
        ["start_date"] = TemplateValue.From(dag.StartDate?.ToUniversalTime()),
        ["end_date"] = TemplateValue.From(dag.EndDate?.ToUniversalTime()),
        ["timezone"] = TemplateValue.From(dag.TimeZone),
        ["max_active_runs"] = TemplateValue.From((long)dag.MaxActiveRuns),
        ["task_ids"] = TemplateValue.From(dag.Tasks.Select(x => TemplateValue.From(x.Id.Value))),
    });

    private static ObjectValue Task(DagSpec dag, TaskSpec task) => new($"<Task({task.Operator}): {task.Id}>", new Dictionary<string, TemplateValue>
    {
        ["task_id"] = TemplateValue.From(task.Id.Value),
        ["dag_id"] = TemplateValue.From(dag.Id.Value),
        ["task_type"] = TemplateValue.From(task.Operator),
        ["owner"] = TemplateValue.From(task.Owner ?? dag.Owner),
        ["retries"] = TemplateValue.From((long)task.Retries),
        ["retry_delay"] = TemplateValue.From(task.RetryDelay),
        ["pool"] = TemplateValue.From(task.Pool),
        ["pool_slots"] = TemplateValue.From((long)task.PoolSlots),
        ["queue"] = TemplateValue.From(task.Queue),
        ["priority_weight"] = TemplateValue.From((long)task.Priority),
        ["upstream_task_ids"] = TemplateValue.From(task.Upstream.Select(x => TemplateValue.From(dag.Tasks[x].Id.Value))),
    });

    private static ObjectValue Run(RunFacts run, TemplateValue conf) => new($"<DagRun {run.Dag} @ {run.Id}>", new Dictionary<string, TemplateValue>
    {
        ["dag_id"] = TemplateValue.From(run.Dag.Value),
        ["run_id"] = TemplateValue.From(run.Id.Value),
        ["run_type"] = TemplateValue.From(run.Type switch { RunType.Scheduled => "scheduled", RunType.Manual => "manual", _ => "backfill" }),
        ["logical_date"] = TemplateValue.From(run.LogicalDate.ToUniversalTime()),
        ["execution_date"] = TemplateValue.From(run.LogicalDate.ToUniversalTime()),
        ["data_interval_start"] = TemplateValue.From(run.Interval.Start.ToUniversalTime()),
        ["data_interval_end"] = TemplateValue.From(run.Interval.End.ToUniversalTime()),
        ["external_trigger"] = TemplateValue.From(run.Type == RunType.Manual),
        ["queued_at"] = TemplateValue.From(run.CreatedAt.ToUniversalTime()),
        ["conf"] = conf,
    });
}
