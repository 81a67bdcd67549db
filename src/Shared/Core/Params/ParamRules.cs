using System.Text.Json;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;

namespace Sluice.Core.Params;

/// <summary>Holds a Dag's params, and the conf that overrides them, to their JSON Schemas, before a run exists. Pure.</summary>
public static class ParamRules
{
    /// <summary>What is wrong with the Dag itself: a schema that is none, a default that breaks its own, a scheduled run that would have no value.</summary>
    public static IEnumerable<string> Problems(DagSpec dag)
    {
        if (dag.ParamsSchema is null)
        {
            yield break;
        }

        if (Parsed(dag.ParamsSchema) is not { ValueKind: JsonValueKind.Object } schemas)
        {
            yield return "its params' schema is no JSON object with one JSON Schema for each param.";
            yield break;
        }

        var isWell = true;
        foreach (var schema in schemas.EnumerateObject())
        {
            foreach (var problem in JsonSchema.Problems(schema.Value))
            {
                isWell = false;
                yield return $"the schema of param \"{schema.Name}\" {problem}.";
            }
        }

        if (!isWell || Parsed(dag.Params) is not { ValueKind: JsonValueKind.Object } defaults)
        {
            yield break;
        }

        foreach (var schema in schemas.EnumerateObject())
        {
            if (!defaults.TryGetProperty(schema.Name, out var value))
            {
                if (dag.Schedule is not ManualSchedule)
                {
                    yield return $"param \"{schema.Name}\" has no default, so scheduled runs would have no value for it; give it one, or the schedule none.";
                }
            }
            else if (JsonSchema.Check(value, schema.Value) is { } broken)
            {
                yield return $"the default of param \"{schema.Name}\"{broken}.";
            }
        }
    }

    /// <summary>Why no run may be made with this conf: one sentence that names the param and the rule; null when one may.</summary>
    /// <param name="dag">Without problems.</param>
    /// <param name="conf">JSON object; its keys override params.</param>
    public static string? Refuse(DagSpec dag, string conf)
    {
        if (dag.ParamsSchema is null || Parsed(dag.ParamsSchema) is not { ValueKind: JsonValueKind.Object } schemas)
        {
            return null;
        }

        if (Parsed(conf) is not { ValueKind: JsonValueKind.Object } given)
        {
            return "The conf is no JSON object.";
        }

        var defaults = Parsed(dag.Params);
        foreach (var schema in schemas.EnumerateObject())
        {
            JsonElement value = default;
            var has = given.TryGetProperty(schema.Name, out value)
                || (defaults is { ValueKind: JsonValueKind.Object } && defaults.Value.TryGetProperty(schema.Name, out value));
            if (!has)
            {
                return $"Dag '{dag.Id}' needs param \"{schema.Name}\", which has no default; give it by conf: {{\"{schema.Name}\": …}}.";
            }

            if (JsonSchema.Check(value, schema.Value) is { } broken)
            {
                return $"Dag '{dag.Id}' cannot run with this conf: param \"{schema.Name}\"{broken}.";
            }
        }

        return null;
    }

    private static JsonElement? Parsed(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
