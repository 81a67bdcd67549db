using System.Text.Json;
using Microsoft.Extensions.Logging;
using Sluice.Core.Connections;
using Sluice.Authoring.Execution;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Runner.Protocol;

namespace Sluice.Runner.Attempts;

/// <summary>Walks the road of an attempt once before the worker is told that this runner is ready, so that the first task does not pay for compiling it.</summary>
internal static class WarmUp
{
    public static async Task RunAsync(ProviderCatalog providers)
    {
        var task = new TaskSpec { Id = new("warm_up"), Operator = "Code", Host = TaskHost.Runner };
        var dag = DagSpecJson.Deserialize(DagSpecJson.SerializeToUtf8Bytes(new() { Id = new("warm_up"), Tasks = [task] }));
        var facts = new RunFacts { Key = 0, Dag = dag.Id, Id = new("warm_up"), Type = RunType.Manual, Interval = default, Version = "" };
        var run = JsonSerializer.Deserialize(JsonSerializer.SerializeToUtf8Bytes(facts, RunnerJson.Default.RunFacts), RunnerJson.Default.RunFacts)!;
        var context = new TaskContext(run, dag, dag.Tasks[0], 1, new NoServices(), providers);
        var outcome = await OperatorExecution.RunAsync(new Nothing(), context, TimeProvider.System, CancellationToken.None, onThisThread: true);
        var writer = new FrameWriter();
        new OutcomeFrame(default, outcome, false, Environment.WorkingSet).WriteTo(writer);
    }

    private sealed class Nothing : Operator
    {
        public override ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken) => ValueTask.FromResult<object?>(1);
    }

    private sealed class NoServices : ITaskServices
    {
        public ValueTask<Connection?> GetConnectionAsync(string id, CancellationToken cancellationToken = default) => default;

        public ValueTask<string?> GetVariableAsync(string name, CancellationToken cancellationToken = default) => default;

        public ValueTask<string?> GetXComAsync(string taskId, string key, CancellationToken cancellationToken) => default;

        public void WriteLog(LogLevel level, string line)
        {
        }
    }
}
