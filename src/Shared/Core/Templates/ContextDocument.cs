using System.Globalization;
using System.Text.Json;
using Sluice.Core.Templates.Library;
using Sluice.Core.Templates.Parsing;

namespace Sluice.Core.Templates;

/// <summary>A run described by hand, as a JSON object, to try templates on: <c>sluice template eval</c>.</summary>
/// <remarks>
/// All keys are optional. What is missing is not there for the template either, but for the names that may be None in a real run
/// (<c>prev_*_success</c>) and those with a plain default: <c>try_number</c> 1, <c>map_index</c> -1, <c>test_mode</c> false, no conf, no params.
/// </remarks>
public static class ContextDocument
{
    private static readonly string[] Keys =
    [
        "dag_id", "task_id", "run_id", "run_type", "logical_date", "data_interval_start", "data_interval_end",
        "prev_data_interval_start_success", "prev_data_interval_end_success", "prev_start_date_success", "prev_end_date_success",
        "test_mode", "try_number", "map_index", "dag_run_conf", "params", "variables", "connections", "xcom",
    ];

    private static readonly string[] ConnectionKeys = ["conn_type", "host", "schema", "login", "password", "port", "extra"];

    private static readonly string[] RunTypes = ["scheduled", "manual", "backfill", "asset_triggered"];

    /// <summary>Reads a description into the scope that it stands for.</summary>
    /// <exception cref="FormatException">It is not such an object; one sentence that names the key.</exception>
    public static TemplateScope Parse(string json, TemplateLimits? limits = null)
    {
        JsonElement root;
        try
        {
            root = JsonElement.Parse(json);
        }
        catch (JsonException e)
        {
            throw new FormatException($"The context is not JSON: it breaks at line {e.LineNumber + 1}, position {e.BytePositionInLine + 1}.");
        }

        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException($"The context must be a JSON object with keys such as logical_date; it is {Kind(root)}.");
        }

