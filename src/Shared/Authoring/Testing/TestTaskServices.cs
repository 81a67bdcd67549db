using Microsoft.Extensions.Logging;
using Sluice.Authoring.Connections;
using Sluice.Core.Connections;
using Sluice.Authoring.Operators;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Authoring.Testing;

/// <summary>Serves the attempts of one test run out of memory.</summary>
internal sealed class TestTaskServices(TestRunOptions options)
{
    private readonly SecretMasker _secrets = new();
    private readonly Lock _output = new();
    private readonly Dictionary<(TaskId Task, string Key), string> _xcoms = [];

    public IReadOnlyDictionary<(TaskId Task, string Key), string> XComs => _xcoms;

    public void Keep(TaskId task, IReadOnlyList<XCom>? pushed)
    {
        foreach (var xcom in pushed ?? [])
        {
            _xcoms[(task, xcom.Key)] = xcom.Value;
        }
    }

    public string Mask(string text) => _secrets.Apply(text);

    private string? ListOf(string task, string key)
    {
        var values = _xcoms.Where(xcom => xcom.Key.Key == key && DagRunState.MapIndexIn(xcom.Key.Task.Value, task) >= 0)
            .OrderBy(xcom => DagRunState.MapIndexIn(xcom.Key.Task.Value, task)).Select(xcom => xcom.Value).ToList();
        return values.Count == 0 ? null : $"[{string.Join(',', values)}]";
    }

    public ITaskServices For(TaskId task) => new OfTask(this, task);

    private sealed class OfTask(TestTaskServices run, TaskId task) : ITaskServices
    {
        public async ValueTask<Connection?> GetConnectionAsync(string id, CancellationToken cancellationToken)
        {
            var connection = await run.Options.FindConnection(id, cancellationToken);
            if (connection is not null)
            {
                run._secrets.Add(connection);
            }

            return connection;
        }

        public async ValueTask<string?> GetVariableAsync(string name, CancellationToken cancellationToken)
        {
            var value = await run.Options.FindVariable(name, cancellationToken);
            if (value is not null)
            {
                run._secrets.AddVariable(name, value);
            }

            return value;
        }

        public void AddSecret(string value) => run._secrets.Add(value);

        public ValueTask<string?> GetXComAsync(string taskId, string key, CancellationToken cancellationToken) =>
            ValueTask.FromResult(run._xcoms.GetValueOrDefault((new TaskId(taskId), key)) ?? run.ListOf(taskId, key));

        public void WriteLog(LogLevel level, string line)
        {
            var prefix = level >= LogLevel.Warning ? $"[{task}] {level}: " : $"[{task}] ";
            lock (run._output)
            {
                foreach (var part in run._secrets.Apply(line).Split('\n'))
                {
                    run.Options.Output.WriteLine(prefix + part.TrimEnd('\r'));
                }
            }
        }
    }

    private TestRunOptions Options { get; } = options;
}
