using Sluice.Authoring.Execution;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Core.Callbacks;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using Sluice.Core.Templates;
using Sluice.Runner.Bundles;
using Sluice.Runner.Protocol;

namespace Sluice.Runner.Attempts;

/// <summary>Makes the operator of an attempt and runs it.</summary>
internal static class AttemptExecution
{
    private static readonly Dictionary<Type, bool> HasOnKill = [];

    /// <summary>Runs user code, or a built-in operator of a bundle, to its outcome.</summary>
    public static async Task<TaskOutcome> RunAsync(
        TaskFrame frame, DagSpec dag, RunFacts run, LoadedBundle? bundle, ITaskServices services, ProviderCatalog providers, TimeProvider time, CancellationToken kill)
    {
        var task = frame.Callback is { } callback ? CallbackSpec.TaskFor(dag, callback) : dag.Tasks[frame.Task];
        if (frame.PokeOnce && task.Sensor is { } sensor)
        {
            task = task with { Sensor = sensor with { Mode = SensorMode.Reschedule } };
        }

        Operator op;
        var templates = TemplateLibrary.Empty;
        try
        {
            (op, templates) = (bundle, frame.Callback) switch
            {
                (null, { Job: { } job }) => (RemoteJobStop.Of(new OperatorFactory(providers).Create(task), job), templates),
                ({ } code, { Job: { } job }) => (RemoteJobStop.Of(code.CreateOperator(dag.Id, task.CodeId ?? task.Id).Operator, job), templates),
                (null, { } note) => (new OperatorFactory(providers).CreateNotifier(CallbackSpec.Find(dag, note)), templates),
                ({ } code, { } note) => code.CreateNotifier(dag.Id, note.Task is null ? null : task.CodeId ?? task.Id, note.Callback),
                (null, null) => (new OperatorFactory(providers).Create(task), templates),
                ({ } code, null) => code.CreateOperator(dag.Id, task.CodeId ?? task.Id),
            };
        }
        catch (Exception e)
        {
            return new() { Kind = OutcomeKind.Failed, Error = e.Message };
        }

        var context = new TaskContext(run, dag, task, frame.TryNumber, services, providers) { Attempt = frame.Attempt, FirstPokeAt = frame.FirstPokeAt, Reschedules = frame.Reschedules, Map = frame.Map, Templates = templates, Callback = frame.Callback, RemoteJob = frame.RemoteJob };

        // A thread hop costs more than a tiny task. Only OnKill needs one, to be called while the code blocks; else the worker's kill is enough.
        return await OperatorExecution.RunAsync(op, context, time, kill, onThisThread: !OverridesOnKill(op.GetType()));
    }

    private static bool OverridesOnKill(Type type)
    {
        if (!HasOnKill.TryGetValue(type, out var overrides))
        {
            overrides = type.GetMethod(nameof(Operator.OnKillAsync), [typeof(TaskContext)])?.DeclaringType != typeof(Operator);
            HasOnKill.Add(type, overrides);
        }

        return overrides;
    }
}
