using System.Globalization;
using System.Text.Json.Nodes;
using Sluice.Authoring.Assets;
using Sluice.Authoring.Callbacks;
using Sluice.Authoring.Dags;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Sensors;
using Sluice.Core.Assets;
using Sluice.Core.Callbacks;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Core.TaskInstances;
using YamlDotNet.RepresentationModel;

namespace Sluice.Authoring.Yaml;

/// <summary>Reads one Dag of a YAML file into the same builder that C# files use.</summary>
internal sealed class YamlDagReader(YamlFields fields, string file, ProviderCatalog providers, List<DagProblem> problems)
{
    private readonly OperatorFactory _operators = new(providers);
    private readonly YamlJson _json = new();
    private readonly Dictionary<string, IDagNode> _nodes = new(StringComparer.Ordinal);
    private readonly List<(string Scope, string Setup)> _setups = [];
    private YamlMaps? _maps;
    private readonly List<(IDagNode Node, string Scope, string Upstream, YamlFields Fields, YamlNode At)> _dependencies = [];

    /// <summary>Defines the Dag, or leaves it out when it has problems.</summary>
    public void DefineIn(DagCollector collector)
    {
        var before = problems.Count;
        var id = fields.RequiredText("dag_id") ?? "";
        var draft = new DagCollector(providers, _ => null, collector.ReadFile);
        draft.Define(id, Fill, fields.Location);
        problems.AddRange(draft.Problems.Select(problem => new DagProblem(problem.Message, problem.Location)));
        if (problems.Count == before)
        {
            collector.Add(draft.Definitions[0]);
        }
    }

    private void Fill(DagBuilder dag)
    {
        var watch = fields.Mapping("watch", "what is watched");
        dag.Description = fields.Text("description");
        dag.RenamedFrom = fields.Text("renamed_from");
        dag.TimeZone = fields.Text("timezone") ?? dag.TimeZone;
        if (watch is null)
        {
            dag.Schedule = YamlSchedule.Read(fields, "schedule", dag);
            dag.StartDate = ReadDate(fields, "start_date");
        }
        else
        {
            Watchers.Prepare(dag);
            foreach (var other in (string[])["schedule", "start_date", "max_active_runs", "tasks"])
            {
                if (fields.Node(other) is { } node)
                {
                    fields.Problem(node, $"{other} does not go with watch: a watcher runs for as long as the Dag is there, and has its own tasks.");
                }
            }
        }

        dag.EndDate = ReadDate(fields, "end_date");
        dag.DagRunTimeout = fields.Length("dagrun_timeout");
        dag.Catchup = ReadCatchup() ?? dag.Catchup;
        dag.MaxActiveRuns = fields.Number("max_active_runs") ?? dag.MaxActiveRuns;
        dag.MaxActiveTasks = fields.Number("max_active_tasks");
        dag.MaxActiveTasksPerRun = fields.Number("max_active_tasks_per_run");
        dag.FailFast = fields.Flag("fail_fast") ?? false;
        dag.MaxMapLength = fields.Number("max_map_length");
        dag.Tags([.. fields.Texts("tags").Select(tag => tag.Text)]);
        dag.PersonalColumns([.. fields.Texts("personal_columns").Select(column => column.Text)]);
        dag.CallbackTimeout = fields.Length("callback_timeout");
        foreach (var on in (CallbackTrigger[])[CallbackTrigger.Success, CallbackTrigger.Failure])
        {
            foreach (var notifier in ReadNotifiers(fields, $"{on.Name()}_callback"))
            {
                dag.AddCallback(on, notifier);
            }
        }

        if (fields.Mapping("default_args", "default_args") is { } defaults)
        {
            ReadSettings(defaults, dag.Defaults);
            defaults.RefuseOthers();
        }

        if (fields.Mapping("params", "params") is { } given)
        {
            foreach (var (name, value) in given.Unread)
            {
                dag.Params[name] = _json.Convert(value);
            }
        }

        if (fields.Mapping("params_schema", "params_schema") is { } schemas)
        {
            foreach (var (name, schema) in schemas.Unread)
            {
                dag.ParamSchema(name, _json.Convert(schema)?.ToJsonString() ?? "null");
            }
        }

        foreach (var item in fields.Mappings("deadlines", "the deadline"))
        {
            YamlDeadline.Read(item, dag, ReadNotifiers);
        }

        if (watch is null)
        {
            ReadTasks(dag, fields, "");
        }
        else
        {
            ReadWatch(dag, watch);
        }

        fields.RefuseOthers();
        foreach (var (scope, setup) in _setups)
        {
            (Find(scope, setup) as TaskNode)?.AsSetup();
        }

        foreach (var (node, scope, upstream, at, place) in _dependencies)
        {
            if (Find(scope, upstream) is { } found)
            {
                Dependencies.Link(found, node);
            }
            else
            {
                at.Problem(place, $"'{node.Id}' depends on '{upstream}', which is no task or group of this Dag.");
            }
        }

        Maps.Link(Find);
    }

