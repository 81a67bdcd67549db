using Microsoft.Extensions.Logging;
using Sluice.Authoring.Connections;
using Sluice.Core.Connections;
using Sluice.Authoring.Execution;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Sensors;
using Sluice.Authoring.Tests.Dags;
using Sluice.Core.CrossDag;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Authoring.Tests.Execution;

/// <summary>Runs attempts of operators on virtual time, with services out of memory.</summary>
internal sealed class Attempts : ITaskServices
{
    private readonly SecretMasker _masker = new();

    public VirtualTime Time { get; } = new(Definitions.Noon);

    public List<string> Log { get; } = [];

    public Dictionary<string, Connection> Connections { get; } = [];

    public Dictionary<string, string> Variables { get; } = [];

    public Dictionary<(string Task, string Key), string> XComs { get; } = [];

    public List<string> Asked { get; } = [];

    public List<string> Secrets { get; } = [];

    public TaskSpec Task { get; set; } = new() { Id = new("task"), Operator = "X", Arguments = "{}" };

    public string Conf { get; set; } = "{}";

    public DateTimeOffset? FirstPokeAt { get; set; }

    public Func<Core.Watermarks.WatermarkQuestion, Core.Watermarks.WatermarkAnswer>? Watermarks { get; set; }

    public ValueTask<Core.Watermarks.WatermarkAnswer> AskWatermarkAsync(Core.Watermarks.WatermarkQuestion question, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Watermarks!(question));

    public Func<RunTrigger, TriggeredRun>? Triggers { get; set; }

    public Func<DagQuestion, DagAnswer>? Looks { get; set; }

    public Task<TaskOutcome> RunAsync(Operator op, CancellationToken kill = default)
    {
        var day = new DateTimeOffset(2021, 2, 5, 0, 0, 0, TimeSpan.Zero);
        var run = new RunFacts
        {
            Key = 1, Dag = new("dag"), Id = new("manual__x"), Type = RunType.Manual, Interval = new(day, day.AddDays(1)), Version = "v", Conf = Conf,
        };
        if (op is Sensor sensor)
        {
            Task = Task with { Sensor = sensor.Waits };
        }

        var dag = new DagSpec { Id = new("dag"), Params = """{"table":"nps"}""", Tasks = [Task] };
        var context = new TaskContext(run, dag, Task, 1, this, Definitions.Catalog) { FirstPokeAt = FirstPokeAt };
        return OperatorExecution.RunAsync(op, context, Time, kill);
    }

    public void AddSecret(string value) => Secrets.Add(value);

    public ValueTask<Connection?> GetConnectionAsync(string id, CancellationToken cancellationToken)
    {
        Asked.Add(id);
        if (Connections.GetValueOrDefault(id) is { } connection)
        {
            _masker.Add(connection);
        }

        return ValueTask.FromResult(Connections.GetValueOrDefault(id));
    }

    public ValueTask<string?> GetVariableAsync(string name, CancellationToken cancellationToken)
    {
        Asked.Add(name);
        return ValueTask.FromResult(Variables.GetValueOrDefault(name));
    }

    public ValueTask<string?> GetXComAsync(string taskId, string key, CancellationToken cancellationToken) =>
        ValueTask.FromResult(XComs.GetValueOrDefault((taskId, key)));

    public ValueTask<TriggeredRun> TriggerRunAsync(RunTrigger trigger, CancellationToken cancellationToken) => ValueTask.FromResult(Triggers!(trigger));

    public ValueTask<DagAnswer> LookAtDagAsync(DagQuestion question, CancellationToken cancellationToken) => ValueTask.FromResult(Looks!(question));

    public void WriteLog(LogLevel level, string line)
    {
        lock (Log)
        {
            Log.Add(_masker.Apply(line));
        }
    }
}

/// <summary>An operator of a few lines.</summary>
internal sealed class Doing(Func<TaskContext, CancellationToken, ValueTask<object?>> work) : Operator
{
    public List<string> Calls { get; } = [];

    public override ValueTask PreExecuteAsync(TaskContext context, CancellationToken cancellationToken)
    {
        Calls.Add("pre");
        return ValueTask.CompletedTask;
    }

    public override ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken)
    {
        Calls.Add("execute");
        return work(context, cancellationToken);
    }

    public override ValueTask PostExecuteAsync(TaskContext context, object? result, CancellationToken cancellationToken)
    {
        Calls.Add($"post {result}");
        return ValueTask.CompletedTask;
    }

    public override ValueTask OnKillAsync(TaskContext context)
    {
        Calls.Add("kill");
        return ValueTask.CompletedTask;
    }
}

/// <summary>A sensor that says yes at its n-th poke.</summary>
internal sealed class Patient(int pokes) : Sensor
{
    public int Poked { get; private set; }

    public override ValueTask<Poke> PokeAsync(TaskContext context, CancellationToken cancellationToken) =>
        ValueTask.FromResult(++Poked >= pokes ? new Poke(true, Poked) : Poke.NotYet);
}
