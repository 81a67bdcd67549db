using System.Text.Json;
using Sluice.Core.TaskInstances;

namespace Sluice.Core.Dags;

/// <summary>Finds what is wrong with a Dag's setups, teardowns, retry rules and mapped tasks. Pure.</summary>
internal static class FlowValidator
{
    /// <summary>What is wrong with one task, each to be put after "Task "x" in Dag "y":". Upstream indices must be good.</summary>
    public static IEnumerable<string> Problems(DagSpec dag, TaskSpec task)
    {
        if (task.RetryBackoffMultiplier is not 0 and not (>= 1 and <= 1000))
        {
            yield return $"retry backoff multiplier is {task.RetryBackoffMultiplier}; it must be between 1 and 1000, or left out";
        }

        foreach (var rule in task.RetryPolicy ?? [])
        {
            if (string.IsNullOrWhiteSpace(rule.Exception))
            {
                yield return "a rule of its retry policy names no exception; name a type such as HttpRequestException, or * for all";
            }
            else if (rule.Delay < TimeSpan.Zero)
            {
                yield return $"the delay of its retry policy for {rule.Exception} is {rule.Delay}; it must not be negative";
            }
            else if (rule.Delay is not null && rule.Action != RetryAction.Retry)
            {
                yield return $"its retry policy gives {rule.Exception} a delay, but does not retry it; take the delay out";
            }
        }

        if (task.MaxActive < 1 || task.MaxActivePerRun < 1)
        {
            yield return "a limit of active instances is below 1; it must be at least 1, or left out for no limit";
        }

        if (task.Kind != TaskKind.Teardown && task.OnFailureFailDagRun)
        {
            yield return "on_failure_fail_dagrun is for teardowns; take it out, or make the task a teardown";
        }

        if (task.Kind == TaskKind.Teardown && task.TriggerRule != TriggerRule.AllDoneSetupSuccess)
        {
            yield return $"is a teardown with trigger rule {task.TriggerRule}; teardowns run by all_done_setup_success alone, leave the rule out";
        }

        if (task.Map is { } map)
        {
            foreach (var problem in Problems(dag, task, map))
            {
                yield return problem;
            }
        }
    }

    /// <summary>What is wrong with mapped groups as a whole; the Dag must be good otherwise.</summary>
    public static IEnumerable<(TaskSpec Task, string Problem)> OfGroups(DagSpec dag)
    {
        if (dag.Tasks.All(task => task.Map?.Group is null))
        {
            yield break;
        }

        var graph = new DagGraph(dag);
        for (var task = 0; task < graph.Count; task++)
        {
            if (graph.ScopeOf(task) is not { IsGroup: true } scope)
            {
                continue;
            }

            foreach (var after in graph.Descendants(task))
            {
                if (scope.Outside.Contains(after))
                {
                    yield return (dag.Tasks[task],
                        $"is in the mapped group '{scope.Map.Group}', which it leaves to '{dag.Tasks[after].Id}' and enters again; what lies between belongs into the group");
                }
            }
        }
    }

    private static IEnumerable<string> Problems(DagSpec dag, TaskSpec task, MapSpec map)
    {
        if (map.Sources.Count == 0)
        {
            yield return "is mapped over nothing; give it a list, or the output of a task";
        }

        if (map.Mode == MapMode.Arguments && map.Sources.Count != 1)
        {
            yield return "is mapped over lists of arguments, of which there must be one";
        }

        if (task.Kind != TaskKind.Work)
        {
            yield return $"is a {task.Kind.ToString().ToLowerInvariant()} and mapped; map the tasks between instead";
        }

        if (map.Group is not null && task.TriggerRule == TriggerRule.Always)
        {
            yield return "has trigger rule always inside a mapped group, where it would not wait for its own index; use another rule";
        }

        var limit = dag.MaxMapLength ?? MapSpec.DefaultMaxLength;
        foreach (var source in map.Sources)
        {
            if (source.Task is { } producer)
            {
                if (producer < 0 || producer >= dag.Tasks.Count || (map.Group is null && !task.Upstream.Contains(producer)))
                {
                    yield return "is mapped over the output of a task that is not upstream of it; let it wait for that task";
                }
                else if (dag.Tasks[producer].Operator == DagRuns.DagRunDecider.EmptyOperator)
                {
                    yield return $"is mapped over the output of '{dag.Tasks[producer].Id}', an EmptyOperator, which has none";
                }
            }
            else if (LengthOf(source.Values) is not { } length)
            {
                yield return "is mapped over what is no list; give a JSON array or object";
            }
            else if (length > limit)
            {
                yield return $"is mapped over {length} elements, more than the limit of {limit}; raise max_map_length, or give fewer";
            }
        }
    }

    private static int? LengthOf(string? json)
    {
        try
        {
            using var document = JsonDocument.Parse(json ?? "null");
            return document.RootElement.ValueKind switch
            {
                JsonValueKind.Array => document.RootElement.GetArrayLength(),
                JsonValueKind.Object => document.RootElement.EnumerateObject().Count(),
                _ => null,
            };
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