    private void ReadWatch(DagBuilder dag, YamlFields watch)
    {
        var assets = YamlAssets.Several(watch, "asset").ToList();
        var name = watch.RequiredText("operator");
        if (assets is not [Asset asset])
        {
            watch.Problem(null, "A watcher updates one asset; name it: asset: NAME, or asset: {asset: NAME, uri: URI}.");
            return;
        }

        if (name is null || Create(watch, "watch", name) is not { } op)
        {
            return;
        }

        if (op is not Sensor sensor)
        {
            watch.Problem(watch.Node("operator"), $"A watcher needs a sensor, and {name} is none.");
            return;
        }

        sensor.PokeInterval = watch.Length("poke_interval") ?? sensor.PokeInterval;
        ReadArguments(watch, "watch", op);
        Watchers.Add(dag, asset, sensor, watch.Location);
    }

    private YamlMaps Maps => _maps ??= new(_json);

    private void ReadTasks(TaskScope scope, YamlFields owner, string prefix)
    {
        foreach (var item in owner.Mappings("tasks", "the task"))
        {
            if (item.Has("group"))
            {
                ReadGroup(scope, item, prefix);
            }
            else
            {
                ReadTask(scope, item, prefix);
            }
        }
    }

    private void ReadGroup(TaskScope scope, YamlFields item, string prefix)
    {
        if (item.Text("group") is not { } id)
        {
            return;
        }

        GroupBuilder? built = null;
        var group = scope.Group(id, inner =>
        {
            built = inner;
            if (item.Mapping("default_args", "default_args") is { } defaults)
            {
                ReadSettings(defaults, inner.Defaults);
                defaults.RefuseOthers();
            }

            ReadTasks(inner, item, $"{prefix}{id}.");
        });
        Register(group, prefix, item);
        Maps.Read(group, built!, prefix, item);
        item.RefuseOthers();
    }

    private void ReadTask(TaskScope scope, YamlFields item, string prefix)
    {
        var id = item.RequiredText("id");
        var name = item.RequiredText("operator");
        if (id is null || name is null)
        {
            return;
        }

        if (Create(item, id, name) is not { } op)
        {
            return;
        }

        var task = scope.Add(id, op, file: file, line: item.Location.Line);
        ReadKind(task, item, prefix);
        Maps.Read(task, prefix, item);
        task.RenamedFrom = item.Text("renamed_from");
        task.MultipleOutputs = item.Flag("multiple_outputs") ?? false;
        task.OutletAssets.AddRange(YamlAssets.Several(item, "outlets"));
        task.InletAssets.AddRange(YamlAssets.Several(item, "inlets"));
        task.TriggerRule = item.Choice<TriggerRule>("trigger_rule") ?? task.TriggerRule;
        ReadSettings(item, task);
        Register(task, prefix, item);
        if (op is Sensor sensor)
        {
            sensor.Mode = item.Choice<SensorMode>("mode") ?? sensor.Mode;
            sensor.PokeInterval = item.Length("poke_interval") ?? sensor.PokeInterval;
            sensor.Timeout = item.Length("timeout") ?? sensor.Timeout;
            sensor.SoftFail = item.Flag("soft_fail") ?? sensor.SoftFail;
            sensor.NeverFail = item.Flag("never_fail") ?? sensor.NeverFail;
            sensor.SilentFail = item.Flag("silent_fail") ?? sensor.SilentFail;
            sensor.ExponentialBackoff = item.Flag("exponential_backoff") ?? sensor.ExponentialBackoff;
            sensor.MaxWait = item.Length("max_wait") ?? sensor.MaxWait;
        }

        ReadArguments(item, id, op);
    }

    private Operator? Create(YamlFields item, string id, string name)
    {
        try
        {
            return _operators.Create(name, "{}");
        }
        catch (UnknownOperatorException e)
        {
            item.Problem(item.Node("operator"), $"Task '{id}': {e.Message}");
            return null;
        }
    }

    // What is left are the operator's own arguments.
    private void ReadArguments(YamlFields item, string id, Operator op)
    {
        foreach (var (argument, value) in item.Unread.ToList())
        {
            try
            {
                OperatorArguments.Read(new JsonObject { [argument] = _json.Convert(value) }, op);
            }
            catch (OperatorArgumentException e)
            {
                item.Problem(value, $"Task '{id}': {e.Message}");
            }
        }
    }

    private void ReadKind(TaskNode task, YamlFields item, string prefix)
    {
        if (item.Flag("setup") == true)
        {
            task.AsSetup();
        }

        task.OnFailureFailDagRun = item.Flag("on_failure_fail_dagrun") ?? false;
        if (item.Node("teardown") is { } teardown)
        {
            // true alone, or the ids of its setups.
            var setups = teardown is YamlScalarNode { Value: "true" or "false" } flag
                ? flag.Value == "false" ? null : []
                : item.Texts("teardown");
            if (setups is null)
            {
                return;
            }

            task.AsTeardown();
            _dependencies.AddRange(setups.Select(setup => ((IDagNode)task, prefix, setup.Text, item, setup.Node)));
            _setups.AddRange(setups.Select(setup => (prefix, setup.Text)));
        }
    }

