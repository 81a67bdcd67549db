using System.Text.Json;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Core.Templates.Library;

namespace Sluice.Core.Templates;

/// <summary>The names that a task's templates see: Airflow's, with Airflow's formats (semantics.md, 11).</summary>
public static class TemplateVariables
{
    /// <summary>The names that every task's templates have.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "dag", "task", "ti", "task_instance", "dag_run", "run_id", "run_type", "params", "var", "conn", "macros", "task_instance_key_str", "test_mode",
        "logical_date", "execution_date", "data_interval_start", "data_interval_end",
        "ds", "ds_nodash", "ts", "ts_nodash", "ts_nodash_with_tz", "yesterday_ds", "yesterday_ds_nodash", "tomorrow_ds", "tomorrow_ds_nodash",
        "prev_ds", "prev_ds_nodash", "prev_execution_date", "next_ds", "next_ds_nodash", "next_execution_date",
        "prev_data_interval_start_success", "prev_data_interval_end_success", "prev_start_date_success", "prev_end_date_success",
        "prev_execution_date_success", "start_date", "task_reschedule_count", "map_index", "map_index_template", "expanded_ti_count", "item", .. AssetVariables.Names,
    ];

    /// <summary>The scope of one attempt. Each name is worked out when a template asks for it, once.</summary>
    /// <param name="run">Facts of the run.</param>
    /// <param name="dag">The Dag in the run's version.</param>
    /// <param name="task">The task.</param>
    /// <param name="tryNumber">1 for the first try.</param>
    /// <param name="paramsJson">JSON object: the Dag's params overlaid with the run's conf.</param>
    /// <param name="lookups">Connections, variables and XComs fetched so far.</param>
    /// <param name="testMode">True in a run by <c>dags test</c>.</param>
    /// <param name="limits">Null for the default ones.</param>
    /// <param name="mapIndex">-1 when the task is not mapped.</param>
    /// <param name="mapLength">How many instances the mapped task has; null when it is not mapped.</param>
    /// <param name="itemJson">What a mapped group is mapped over, for this index; null outside.</param>
    /// <param name="startedAt">When the attempt began, UTC; null when there is none.</param>
    /// <param name="reschedules">How often a sensor was rescheduled in this try.</param>
    /// <exception cref="JsonException">When rendering: the params or the run's conf are not JSON.</exception>
    public static TemplateScope ForTask(
        RunFacts run, DagSpec dag, TaskSpec task, int tryNumber, string paramsJson, ITemplateLookups lookups, bool testMode = false, TemplateLimits? limits = null,
        int mapIndex = -1, int? mapLength = null, string? itemJson = null, DateTimeOffset? startedAt = null, int reschedules = 0)
    {
        var dates = new RunDates(run, dag);
        var dagObject = new Lazy<TemplateValue>(() => Dag(dag));
        var taskObject = new Lazy<TemplateValue>(() => Task(dag, task));
        var runObject = new Lazy<TemplateValue>(() => Run(run));
        var instance = new Lazy<TemplateValue>(() => TaskInstanceVariable.For(run, task, tryNumber, mapIndex, taskObject.Value, runObject.Value, lookups));
        return new(
            Names,
            name => name switch
            {
                "dag" => dagObject.Value,
                "task" => taskObject.Value,
                "ti" or "task_instance" => instance.Value,
                "dag_run" => runObject.Value,
                "run_id" => TemplateValue.From(run.Id.Value),
                "run_type" => TemplateValue.From(TypeName(run.Type)),
                "params" => TemplateValue.FromJson(paramsJson),
                "var" => OutsideVariables.Variables(lookups),
                "conn" => OutsideVariables.Connections(lookups),
                "macros" => Macros.All,
                "start_date" => TemplateValue.From(startedAt?.ToUniversalTime()),
                "task_reschedule_count" => TemplateValue.From((long)reschedules),
                "map_index" => TemplateValue.From((long)mapIndex),
                "map_index_template" => TemplateValue.None, // instances are named by their index
                "expanded_ti_count" => mapLength is { } length ? TemplateValue.From((long)length) : TemplateValue.None,
                "item" => itemJson is null ? TemplateValue.None : TemplateValue.FromJson(itemJson),
                "task_instance_key_str" => TemplateValue.From($"{dag.Id}__{task.Id}__{Text(dates.Logical, "ds_nodash")}"),
                "test_mode" => TemplateValue.From(testMode),
                _ => dates.Get(name) ?? AssetVariables.Get(name, run, task, lookups),
            },
            limits);
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

    /// <summary>Events of an asset as a list, in their order.</summary>
    public static TemplateValue AssetEvents(IEnumerable<Assets.AssetEvent> events) => TemplateValue.From(events.Select(one => (TemplateValue)new ObjectValue($"<AssetEvent {one.Asset} {one.Id}>", new Dictionary<string, TemplateValue>
    {
        ["id"] = TemplateValue.From(one.Id),
        ["asset"] = TemplateValue.From(one.Asset),
        ["timestamp"] = TemplateValue.From(one.At),
        ["extra"] = TemplateValue.FromJson(one.Extra),
        ["source_dag_id"] = TemplateValue.From(one.SourceDag),
        ["source_run_id"] = TemplateValue.From(one.SourceRun),
        ["source_task_id"] = TemplateValue.From(one.SourceTask),
    })));

    internal static string Text(DateTimeValue time, string format) => format switch
    {
        "ds" => Python.PythonText.Date(time.Local.Date),
        "ds_nodash" => Python.PythonText.Date(time.Local.Date).Replace("-", ""),
        "ts" => Python.PythonText.Iso(time),
        "ts_nodash" => DateFilters.TimestampNoDash(time),
        _ => DateFilters.TimestampNoDashWithZone(time),
    };

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

    private static ObjectValue Run(RunFacts run) => new($"<DagRun {run.Dag} @ {run.Id}>", new Dictionary<string, TemplateValue>
    {
        ["dag_id"] = TemplateValue.From(run.Dag.Value),
        ["run_id"] = TemplateValue.From(run.Id.Value),
        ["run_type"] = TemplateValue.From(TypeName(run.Type)),
        ["logical_date"] = TemplateValue.From(run.LogicalDate.ToUniversalTime()),
        ["execution_date"] = TemplateValue.From(run.LogicalDate.ToUniversalTime()),
        ["data_interval_start"] = TemplateValue.From(run.Interval.Start.ToUniversalTime()),
        ["data_interval_end"] = TemplateValue.From(run.Interval.End.ToUniversalTime()),
        ["external_trigger"] = TemplateValue.From(run.Type == RunType.Manual),
        ["queued_at"] = TemplateValue.From(run.CreatedAt.ToUniversalTime()),
        ["conf"] = TemplateValue.FromJson(run.Conf),
    });

    private static string TypeName(RunType type) => type switch { RunType.Scheduled => "scheduled", RunType.Manual => "manual", RunType.AssetTriggered => "asset_triggered", _ => "backfill" };
}
