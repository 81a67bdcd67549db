using Sluice.Actors;
using Sluice.Cluster.Worker.Attempts;
using Sluice.Core.TaskInstances;

namespace Sluice.Simulation.Tests;

/// <summary>Tasks that take some virtual time and end as chance has it.</summary>
internal sealed class MadeUpTasks(SimulationDispatcher simulation, TimeProvider time, string node, TaskLedger ledger) : IAttemptExecutor
{
    public async Task<TaskOutcome> ExecuteAsync(AttemptWork work, CancellationToken kill)
    {
        var key = (work.Id.Run, TaskLedger.FirstNameOf(work.Name.Value));
        ledger.Begin(key, work.Id, node);
        var startedAt = time.GetUtcNow();
        try
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1 + simulation.NextRandom(ledger.AllTakeLong || simulation.NextRandom(10) == 0 ? 20_000 : 500)), time, kill);
        }
        catch (OperationCanceledException)
        {
            return End(OutcomeKind.Lost, work.KillReason);
        }

        var chance = simulation.NextRandom(100);
        if (work.Callback is not null)
        {
            return End(chance < 10 ? OutcomeKind.Failed : OutcomeKind.Success, chance < 10 ? "made up" : null);
        }

        return chance < 6 ? End(OutcomeKind.Failed, "made up")
            : chance < 12 && work.Task.Sensor is not null ? End(OutcomeKind.Rescheduled, null)
            : chance < 14 ? End(OutcomeKind.Skipped, "made up")
            : End(OutcomeKind.Success, null);

        TaskOutcome End(OutcomeKind kind, string? error)
        {
            ledger.End(key, work.Id, kind);
            var now = time.GetUtcNow();
            return new()
            {
                Kind = kind,
                StartedAt = startedAt,
                EndedAt = now,
                Error = error,
                ResumeAt = now.AddSeconds(5),
                XComs = [new("return_value", $"[{string.Join(',', Enumerable.Range(0, simulation.NextRandom(6)))}]")],
                Follow = simulation.NextRandom(8) == 0 ? [.. work.Dag.Tasks.Where(_ => simulation.NextRandom(2) == 0).Select(task => task.Id.Value)] : null,
                SkipDownstream = simulation.NextRandom(30) == 0 ? (SkipScope)simulation.NextRandom(2) : null,
            };
        }
    }
}

/// <summary>Who runs what at this moment, over all nodes.</summary>
internal sealed class TaskLedger
{
    private readonly Dictionary<(long Run, string Name), (AttemptId Id, string Node)> _running = [];

    public List<string> Violations { get; } = [];

    public int Begun { get; private set; }

    /// <summary>Set: tasks take up to 20 s. Else only every tenth does.</summary>
    public bool AllTakeLong { get; set; }

    /// <summary>How each attempt ended on its worker.</summary>
    public Dictionary<AttemptId, OutcomeKind> Ends { get; } = [];

    /// <summary>On which node each attempt began.</summary>
    public Dictionary<AttemptId, string> Begins { get; } = [];

    /// <summary>Nodes that are no more.</summary>
    public HashSet<string> Crashed { get; } = [];

    /// <summary>What a task was called before it was renamed: renamed ones are <c>t1_r5</c>, <c>t1_r5[2]</c>.</summary>
    public static string FirstNameOf(string name) => name.IndexOf('_', StringComparison.Ordinal) is > 0 and var at
        ? name[..at] + (name.IndexOf('[', StringComparison.Ordinal) is > 0 and var index ? name[index..] : "")
        : name;

    public void Begin((long Run, string Name) key, AttemptId id, string node)
    {
        Begun++;
        if (!Begins.TryAdd(id, node))
        {
            Violations.Add($"{id} began on {node} and had begun on {Begins[id]}");
        }

        if (_running.TryGetValue(key, out var other))
        {
            Violations.Add($"{id} began on {node} while {other.Id} ran on {other.Node}");
        }

        _running[key] = (id, node);
    }

    public void End((long Run, string Name) key, AttemptId id, OutcomeKind kind)
    {
        Ends[id] = kind;
        if (_running.TryGetValue(key, out var running) && running.Id == id)
        {
            _running.Remove(key);
        }
    }

    /// <summary>What it ran runs no more.</summary>
    public void NodeCrashed(string node)
    {
        Crashed.Add(node);
        foreach (var (key, _) in _running.Where(entry => entry.Value.Node == node).ToList())
        {
            _running.Remove(key);
        }
    }
}
