using Sluice.Actors;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Core.TaskInstances;
using Sluice.Scheduler.DagRuns;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.Dags;

/// <summary>Runs of one Dag that wait for the run before them, and what that has come to by what is on disk.</summary>
internal sealed class PastRuns(DagId id, SchedulerCompany company)
{
    private readonly List<(long Previous, long Run, ActorRef Actor)> _waiting = [];

    /// <summary>Tells a run about the one before, and again whenever that moves.</summary>
    /// <param name="wanted">The run, which is on disk, and so is every run that was made before it.</param>
    /// <param name="catchup">With catchup of all intervals only scheduled runs count (semantics.md, 7).</param>
    public async ValueTask AnswerAsync(PastWanted wanted, CatchupMode catchup)
    {
        var previous = await FindAsync(wanted.Facts, scheduledOnly: catchup == CatchupMode.All);
        if (previous is not null)
        {
            _waiting.Add((previous.Facts.Key, wanted.Facts.Key, wanted.Run));
        }

        wanted.Run.Tell(new PastIs(previous is null ? null : await ReadAsync(previous)));
    }

    /// <summary>Tells those that wait for this run.</summary>
    public async ValueTask TellAsync(long previous)
    {
        var waiting = _waiting.Where(entry => entry.Previous == previous).ToList();
        if (waiting.Count == 0 || await company.ReadModel.FindRunAsync(previous, CancellationToken.None) is not { } row)
        {
            return;
        }

        var past = await ReadAsync(row);
        waiting.ForEach(entry => entry.Actor.Tell(new PastIs(past)));
    }

    /// <summary>A run that waited is over.</summary>
    public void Forget(long run) => _waiting.RemoveAll(entry => entry.Run == run);

    private async ValueTask<DagRunRow?> FindAsync(RunFacts run, bool scheduledOnly)
    {
        // Newest first. Manual runs are passed over when only scheduled ones count: a few in a row at most.
        var before = run.LogicalDate;
        while (true)
        {
            var rows = await company.ReadModel.ListRunsAsync(new() { Dag = id, Before = before, Limit = 20 }, CancellationToken.None);
            if (rows.FirstOrDefault(row => !scheduledOnly || row.Facts.Type != RunType.Manual) is { } found)
            {
                return found;
            }

            if (rows.Count < 20)
            {
                return null;
            }

            before = rows[^1].Facts.LogicalDate;
        }
    }

    private async ValueTask<PastRun> ReadAsync(DagRunRow row)
    {
        var graph = await company.Versions.GetAsync(row.Facts.Version, CancellationToken.None);
        var states = new Dictionary<TaskId, TaskState>();
        foreach (var attempt in await company.ReadModel.ListTaskInstancesAsync(row.Facts.Key, CancellationToken.None))
        {
            states[attempt.Task] = attempt.State; // by token: the last one counts
        }

        return new(graph.Spec, row.State is RunState.Success or RunState.Failed, states);
    }
}