    private void Register(IDagNode node, string prefix, YamlFields item)
    {
        if (!_nodes.TryAdd(node.Id, node) && (node is TaskGroup || _nodes[node.Id] is TaskGroup))
        {
            item.Problem(null, $"'{node.Id}' is defined twice; give one of them another id.");
        }

        _dependencies.AddRange(item.Texts("depends_on").Select(up => (node, prefix, up.Text, item, up.Node)));
    }

    // Names are looked for in the group they are written in first, then outwards.
    private IDagNode? Find(string scope, string name)
    {
        while (true)
        {
            if (_nodes.TryGetValue(scope + name, out var found))
            {
                return found;
            }

            if (scope.Length == 0)
            {
                return null;
            }

            scope = scope[..(scope.TrimEnd('.').LastIndexOf('.') + 1)];
        }
    }

    private List<Notifier> ReadNotifiers(YamlFields item, string name)
    {
        var found = new List<Notifier>();
        foreach (var given in item.Has(name) ? item.Mappings(name, $"the callback in {name}") : [])
        {
            if (given.RequiredText("notifier") is not { } type)
            {
                continue;
            }

            try
            {
                var notifier = _operators.CreateNotifier(type, "{}");
                found.Add(notifier);
                foreach (var (argument, value) in given.Unread.ToList())
                {
                    try
                    {
                        OperatorArguments.Read(new JsonObject { [argument] = _json.Convert(value) }, notifier);
                    }
                    catch (OperatorArgumentException e)
                    {
                        given.Problem(value, $"{type} in {name}: {e.Message}");
                    }
                }
            }
            catch (UnknownOperatorException e)
            {
                given.Problem(given.Node("notifier"), e.Message);
            }
        }

        return found;
    }

    private void ReadSettings(YamlFields item, TaskSettings settings)
    {
        foreach (var on in (CallbackTrigger[])[CallbackTrigger.Execute, CallbackTrigger.Success, CallbackTrigger.Failure, CallbackTrigger.Retry, CallbackTrigger.Skipped])
        {
            foreach (var notifier in ReadNotifiers(item, $"{on.Name()}_callback"))
            {
                settings.On(on, notifier);
            }
        }

        settings.RetryBackoffMultiplier = item.Parse<double>("retry_backoff_multiplier", "a number of at least 1", text =>
            double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= 1 ? number : null);
        settings.RetryPolicy = ReadPolicy(item);
        settings.MaxActive = item.Number("max_active_tis_per_dag");
        settings.MaxActivePerRun = item.Number("max_active_tis_per_dagrun");
        settings.DependsOnPast = item.Flag("depends_on_past");
        settings.WaitForDownstream = item.Flag("wait_for_downstream");
        settings.Owner = item.Text("owner");
        settings.Retries = item.Number("retries");
        settings.RetryDelay = item.Length("retry_delay");
        settings.RetryExponentialBackoff = item.Flag("retry_exponential_backoff");
        settings.MaxRetryDelay = item.Length("max_retry_delay");
        settings.ExecutionTimeout = item.Length("execution_timeout");
        settings.StartDate = ReadDate(item, "start_date");
        settings.EndDate = ReadDate(item, "end_date");
        settings.Pool = item.Text("pool");
        settings.PoolSlots = item.Number("pool_slots");
        settings.Queue = item.Text("queue");
        settings.Priority = item.Number("priority");
        settings.WeightRule = item.Choice<WeightRule>("weight_rule");
    }

    private static List<RetryRule>? ReadPolicy(YamlFields item)
    {
        if (!item.Has("retry_policy"))
        {
            return null;
        }

        var rules = new List<RetryRule>();
        foreach (var rule in item.Mappings("retry_policy", "the rule of retry_policy"))
        {
            if (rule.RequiredText("exception") is { } exception)
            {
                rules.Add(new(exception, rule.Choice<RetryAction>("action") ?? RetryAction.Retry, rule.Length("delay")));
            }

            rule.RefuseOthers();
        }

        return rules;
    }

    private static Date? ReadDate(YamlFields item, string name) => item.Parse<Date>(name, "a date such as 2021-02-05 or 2021-02-05T06:00:00+09:00", text =>
    {
        try
        {
            return Date.Parse(text);
        }
        catch (FormatException)
        {
            return null;
        }
    });

    private CatchupMode? ReadCatchup() => fields.Parse<CatchupMode>("catchup", "all (or true), latest (or false) or none", text => text.ToLowerInvariant() switch
    {
        "all" or "true" => CatchupMode.All,
        "latest" or "false" => CatchupMode.Latest,
        "none" => CatchupMode.None,
        _ => null,
    });
}
