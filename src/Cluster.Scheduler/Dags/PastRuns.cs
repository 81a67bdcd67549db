using Sluice.Actors;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
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
    /// <param name="dag">The Dag as it is now: it says which runs count.</param>
    public async ValueTask AnswerAsync(PastWanted wanted, DagSpec dag)
    {
        var previous = await FindAsync(wanted.Facts, dag);
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

    private async ValueTask<DagRunRow?> FindAsync(RunFacts run, DagSpec dag)
    {
        // Newest first. Most often the first one counts; of those that do not, any number may share one logical date, so more are read, not later ones.
        for (var limit = 20; ; limit *= 8)
        {
            var rows = await company.ReadModel.ListRunsAsync(new() { Dag = id, Before = run.LogicalDate, Limit = limit }, CancellationToken.None);
            if (rows.FirstOrDefault(row => PastRun.Counts(row.Facts.Type, dag)) is { } found)
            {
                return found;
            }

            if (rows.Count < limit)
            {
                return null;
            }
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
