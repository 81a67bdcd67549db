using System.Text.Json;
using Sluice.Actors;
using Sluice.Authoring.Execution;
using Sluice.Cluster.Transport;
using Sluice.Cluster.Wire;
using Sluice.Core.CrossDag;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Cli.Simulations;

/// <summary>A worker node that runs nothing: it takes attempts as a worker does, holds their slots for the time drawn, and reports an end.</summary>
internal sealed class SimulatedWorker
{
    // What is mapped over an output gets one instance.
    private static readonly XCom[] Output = [new("return_value", "[null]")];

    private readonly SimulationNode _node;
    private readonly SimulatedTransport _transport;
    private readonly string _scheduler;
    private readonly NodeInfo _self;
    private readonly int _slots;
    private readonly IReadOnlyList<string> _queues;
    private readonly Func<RunFacts, int, (TaskSpec Task, string Name, TimeSpan Length, bool Fails)> _draw;
    private readonly Dictionary<AttemptId, ITimer?> _held = [];
    private readonly Queue<(AttemptId Id, RunFacts Run, bool Waits)> _waiting = new();
    private readonly Dictionary<long, Action> _triggering = [];
    private long _requests;
    private int _busy;

    public SimulatedWorker(
        SimulatedNetwork network, SimulationNode node, string scheduler, int slots, IReadOnlyList<string> queues,
        Func<RunFacts, int, (TaskSpec Task, string Name, TimeSpan Length, bool Fails)> draw)
    {
        (_node, _scheduler, _slots, _queues, _draw) = (node, scheduler, slots, queues, draw);
        _self = new("worker", NodeRole.Worker, null, "worker");
        _transport = network.CreateTransport(_self, node);
        _transport.StartAsync(Handle, CancellationToken.None).AsTask().GetAwaiter().GetResult();
        _transport.Connect(scheduler + ":1");
    }

    public bool IsRegistered { get; private set; }

    /// <summary>Is told each beginning of an attempt.</summary>
    public Action<AttemptId, DateTimeOffset>? Began { get; set; }

    /// <summary>Is told each end of an attempt, whether it had begun or not.</summary>
    public Action<AttemptId>? Ended { get; set; }

    /// <summary>Attempts that hold slots now, and the most that ever did.</summary>
    public int MostBusy { get; private set; }

    /// <summary>Slots times time that attempts held.</summary>
    public TimeSpan SlotTime { get; private set; }

    private void Handle(PeerEvent happened)
    {
        switch (happened)
        {
            case PeerUp up when up.Peer.Id == _scheduler:
                Send(new RegisterWorker(_self, _slots, _queues, [], []));
                break;
            case PeerMessage { Message: WorkerRegistered }:
                IsRegistered = true;
                break;
            case PeerMessage { Message: Response answer } when _triggering.Remove(answer.Id, out var end):
                end();
                break;
            case PeerMessage { Message: RunTasks run }:
                foreach (var task in run.Tasks.Where(task => _held.TryAdd(task.Id, null)))
                {
                    if (task.Callback is not null)
                    {
                        // Nobody is told of what is only simulated.
                        End(task.Id, OutcomeKind.Success, null, _node.Time.GetUtcNow());
                        continue;
                    }

                    Take(task.Id, run.Run);
                }

                break;
            case PeerMessage { Message: KillTasks kill }:
                foreach (var id in kill.Ids)
                {
                    End(id, OutcomeKind.Failed, kill.Reason, _node.Time.GetUtcNow());
                }

                break;
        }
    }

    private void Take(AttemptId id, RunFacts run)
    {
        // A sensor in async mode waits without a slot.
        if (_draw(run, id.Task).Task.Sensor is { Mode: SensorMode.Async })
        {
            Begin(id, run, holdsSlot: false);
        }
        else if (_busy < _slots)
        {
            Begin(id, run, holdsSlot: true);
        }
        else
        {
            _waiting.Enqueue((id, run, true));
        }
    }

    private void Begin(AttemptId id, RunFacts run, bool holdsSlot)
    {
        var now = _node.Time.GetUtcNow();
        var (task, name, length, fails) = _draw(run, id.Task);
        var (kind, error) = fails ? (OutcomeKind.Failed, "failed by chance") : (OutcomeKind.Success, (string?)null);
        TimeSpan? retryAfter = null;
        if (task.ExecutionTimeout < length)
        {
            var timedOut = ExecutionTimeouts.Outcome(task);
            (length, kind, error, retryAfter) = (task.ExecutionTimeout.Value, timedOut.Kind, timedOut.Error, timedOut.RetryAfter);
        }

        if (holdsSlot)
        {
            MostBusy = Math.Max(MostBusy, ++_busy);
        }

        Began?.Invoke(id, now);
        _held[id] = _node.Time.CreateTimer(
            _ =>
            {
                if (holdsSlot)
                {
                    SlotTime += length;
                    _busy--;
                }

                if (kind == OutcomeKind.Success && TriggeredBy(task) is { } target)
                {
                    Trigger(id, name, target, () => End(id, kind, error, now, retryAfter));
                }
                else
                {
                    End(id, kind, error, now, retryAfter);
                }

                StartWaiting();
            },
            null, length, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The one thing that a task does here: the run that it triggers is simulated, too. Its end is reported after, as the attempt must be current to ask.</summary>
    private void Trigger(AttemptId id, string task, string target, Action end)
    {
        _triggering.Add(++_requests, end);
        Send(new Request(_requests, Methods.TriggerRun, WireJson.Write(new TriggerForAttempt(id, task, new RunTrigger { Dag = target }))));
    }

    /// <summary>Null also when a template would name the Dag.</summary>
    private static string? TriggeredBy(TaskSpec task)
    {
        if (task.Operator != nameof(Authoring.CrossDag.TriggerDagRunOperator))
        {
            return null;
        }

        using var arguments = JsonDocument.Parse(task.Arguments);
        return arguments.RootElement.TryGetProperty("trigger_dag_id", out var dag) && dag.GetString() is { } id && !id.Contains('{', StringComparison.Ordinal) ? id : null;
    }

    private void StartWaiting()
    {
        while (_busy < _slots && _waiting.TryDequeue(out var next))
        {
            // Killed meanwhile.
            if (_held.ContainsKey(next.Id))
            {
                Begin(next.Id, next.Run, holdsSlot: true);
            }
        }
    }

    private void End(AttemptId id, OutcomeKind kind, string? error, DateTimeOffset startedAt, TimeSpan? retryAfter = null)
    {
        // A killed attempt frees its slot when its timer comes: killing takes what it takes, and its run is over anyway.
        if (_held.Remove(id))
        {
            Ended?.Invoke(id);
            Send(new TaskReports([new(id, new()
            {
                Kind = kind,
                StartedAt = startedAt,
                EndedAt = _node.Time.GetUtcNow(),
                Error = error,
                RetryAfter = retryAfter,
                XComs = kind == OutcomeKind.Success ? Output : null,
            })]));
        }
    }

    private void Send(Message message) => _transport.Send(_scheduler, message);
}
