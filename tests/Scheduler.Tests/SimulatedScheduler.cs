using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Actors;
using Sluice.Cluster.Nodes;
using Sluice.Cluster.Transport;
using Sluice.Cluster.Wire;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using Sluice.Scheduler.Backfills;
using Sluice.Scheduler.Dags;
using Sluice.Scheduler.Elections;
using Sluice.Storage.ReadModel;
using Sluice.Storage.Secrets;

namespace Sluice.Scheduler.Tests;

/// <summary>Schedulers over one store in virtual time; workers are played by the test.</summary>
internal sealed class SimulatedScheduler
{
    public static readonly DateTimeOffset Start = new(2021, 2, 5, 0, 0, 0, TimeSpan.Zero);
    public static readonly TimeSpan LeaseLife = TimeSpan.FromSeconds(6);
    public static readonly TimeSpan LostAfter = TimeSpan.FromSeconds(12);

    private static readonly SecretBox Box = MakeBox();

    private readonly SchedulerOptions _options = new()
    {
        DagFolder = "/",
        LeaseDuration = LeaseLife,
        HeartbeatEvery = TimeSpan.FromSeconds(1),
        FenceAfter = TimeSpan.FromSeconds(8),
        LostAfter = LostAfter,
    };

    private readonly List<Node> _nodes = [];
    private int _names;

    public SimulatedScheduler(int seed = 1, DateTimeOffset? start = null, Action<SchedulerOptions>? configure = null)
    {
        configure?.Invoke(_options);
        Simulation = new(seed, start ?? Start);
        Network = new(Simulation, new());
        Store = new(Simulation);
        AddScheduler();
        Simulation.RunFor(TimeSpan.FromSeconds(1));
    }

    public SimulationDispatcher Simulation { get; }

    public SimulatedNetwork Network { get; }

    public ObservedStore Store { get; }

    /// <summary>The scheduler that was added last.</summary>
    public Node Scheduler => _nodes[^1];

    public Node AddScheduler()
    {
        var name = $"scheduler-{_names++}";
        var node = Simulation.CreateNode(name);
        var system = new ActorSystem(name, node, node.Time, NullLoggerFactory.Instance);
        var host = new NodeHost(system, Network.CreateTransport(new(name, NodeRole.Scheduler, name + ":1", name), node), [], NullLoggerFactory.Instance);
        var added = new Node(name, node, system, host, SchedulerNode.Attach(host, Store, Box, _options, watchFolder: false));
        _nodes.Add(added);
        host.StartAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
        return added;
    }

    /// <summary>The process is gone; a new one takes over.</summary>
    public Node TakeOver(bool wait = true)
    {
        Crash(Scheduler);
        var next = AddScheduler();
        if (wait)
        {
            Assert.True(RunUntilLeads(next, LeaseLife * 3), "nobody took over");
            Simulation.RunFor(TimeSpan.FromMilliseconds(100));
        }

        return next;
    }

    public void Crash(Node node) => Network.Crash(node.Name);

    public void Crash(PlayedWorker worker) => Network.Crash(worker.Name);

    public PlayedWorker AddWorker(int slots = 1, bool wait = true) => new($"worker-{_names++}", slots, this, wait);

    /// <summary>Whether the node says that it leads.</summary>
    public bool Leads(Node node)
    {
        // The first look asks for the words.
        node.System.Inspect();
        RunFor(TimeSpan.FromMilliseconds(1));
        return node.System.Inspect().Any(actor => actor.Path == "/elector" && actor.State.StartsWith("leads", StringComparison.Ordinal));
    }