        var given = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var property in root.EnumerateObject())
        {
            if (!Keys.Contains(property.Name))
            {
                throw new FormatException(
                    $"The context has a key '{property.Name}' that means nothing{Suggestion.For(property.Name, Keys)}; there are {string.Join(", ", Keys)}.");
            }

            if (property.Value.ValueKind != JsonValueKind.Null)
            {
                given[property.Name] = property.Value;
            }
        }

        return new(Names(given), limits);
    }

    private static Dictionary<string, TemplateValue> Names(Dictionary<string, JsonElement> given)
    {
        var lookups = new Given(given);
        var logical = Date(given, "logical_date");
        var conf = Json(given, "dag_run_conf");
        var paramValues = Json(given, "params").Items.Concat(conf.Items);
        var (dagId, taskId) = (Text(given, "dag_id"), Text(given, "task_id"));
        var runType = Text(given, "run_type");
        if (runType is not null && !RunTypes.Contains(runType))
        {
            throw new FormatException($"The context's run_type is '{runType}'; it must be one of {string.Join(", ", RunTypes)}.");
        }

        var names = new Dictionary<string, TemplateValue>(StringComparer.Ordinal)
        {
            ["test_mode"] = TemplateValue.From(Flag(given, "test_mode")),
            ["params"] = new DictionaryValue(paramValues),
            ["var"] = OutsideVariables.Variables(lookups),
            ["conn"] = OutsideVariables.Connections(lookups),
            ["macros"] = Macros.All,
            ["prev_execution_date_success"] = Optional(given, "prev_data_interval_start_success"),
        };
        foreach (var name in Keys.Where(key => key.StartsWith("prev_", StringComparison.Ordinal)))
        {
            names[name] = Optional(given, name);
        }

        if (logical is not null)
        {
            foreach (var name in RunDates.NamesOfLogicalDate)
            {
                names[name] = RunDates.OfLogicalDate(logical, name)!;
            }
        }

        Add(names, "run_id", Text(given, "run_id"));
        Add(names, "run_type", runType);
        foreach (var name in new[] { "data_interval_start", "data_interval_end" })
        {
            Add(names, name, Date(given, name));
        }

        var run = new Dictionary<string, TemplateValue>(StringComparer.Ordinal) { ["conf"] = conf };
        foreach (var name in new[] { "run_id", "run_type", "logical_date", "execution_date", "data_interval_start", "data_interval_end" })
        {
            Add(run, name, names.GetValueOrDefault(name));
        }

        Add(run, "dag_id", dagId);
        Add(run, "external_trigger", runType is null ? null : TemplateValue.From(runType == "manual"));
        names["dag_run"] = new ObjectValue($"<DagRun {dagId} @ {Text(given, "run_id")}>", run);

        var dag = new Dictionary<string, TemplateValue>(StringComparer.Ordinal);
        Add(dag, "dag_id", dagId);
        names["dag"] = new ObjectValue($"<DAG: {dagId}>", dag);

        var task = new Dictionary<string, TemplateValue>(dag, StringComparer.Ordinal);
        Add(task, "task_id", taskId);
        names["task"] = new ObjectValue($"<Task: {taskId}>", task);

        foreach (var (name, value) in Neighbours(runType, logical, Date(given, "data_interval_end")))
        {
            names[name] = value;
        }

        names["map_index"] = TemplateValue.From(Whole(given, "map_index", -1));
        names["map_index_template"] = TemplateValue.None;
        var instance = new Dictionary<string, TemplateValue>(task, StringComparer.Ordinal)
        {
            ["try_number"] = TemplateValue.From(Whole(given, "try_number", 1)),
            ["map_index"] = names["map_index"],
            ["task"] = names["task"],
            ["dag_run"] = names["dag_run"],
            ["xcom_pull"] = TaskInstanceVariable.XComPull(taskId ?? "", lookups),
        };
        Add(instance, "run_id", names.GetValueOrDefault("run_id"));
        names["ti"] = names["task_instance"] = new ObjectValue($"<TaskInstance: {dagId}.{taskId} {Text(given, "run_id")}>", instance);
        if (dagId is not null && taskId is not null && logical is not null)
        {
            names["task_instance_key_str"] = TemplateValue.From($"{dagId}__{taskId}__{TemplateVariables.Text(logical, "ds_nodash")}");
        }

        return names;
    }

    /// <summary>What is known of the neighbours in a schedule that is not: a run by hand is its own, and where an interval ends the next one begins.</summary>
    private static IEnumerable<(string Name, TemplateValue Value)> Neighbours(string? runType, DateTimeValue? logical, DateTimeValue? end)
    {
        var isByHand = runType is "manual" or "asset_triggered";
        if (runType is null || (isByHand ? logical : end) is not { } next)
        {
            yield break;
        }

        foreach (var side in isByHand ? new[] { "prev", "next" } : ["next"])
        {
            yield return ($"{side}_execution_date", next);
            yield return ($"{side}_ds", TemplateValue.From(TemplateVariables.Text(next, "ds")));
            yield return ($"{side}_ds_nodash", TemplateValue.From(TemplateVariables.Text(next, "ds_nodash")));
        }
    }

    private static void Add(Dictionary<string, TemplateValue> names, string name, string? value) => Add(names, name, value is null ? null : TemplateValue.From(value));

    private static void Add(Dictionary<string, TemplateValue> names, string name, TemplateValue? value)
    {
        if (value is not null)
        {
            names[name] = value;
        }
    }

    private static TemplateValue Optional(Dictionary<string, JsonElement> given, string key) => Date(given, key) ?? TemplateValue.None;

    private static DateTimeValue? Date(Dictionary<string, JsonElement> given, string key)
    {
        if (Text(given, key) is not { } text)
        {
            return null;
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? new DateTimeValue(time)
            : throw new FormatException($"The context's {key} is '{text}'; it must be a date such as 2021-02-05T00:00:00+00:00.");
    }

    private static string? Text(Dictionary<string, JsonElement> given, string key) =>
        !given.TryGetValue(key, out var value) ? null : value.ValueKind == JsonValueKind.String ? value.GetString() : throw Wrong(key, "text", value);

    private static bool Flag(Dictionary<string, JsonElement> given, string key) =>
        given.TryGetValue(key, out var value) && (value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Wrong(key, "true or false", value));

    private static long Whole(Dictionary<string, JsonElement> given, string key, long otherwise) =>
        !given.TryGetValue(key, out var value) ? otherwise
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number
        : throw Wrong(key, "a whole number", value);

    private static DictionaryValue Json(Dictionary<string, JsonElement> given, string key) =>
        !given.TryGetValue(key, out var value) ? new DictionaryValue([])
        : TemplateValue.From(value) as DictionaryValue ?? throw Wrong(key, "an object", value);

    private static FormatException Wrong(string key, string right, JsonElement value) => new($"The context's {key} must be {right}; it is {Kind(value)}.");

    private static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => "a list",
        JsonValueKind.Object => "an object",
        JsonValueKind.String => "text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };

    /// <summary>The outside values that the file holds; whatever else is asked for does not exist.</summary>
    private sealed class Given : ITemplateLookups
    {
        private readonly Dictionary<TemplateLookup, TemplateValue> _values = [];

        public Given(Dictionary<string, JsonElement> given)
        {
            foreach (var (name, value) in Members(given, "variables"))
            {
                _values[new(TemplateLookupKind.Variable, name)] = value.ValueKind == JsonValueKind.String
                    ? TemplateValue.From(value.GetString())
                    : throw Wrong($"variable '{name}'", "text (JSON values as text, too)", value);
            }

            foreach (var (id, value) in Members(given, "connections"))
            {
                _values[new(TemplateLookupKind.Connection, id)] = Connection(id, value);
            }

            if (!given.TryGetValue("xcom", out var xcoms))
            {
                return;
            }

            if (xcoms.ValueKind != JsonValueKind.Array)
            {
                throw Wrong("xcom", "a list of objects with task_id, key and value", xcoms);
            }

            foreach (var xcom in xcoms.EnumerateArray())
            {
                AddXCom(xcom);
            }
        }

        public bool TryGet(TemplateLookup key, out TemplateValue? value)
        {
            value = _values.GetValueOrDefault(key);
            return true;
        }

        private void AddXCom(JsonElement xcom)
        {
            if (xcom.ValueKind != JsonValueKind.Object
                || !xcom.TryGetProperty("task_id", out var task) || task.ValueKind != JsonValueKind.String
                || !xcom.TryGetProperty("value", out var value))
            {
                throw new FormatException("Each entry of the context's xcom must be an object with task_id, key (else return_value) and value.");
            }

            var key = xcom.TryGetProperty("key", out var named) && named.ValueKind == JsonValueKind.String ? named.GetString()! : "return_value";
            _values[new(TemplateLookupKind.XCom, task.GetString()!, key)] = TemplateValue.From(value);
        }

        private static IEnumerable<(string Name, JsonElement Value)> Members(Dictionary<string, JsonElement> given, string key) =>
            !given.TryGetValue(key, out var value) ? []
            : value.ValueKind == JsonValueKind.Object ? value.EnumerateObject().Select(x => (x.Name, x.Value))
            : throw Wrong(key, "an object", value);

        private static TemplateValue Connection(string id, JsonElement value)
        {
            if (value.ValueKind != JsonValueKind.Object)
            {
                throw Wrong($"connection '{id}'", "an object", value);
            }

            var fields = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
            foreach (var field in value.EnumerateObject())
            {
                if (!ConnectionKeys.Contains(field.Name))
                {
                    throw new FormatException(
                        $"The context's connection '{id}' has a key '{field.Name}' that means nothing; there are {string.Join(", ", ConnectionKeys)}.");
                }

                if (field.Value.ValueKind != JsonValueKind.Null)
                {
                    fields[field.Name] = field.Value;
                }
            }

            int? port = fields.TryGetValue("port", out var number)
                ? int.TryParse(number.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) ? parsed : throw Wrong($"connection '{id}': port", "a number", number)
                : null;
            var extra = fields.TryGetValue("extra", out var given) ? given.ValueKind == JsonValueKind.String ? given.GetString()! : given.GetRawText() : "{}";
            try
            {
                return TemplateVariables.Connection(
                    id, Field("conn_type") ?? "", Field("host"), Field("login"), Field("password"), Field("schema"), port, extra.Length == 0 ? "{}" : extra);
            }
            catch (JsonException)
            {
                throw new FormatException($"The extra of the context's connection '{id}' is not JSON.");
            }

            string? Field(string key) => !fields.TryGetValue(key, out var field) ? null
                : field.ValueKind == JsonValueKind.String ? field.GetString()
                : throw Wrong($"connection '{id}': {key}", "text", field);
        }
    }
}
