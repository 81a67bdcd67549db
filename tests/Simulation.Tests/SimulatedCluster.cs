using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Actors;
using Sluice.Cluster.Nodes;
using Sluice.Cluster.Seed.Membership;
using Sluice.Cluster.Transport;
using Sluice.Cluster.Wire;
using Sluice.Cluster.Worker;
using Sluice.Cluster.Worker.Attempts;
using Sluice.Cluster.Worker.Workers;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Scheduler;
using Sluice.Scheduler.DagRuns;
using Sluice.Scheduler.Dags;
using Sluice.Scheduler.Elections;
using Sluice.Storage.ReadModel;
using Sluice.Storage.Secrets;
using Sluice.Storage.Sqlite;

namespace Sluice.Simulation.Tests;

/// <summary>A whole cluster in virtual time: real seeds, schedulers and workers over a real SQLite in memory; only tasks are made up.</summary>
internal sealed class SimulatedCluster
{
    private static readonly SecretBox Box = MakeBox();

    private readonly SqliteStore _sqlite;
    private readonly SchedulerOptions _options = new()
    {
        DagFolder = "/",
        LeaseDuration = TimeSpan.FromSeconds(6),
        HeartbeatEvery = TimeSpan.FromSeconds(1),
        FenceAfter = TimeSpan.FromSeconds(8),
        LostAfter = TimeSpan.FromSeconds(12),
    };

    private readonly List<(string Node, SchedulerNode Scheduler)> _schedulers = [];
    private readonly List<ActorSystem> _systems = [];
    private int _nodes;

