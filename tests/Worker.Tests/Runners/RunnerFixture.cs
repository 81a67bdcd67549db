using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Authoring.Hooks;
using Sluice.Cluster.Worker;
using Sluice.Cluster.Worker.Attempts;
using Sluice.Cluster.Worker.Bundles;
using Sluice.Cluster.Worker.Logs;
using Sluice.Cluster.Worker.Runners;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using Sluice.Worker.Tests.Bundles;

namespace Sluice.Worker.Tests.Runners;

/// <summary>Real runner processes over a bundle, without the worker's actors.</summary>
internal sealed class RunnerFixture : IAsyncDisposable
{
    private readonly AttemptExecutor _executor;
    private readonly TestBundle _bundle;
    private int _token;

    private RunnerFixture(TestBundle bundle, Action<WorkerOptions>? configure)
    {
        _bundle = bundle;
        Options = new()
        {
            Home = Directory.CreateTempSubdirectory("sluice-test-").FullName,
            KillGrace = TimeSpan.FromMilliseconds(500),
        };
        configure?.Invoke(Options);
        Options.Validate();
        Leader.Bundles[bundle.Hash] = bundle.Wire;
        Pool = new(RunnerLimits.From(Options), new(Options.RunnerPath, Options.RunnerHeapLimit), TimeProvider.System, NullLogger.Instance);
        _executor = new(Options, Pool, new(Options.Home, Leader, TimeProvider.System), Leader, ProviderDiscovery.Load(), TimeProvider.System, NullLogger.Instance);
    }

    public WorkerOptions Options { get; }

    public ScriptedLeader Leader { get; } = new();

    public RunnerPool Pool { get; }

    /// <param name="tasks">Statements that add tasks to <c>dag</c>.</param>
    /// <param name="configure">Changes the options.</param>
    /// <param name="types">Classes of the file.</param>
    public static async Task<RunnerFixture> StartAsync(string tasks, Action<WorkerOptions>? configure = null, string types = "")
    {
        var fixture = new RunnerFixture(TestBundle.Compile($"Dag.Define(\"d\", dag => {{ {tasks} }});\n{types}"), configure);
        await fixture.Pool.StartAsync();
        return fixture;
    }

    public AttemptWork Work(string task, long run = 1, int mapIndex = -1, int mapLength = 0)
    {
        var dag = _bundle.Dags[0];
        var index = dag.Tasks.ToList().FindIndex(t => t.Id.Value == task);
        var start = new DateTimeOffset(2021, 2, 5, 0, 0, 0, TimeSpan.Zero);
        var facts = new RunFacts
        {
            Key = run,
            Dag = dag.Id,
            Id = new($"manual__{run}"),
            Type = RunType.Manual,
            Interval = new(start, start.AddDays(1)),
            Version = "v1",
            Bundle = _bundle.Hash,
        };
        return new(new(run, index, Interlocked.Increment(ref _token)), facts, dag, 1, null, mapIndex < 0 ? null : new(index, mapIndex, mapLength));
    }

    public Task<TaskOutcome> RunAsync(string task, CancellationToken kill = default) => RunAsync(Work(task), kill);

    public Task<TaskOutcome> RunAsync(AttemptWork work, CancellationToken kill = default) => _executor.ExecuteAsync(work, kill);

    public string Log(AttemptWork work)
    {
        var path = LogPaths.For(Options.Home, work.Run.Dag.Value, work.Run.Id.Value, work.Task.Id.Value, work.Id.Token);
        return File.Exists(path) ? File.ReadAllText(path) : "";
    }

    public async ValueTask DisposeAsync()
    {
        await Pool.DisposeAsync();
        TemporaryFolder.Delete(Options.Home);
    }
}