    public bool RunUntilLeads(Node node, TimeSpan limit)
    {
        for (var until = Simulation.Now + limit; Simulation.Now < until; RunFor(TimeSpan.FromMilliseconds(50)))
        {
            if (Leads(node))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>An actor of the present scheduler, in its own words.</summary>
    public string StateOf(string actor)
    {
        // The first look asks for the words.
        Scheduler.System.Inspect();
        RunFor(TimeSpan.FromMilliseconds(1));
        return Scheduler.System.Inspect().Single(found => found.Path.EndsWith("/" + actor, StringComparison.Ordinal)).State!;
    }

    public T Ask<T>(object message)
    {
        var answer = Scheduler.Scheduler.Elector.AskAsync<object>(new ToScheduler(message), TimeSpan.FromMinutes(2));
        return Assert.IsType<T>(Simulation.Await(answer, TimeSpan.FromMinutes(3)), exactMatch: false);
    }

    /// <summary>Asks as another process does: a person by the API, or a worker for an attempt.</summary>
    public Response Request(string method, string body) =>
        Simulation.Await(Scheduler.Host.AskAsync(Scheduler.Host.Self.Id, method, body, TimeSpan.FromMinutes(2)), TimeSpan.FromMinutes(3));

    /// <summary>An operation of the API, as ann.</summary>
    public Response Call<T>(string operation, T request) =>
        Request(Methods.Operator, WireJson.Write(new OperatorCall(operation, Cluster.Api.ApiJson.Serialize(request), "ann")));

    public void Tell(object message)
    {
        Scheduler.Scheduler.Elector.Tell(new ToScheduler(message));
        Simulation.RunFor(TimeSpan.FromMilliseconds(50));
    }

    public void Define(DagSpec dag, string? file = null) => Tell(new FileProcessed(new()
    {
        File = file ?? dag.Id.Value + ".cs",
        ContentHash = "",
        Dags = [new(DagSpecJson.Serialize(dag), DagVersion.Of(dag))],
    }));

    /// <summary>Triggers a run, and waits until workers have of it what they can take.</summary>
    public CreateRunAnswer Trigger(DagSpec dag, string runId)
    {
        var answer = Ask<CreateRunAnswer>(new ToDag(dag.Id, new TriggerRun(null, runId, "{}")));
        RunFor(TimeSpan.FromMilliseconds(50));
        return answer;
    }

    public BackfillAnswer Backfill(string id, DagSpec dag, DateTimeOffset start, DateTimeOffset end, int limit = 1, Core.Backfills.Reprocess reprocess = default) =>
        Ask<BackfillAnswer>(Make(id, dag, start, end, new() { MaxActiveRuns = limit, Reprocess = reprocess }));

    public static MakeBackfill Make(string id, DagSpec dag, DateTimeOffset start, DateTimeOffset end, Core.Backfills.BackfillOptions options) =>
        new(id, dag.Id, DagVersion.Of(dag), new(start, end), options, "ann", null);

    public bool Pause(DagSpec dag, bool paused) => Ask<bool>(new ToDag(dag.Id, new SetPaused(paused)));

    public bool Cancel(long run) => Ask<bool>(new ToDag(RunOf(run).Facts.Dag, new StopRun(run, "cancelled")));

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<DagRunRow> Runs() => [.. Await(Store.Inner.ReadModel.ListRunsAsync(new() { Limit = 10_000 }, default)).OrderBy(run => run.Facts.LogicalDate).ThenBy(run => run.Facts.Key)];

    public DagRunRow RunOf(long key) => Runs().Single(run => run.Facts.Key == key);

    public DagRow DagOf(DagSpec dag) => Await(Store.Inner.ReadModel.FindDagAsync(dag.Id, default))!;

    public BackfillRow BackfillOf(string id) => Await(Store.Inner.ReadModel.ListBackfillsAsync(null, default)).Single(row => row.Id == id);

    public IReadOnlyList<TaskInstanceRow> Attempts(long run) => Await(Store.Inner.ReadModel.ListTaskInstancesAsync(run, default));

    public IReadOnlyList<CallbackRow> Callbacks(long run) => Await(Store.Inner.ReadModel.ListCallbacksAsync(run, default));

    public IReadOnlyList<XComRow> XComs(long run) => Await(Store.Inner.ReadModel.ListXComsAsync(run, default));

    public IReadOnlyList<AuditRow> Audit() => Await(Store.Inner.ReadModel.ListAuditAsync(1_000, default));

    public IReadOnlyList<ImportErrorRow> ImportErrors() => Await(Store.Inner.ReadModel.ListImportErrorsAsync(default));

    public void RunFor(TimeSpan time) => Simulation.RunFor(time);

    public bool RunUntil(Func<bool> condition, TimeSpan? limit = null) => Simulation.RunUntil(condition, limit ?? TimeSpan.FromMinutes(1));

    public static DagSpec Daily(string id = "daily") => Manual(id) with { Schedule = Core.Schedules.Schedule.Daily, StartDate = Start };

    /// <summary>One task that does nothing.</summary>
    public static DagSpec Manual(string id = "manual") => new() { Id = new(id), Tasks = [Task("only")] };

    public static TaskSpec Task(string id, params int[] upstream) => new() { Id = new(id), Operator = "ShellOperator", Upstream = upstream };

    public static TaskOutcome Success(DateTimeOffset at, params XCom[] xcoms) => new() { Kind = OutcomeKind.Success, StartedAt = at, EndedAt = at, XComs = xcoms };

    // SQLite answers on the calling thread: whatever it returns is complete.
    private static T Await<T>(ValueTask<T> task) => task.IsCompleted ? task.Result : throw new InvalidOperationException("The store did not answer at once.");

    internal sealed record Node(string Name, SimulationNode Simulated, ActorSystem System, NodeHost Host, SchedulerNode Scheduler);

    private static SecretBox MakeBox()
    {
        using var folder = new TemporaryFolder("sluice-key-");
        return new(SecretKeys.LoadOrCreate(folder["key"]));
    }
}