    public SimulatedCluster(int seed, SimulatedNetworkOptions options)
    {
        Simulation = new(seed, new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        Network = new(Simulation, options);
        _sqlite = SqliteStore.InMemory(Simulation.Time);
        Store = new(_sqlite, Simulation.Time);
        var (host, _) = NewNode(NodeRole.Seed, "seed:1");
        host.System.Spawn(Props.Create(() => new SeedActor(host)), "seed");
        Start(host);
    }

    public SimulationDispatcher Simulation { get; }

    public SimulatedNetwork Network { get; }

    public WatchedStore Store { get; }

    /// <summary>What the made-up tasks saw.</summary>
    public TaskLedger Ledger { get; } = new();

    /// <summary>Ids of schedulers and workers that live.</summary>
    public List<string> Schedulers { get; } = [];

    public List<string> Workers { get; } = [];

    public void AddScheduler()
    {
        var (host, node) = NewNode(NodeRole.Scheduler, $"scheduler:{_nodes}");
        _schedulers.Add((node, SchedulerNode.Attach(host, Store, Box, _options, watchFolder: false)));
        Schedulers.Add(node);
        Start(host);
    }

    public void AddWorker(int slots) => AddWorker(slots, (node, time) => new MadeUpTasks(Simulation, time, node, Ledger));

    /// <summary>A worker whose tasks are the test's own.</summary>
    public void AddWorker(int slots, Func<string, TimeProvider, IAttemptExecutor> executor)
    {
        var (host, node) = NewNode(NodeRole.Worker, null);
        WorkerNode.Spawn(host, new WorkerOffer(slots, ["default"]), executor(node, host.System.Time));
        Workers.Add(node);
        Start(host);
    }

    /// <summary>The process is gone, or the machine.</summary>
    public void Crash(string node, bool silently)
    {
        Network.Crash(node, silently);
        Ledger.NodeCrashed(node);
        Schedulers.Remove(node);
        Workers.Remove(node);
        _schedulers.RemoveAll(entry => entry.Node == node);
        _systems.RemoveAll(system => system.Name == node);
    }

    /// <summary>Defines a Dag on whoever leads, waiting for a leader.</summary>
    public void Define(DagSpec dag)
    {
        var file = new ProcessedFile
        {
            File = dag.Id.Value + ".cs",
            ContentHash = "",
            Dags = [new(DagSpecJson.Serialize(dag), DagVersion.Of(dag))],
        };
        Retry(leader =>
        {
            leader.Elector.Tell(new ToScheduler(new FileProcessed(file)));
            return Simulation.RunUntil(() => Await(Store.ReadModel.FindDagAsync(dag.Id, default)) is not null, TimeSpan.FromSeconds(2));
        });
    }

    /// <summary>A file has changed: until whoever leads has the new version.</summary>
    public void Redefine(DagSpec dag)
    {
        var (version, file) = (DagVersion.Of(dag), new ProcessedFile { File = dag.Id.Value + ".cs", ContentHash = "", Dags = [new(DagSpecJson.Serialize(dag), DagVersion.Of(dag))] });
        Retry(leader =>
        {
            leader.Elector.Tell(new ToScheduler(new FileProcessed(file)));
            return Simulation.RunUntil(() => Await(Store.ReadModel.FindDagAsync(dag.Id, default))?.Version == version, TimeSpan.FromSeconds(2));
        });
    }

    /// <summary>Someone moves a run to the latest version, if anyone leads.</summary>
    public void Upgrade(DagId dag, Random chance)
    {
        var runs = Runs();
        var change = new ChangeRun(runs[chance.Next(runs.Count)].Facts.Key, null, DryRun: false) { Version = new(null, new("ann")) };
        _schedulers.ForEach(entry => entry.Scheduler.Elector.Tell(new ToScheduler(new ToDag(dag, change))));
    }

    public DagGraph GraphOf(string version) => new(DagSpecJson.Deserialize(Await(Store.ReadModel.FindDagVersionAsync(version, default))!));

    public IReadOnlyList<FormerTask> TaskRenames(DagId dag) => Await(Store.ReadModel.ListTaskRenamesAsync(dag, default));

    /// <summary>Asks whoever leads, again when the answer got lost.</summary>
    public T Ask<T>(object message)
    {
        object? result = null;
        Retry(leader =>
        {
            var answer = leader.Elector.AskAsync<object>(new ToScheduler(message), TimeSpan.FromSeconds(5));
            var answered = Simulation.RunUntil(() => answer.IsCompleted, TimeSpan.FromSeconds(6)) && answer.IsCompletedSuccessfully;
            result = answered ? answer.Result : null;
            return answered;
        });
        return (T)result!;
    }

    /// <summary>Triggers a run. A trigger whose answer got lost is sent again under the same run id, as a client would.</summary>
    public void Trigger(DagId dag, string runId) => Retry(leader =>
    {
        var answer = leader.Elector.AskAsync<object>(new ToScheduler(new ToDag(dag, new TriggerRun(null, runId, "{}"))), TimeSpan.FromSeconds(5));
        return Simulation.RunUntil(() => answer.IsCompleted, TimeSpan.FromSeconds(6)) && answer is { IsCompletedSuccessfully: true, Result: CreateRunAnswer };
    });

    /// <summary>Someone changes a run by hand, if anyone leads.</summary>
    public void Change(DagId dag, Random chance, Func<DateTimeOffset, DagRunCommand> command)
    {
        var runs = Runs();
        var change = new ChangeRun(runs[chance.Next(runs.Count)].Facts.Key, command, DryRun: false);
        _schedulers.ForEach(entry => entry.Scheduler.Elector.Tell(new ToScheduler(new ToDag(dag, change))));
    }

    /// <summary>Someone answers what a task asks, if anyone leads and it does.</summary>
    public void Answer(DagId dag, long run, string task, string option)
    {
        foreach (var (_, scheduler) in _schedulers.ToList())
        {
            var found = scheduler.Elector.AskAsync<object>(new ToScheduler(new ToDag(dag, new FindRun(run))), TimeSpan.FromSeconds(5));
            if (Simulation.RunUntil(() => found.IsCompleted, TimeSpan.FromSeconds(6)) && found is { IsCompletedSuccessfully: true, Result: FoundRun { Run: { } living } })
            {
                living.Tell(new AnswerQuestion(task, at => new() { Options = [option], By = "ann", At = at }));
            }
        }
    }

    public IReadOnlyList<XComRow> XComs(long run) => Await(Store.ReadModel.ListXComsAsync(run, default));

    public IReadOnlyList<DagRunRow> Runs() => Await(Store.ReadModel.ListRunsAsync(new() { Limit = 10_000 }, default));

    public IReadOnlyList<TaskInstanceRow> Attempts(long run) => Await(Store.ReadModel.ListTaskInstancesAsync(run, default));

    public IReadOnlyList<RunCallback> Callbacks() => Await(Store.ReadModel.ListCallbacksAsync(new CallbackQuery { Limit = 100_000 }, default));

    public bool AllEnded() => Runs() is { Count: > 0 } runs && runs.All(run => run.State is RunState.Success or RunState.Failed);

    /// <summary>What there is to look at when a seed fails: unfinished tasks, and every actor in its own words.</summary>
    public string Dump()
    {
        var text = new System.Text.StringBuilder();
        foreach (var run in Runs().Where(run => run.State is RunState.Queued or RunState.Running))
        {
            text.AppendLine($"{run.Facts.Id} is {run.State}");
            foreach (var row in Attempts(run.Facts.Key))
            {
                text.AppendLine($"  {row.Task} token {row.Token} try {row.TryNumber} {row.State} on {row.Worker} due {row.DueAt:O} {row.Error}");
            }
        }

        foreach (var system in _systems)
        {
            text.AppendLine(system.Name);
            foreach (var actor in system.Inspect())
            {
                text.AppendLine($"  {actor.Path}: {actor.State} [{actor.MailboxDepth} waiting, {actor.Processed} processed, {actor.LastError}]");
            }
        }

        return text.ToString();
    }

    // SQLite answers on the calling thread: whatever it returns is complete.
    private static T Await<T>(ValueTask<T> task) => task.IsCompleted ? task.Result : task.AsTask().GetAwaiter().GetResult();

    private void Retry(Func<SchedulerNode, bool> attempt)
    {
        for (var tries = 0; tries < 200; tries++)
        {
            foreach (var (_, scheduler) in _schedulers.ToList())
            {
                if (attempt(scheduler))
                {
                    return;
                }
            }

            Simulation.RunFor(TimeSpan.FromSeconds(1));
        }

        throw new TimeoutException($"No scheduler led for long enough (seed {Simulation.Seed}).");
    }

    private (NodeHost Host, string Node) NewNode(NodeRole role, string? address)
    {
        var id = $"{role.ToString().ToLowerInvariant()}-{_nodes++}";
        var node = Simulation.CreateNode(id);
        var system = new ActorSystem(id, node, node.Time, NullLoggerFactory.Instance);
        _systems.Add(system);
        var transport = Network.CreateTransport(new(id, role, address, id), node);
        return (new(system, transport, role == NodeRole.Seed ? [] : ["seed:1"], NullLoggerFactory.Instance), id);
    }

    private static void Start(NodeHost host) => host.StartAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();

    private static SecretBox MakeBox()
    {
        using var folder = new TemporaryFolder("sluice-key-");
        return new(SecretKeys.LoadOrCreate(folder["key"]));
    }
}
