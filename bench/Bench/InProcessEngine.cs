using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Actors;
using Sluice.Cluster.Nodes;
using Sluice.Cluster.Transport;
using Sluice.Cluster.Wire;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using Sluice.Scheduler;
using Sluice.Scheduler.Dags;
using Sluice.Scheduler.Elections;
using Sluice.Storage.Secrets;
using Sluice.Storage.Sqlite;

namespace Sluice.Bench;

/// <summary>The scheduler's actors on one thread and SQLite in memory; the worker ends at once whatever it is given.</summary>
/// <remarks>Time is virtual: nothing waits for a disk, a socket or a clock, so that CPU time is what the engine's work costs.</remarks>
internal sealed class InProcessEngine : IDisposable
{
    private const int WorkerSlots = 64;

    private readonly SimulationDispatcher _simulation = new(seed: 1);
    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("sluice-bench-");
    private readonly SimulatedNetwork _network;
    private readonly SqliteStore _store;
    private readonly SchedulerNode _scheduler;
    private int _ended;

    public InProcessEngine()
    {
        _network = new(_simulation);
        _store = SqliteStore.InMemory(_simulation.Time);
        var node = _simulation.CreateNode("scheduler");
        var system = new ActorSystem("scheduler", node, node.Time, NullLoggerFactory.Instance);
        var host = new NodeHost(system, _network.CreateTransport(new("scheduler", NodeRole.Scheduler, "scheduler:1", "scheduler"), node), [], NullLoggerFactory.Instance);
        var box = new SecretBox(SecretKeys.LoadOrCreate(Path.Combine(_home.FullName, "key")));
        // The worker sends no heartbeats: it is never lost.
        var options = new SchedulerOptions { DagFolder = "/", FenceAfter = TimeSpan.FromDays(1), LostAfter = TimeSpan.FromDays(2) };
        _scheduler = SchedulerNode.Attach(host, _store, box, options, watchFolder: false);
        host.StartAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
        Settle();
    }

    public void Define(DagSpec dag) => _scheduler.Define(new()
    {
        File = dag.Id.Value + ".cs",
        ContentHash = "",
        Dags = [new(DagSpecJson.Serialize(dag), DagVersion.Of(dag))],
    });

    public void Trigger(DagId dag, string runId) => _scheduler.Elector.Tell(new ToScheduler(new ToDag(dag, new TriggerRun(null, runId, "{}"))));

    public T Ask<T>(object message) =>
        _simulation.Await(_scheduler.Elector.AskAsync<T>(new ToScheduler(message), TimeSpan.FromMinutes(1)), TimeSpan.FromMinutes(1));

    /// <summary>Lets everything happen that can happen without a worker.</summary>
    public void Settle() => _simulation.RunFor(TimeSpan.FromSeconds(1));

    public void AddWorker()
    {
        var node = _simulation.CreateNode("worker");
        var self = new NodeInfo("worker", NodeRole.Worker, null, "worker");
        var transport = _network.CreateTransport(self, node);
        transport.StartAsync(Handle, CancellationToken.None).AsTask().GetAwaiter().GetResult();
        transport.Connect("scheduler:1");

        void Handle(PeerEvent happened)
        {
            switch (happened)
            {
                case PeerUp:
                    transport.Send("scheduler", new RegisterWorker(self, WorkerSlots, ["default"], [], []));
                    break;
                case PeerMessage { Message: RunTasks run }:
                    var outcome = new TaskOutcome { Kind = OutcomeKind.Success, StartedAt = _simulation.Now, EndedAt = _simulation.Now };
                    _ended += run.Tasks.Count;
                    transport.Send("scheduler", new TaskReports([.. run.Tasks.Select(task => new TaskReport(task.Id, outcome))]));
                    break;
            }
        }
    }

    /// <summary>Runs until so many tasks have ended in all.</summary>
    public void RunUntilEnded(int tasks)
    {
        if (!_simulation.RunUntil(() => _ended >= tasks, TimeSpan.FromHours(1)))
        {
            throw new InvalidOperationException($"{_ended} of {tasks} tasks have ended, and nothing moves.");
        }

        _simulation.RunFor(TimeSpan.FromMilliseconds(20));
    }

    public void Dispose()
    {
        _scheduler.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _store.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _home.Delete(recursive: true);
    }
}
