using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Actors;
using Sluice.Cluster.Membership;
using Sluice.Cluster.Nodes;
using Sluice.Cluster.Transport;
using Sluice.Cluster.Wire;
using Sluice.Cluster.Worker;
using Sluice.Cluster.Worker.Attempts;
using Sluice.Cluster.Worker.Workers;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Worker.Tests.Workers;

/// <summary>A worker's actors in virtual time, and leaders that do what the test says.</summary>
internal sealed class WorkerFixture : IAttemptExecutor
{
    public static readonly TimeSpan HeartbeatEvery = TimeSpan.FromSeconds(2);
    public static readonly TimeSpan FenceAfter = TimeSpan.FromSeconds(15);
    private static readonly string[] Tasks = ["a", "b", "c", "d", "e", "f", "g", "h"];

    private readonly Dictionary<AttemptId, TaskCompletionSource<TaskOutcome>> _running = [];

    public WorkerFixture(int seed = 1, int slots = 2)
    {
        Simulation = new(seed);
        Network = new(Simulation);
        var node = Simulation.CreateNode("worker");
        System = new("worker", node, node.Time, NullLoggerFactory.Instance);
        Host = new(System, Network.CreateTransport(new("w1", NodeRole.Worker, null, "worker"), node), [], NullLoggerFactory.Instance);
        Worker = WorkerNode.Spawn(Host, new(slots, ["default"]), this);
        Host.StartAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
        Simulation.RunUntilIdle();
    }

    public SimulationDispatcher Simulation { get; }

    public SimulatedNetwork Network { get; }

    public ActorSystem System { get; }

    public NodeHost Host { get; }

    public ActorRef Worker { get; }

    /// <summary>Every attempt that was begun, in order.</summary>
    public List<AttemptId> Begun { get; } = [];

    public List<AttemptId> Killed { get; } = [];

    public IReadOnlyCollection<AttemptId> Running => _running.Keys;

    /// <summary>An async sensor is task number 7.</summary>
    public static DagSpec Dag { get; } = new()
    {
        Id = new("d"),
        Tasks = [.. Tasks.Select(t => new TaskSpec { Id = new(t), Operator = "EmptyOperator", Sensor = t == "h" ? new() { Mode = SensorMode.Async } : null })],
    };

    public static RunFacts Run(long key = 1) => new()
    {
        Key = key,
        Dag = Dag.Id,
        Id = new($"manual__{key}"),
        Type = RunType.Manual,
        Interval = default,
        Version = "v1",
    };

    public static AttemptId Id(int task, int token = 1) => new(1, task, token);

    public FakeLeader Lead(long epoch, string node = "s1")
    {
        var leader = new FakeLeader(this, epoch, node);
        System.Events.Publish(new LeaderChanged(new(node, $"{node}:1", epoch)));
        return leader;
    }

    public void End(AttemptId id, OutcomeKind kind = OutcomeKind.Success) => _running[id].SetResult(new() { Kind = kind });

    public void For(double seconds) => Simulation.RunFor(TimeSpan.FromSeconds(seconds));

    public Task<TaskOutcome> ExecuteAsync(AttemptWork work, CancellationToken kill)
    {
        Begun.Add(work.Id);
        var running = _running[work.Id] = new();
        kill.Register(() =>
        {
            Killed.Add(work.Id);
            running.TrySetResult(new() { Kind = OutcomeKind.Failed, Error = work.KillReason });
        });
        return EndAsync(work.Id, running.Task);
    }

    private async Task<TaskOutcome> EndAsync(AttemptId id, Task<TaskOutcome> running)
    {
        var outcome = await running;
        _running.Remove(id);
        return outcome;
    }
}

/// <summary>A scheduler node that answers registrations and heartbeats, and keeps all that it hears.</summary>
internal sealed class FakeLeader
{
    private readonly SimulatedTransport _transport;
    private readonly long _epoch;

    public FakeLeader(WorkerFixture fixture, long epoch, string node)
    {
        _epoch = epoch;
        _transport = fixture.Network.CreateTransport(new(node, NodeRole.Scheduler, $"{node}:1", node), fixture.Simulation.CreateNode(node));
        _transport.StartAsync(Handle, CancellationToken.None).AsTask().GetAwaiter().GetResult();
    }

    public List<Message> Heard { get; } = [];

    public List<AttemptId> Unknown { get; } = [];

    public bool AnswersHeartbeats { get; set; } = true;

    public bool AnswersRegistrations { get; set; } = true;

    public IEnumerable<TaskReport> Reports => Heard.OfType<TaskReports>().SelectMany(r => r.Reports);

    public IEnumerable<RegisterWorker> Registrations => Heard.OfType<RegisterWorker>();

    public void Run(params AttemptId[] ids) => RunAt(_epoch, ids);

    public void RunAt(long epoch, params AttemptId[] ids) =>
        Send(new RunTasks(epoch, WorkerFixture.Run(), [.. ids.Select(id => new TaskAssignment(id, 1, null))]));

    public void Acknowledge(params AttemptId[] ids) => Send(new ReportsDurable(ids));

    public void Send(Message message) => _transport.Send("w1", message);

    private void Handle(PeerEvent happened)
    {
        if (happened is not PeerMessage { Message: var message })
        {
            return;
        }

        Heard.Add(message);
        switch (message)
        {
            case RegisterWorker when AnswersRegistrations:
                Send(new WorkerRegistered(_epoch, Unknown, WorkerFixture.HeartbeatEvery, WorkerFixture.FenceAfter));
                break;
            case Heartbeat beat when AnswersHeartbeats:
                Send(new Heartbeat(_epoch, [], beat.Stamp));
                break;
            case Request { Method: Methods.FetchDagVersion } request:
                Send(new Response(request.Id, DagSpecJson.Serialize(WorkerFixture.Dag), null));
                break;
        }
    }
}
