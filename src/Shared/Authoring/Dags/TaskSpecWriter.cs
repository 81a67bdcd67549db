using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Sensors;
using Sluice.Core.Dags;

namespace Sluice.Authoring.Dags;

/// <summary>Writes a task of a definition as data, with its settings looked up from the inside out: task, groups, Dag.</summary>
internal static class TaskSpecWriter
{
    public const string CodeName = "Code";

    public static TaskSpec Write(TaskNode task, IReadOnlyList<int> upstream, ProviderCatalog? providers, Func<TaskNode, int> indexOf)
    {
        // What a task is mapped over is known only when it runs, and is judged then.
        if (task.Mapping is null && task.Operator.FindProblem() is { } problem)
        {
            throw new DagDefinitionException($"Task '{task.Id}': {problem}", task.Location);
        }

        if (task.Operator is Callbacks.Notifier)
        {
            throw new DagDefinitionException($"Task '{task.Id}' is a notifier; give it to OnFailure and the like, or to on_failure_callback in YAML.", task.Location);
        }

        var type = task.Operator.GetType();
        var builtIn = providers?.FindOperator(type.Name) == type;
        var defaults = new TaskSpec { Id = new(task.Id), Operator = "" };
        return new()
        {
            Id = new(task.Id),
            RenamedFrom = task.RenamedFrom is { } former ? new TaskId(former) : null,
            Operator = task.Operator is CodeOperator ? CodeName : type.Name,
            Host = builtIn ? TaskHost.Worker : TaskHost.Runner,
            Arguments = WriteArguments(task, builtIn),
            Upstream = upstream,
            TriggerRule = task.TriggerRule,
            Retries = Find(task, s => s.Retries) ?? defaults.Retries,
            RetryDelay = Find(task, s => s.RetryDelay) ?? defaults.RetryDelay,
            RetryExponentialBackoff = Find(task, s => s.RetryExponentialBackoff) ?? defaults.RetryExponentialBackoff,
            RetryBackoffMultiplier = Find(task, s => s.RetryBackoffMultiplier) ?? defaults.RetryBackoffMultiplier,
            RetryPolicy = Find(task, s => s.RetryPolicy),
            MultipleOutputs = task.MultipleOutputs,
            Map = (task.Mapping ?? task.Scope.EnclosingMapping)?.Write(indexOf),
            Kind = task.Kind,
            OnFailureFailDagRun = task.OnFailureFailDagRun,
            DependsOnPast = Find(task, s => s.DependsOnPast) ?? false,
            WaitForDownstream = Find(task, s => s.WaitForDownstream) ?? false,
            KeepsWatermark = task.KeepsWatermark ?? task.Operator.KeepsWatermark,

            // Two of its runs at once would read the same rows. Instances of a mapped task have a mark each, so its author must say how they are kept apart.
            MaxActive = Find(task, s => s.MaxActive) ?? ((task.KeepsWatermark ?? task.Operator.KeepsWatermark) && task.Mapping is null && task.Scope.EnclosingMapping is null ? 1 : null),
            MaxActivePerRun = Find(task, s => s.MaxActivePerRun),
            MaxRetryDelay = Find(task, s => s.MaxRetryDelay),
            ExecutionTimeout = Find(task, s => s.ExecutionTimeout),
            StartDate = task.Scope.Dag.Utc(Find(task, s => s.StartDate), $"start date of task '{task.Id}',"),
            EndDate = task.Scope.Dag.Utc(Find(task, s => s.EndDate), $"end date of task '{task.Id}',"),
            Pool = Find(task, s => s.Pool) ?? defaults.Pool,
            PoolSlots = Find(task, s => s.PoolSlots) ?? defaults.PoolSlots,
            Queue = Find(task, s => s.Queue) ?? defaults.Queue,
            Priority = Find(task, s => s.Priority) ?? defaults.Priority,
            WeightRule = Find(task, s => s.WeightRule),
            Owner = Find(task, s => s.Owner),
            Outlets = task.OutletAssets.Count == 0 ? null : [.. task.OutletAssets],
            Inlets = task.InletAssets.Count == 0 ? null : [.. task.InletAssets],
            Callbacks = CallbackWriter.Write(CallbackWriter.Of(task), providers, $"task '{task.Id}'", task.Location),
            Sensor = task.Operator is Sensor sensor ? sensor.Waits with { Watch = task.Watch } : null,
            Location = task.Location,
        };
    }

    private static string WriteArguments(TaskNode task, bool builtIn)
    {
        try
        {
            return OperatorArguments.Write(task.Operator, strict: builtIn);
        }
        catch (OperatorArgumentException e)
        {
            throw new DagDefinitionException($"Task '{task.Id}': {e.Message}", task.Location, e);
        }
    }

    private static T? Find<T>(TaskNode task, Func<TaskSettings, T?> read)
    {
        if (read(task) is { } own)
        {
            return own;
        }

        for (TaskScope? scope = task.Scope; scope is not null; scope = scope.Outer)
        {
            if (read(scope.Defaults) is { } found)
            {
                return found;
            }
        }

        return default;
    }
}
