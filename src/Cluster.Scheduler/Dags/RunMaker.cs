using Sluice.Core.Assets;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Core.TaskInstances;
using Sluice.Scheduler.DagRuns;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.Dags;

/// <summary>Works out what a new run of a Dag is about, from the Dag's state and from the runs before it.</summary>
internal sealed class RunMaker(DagId id, SchedulerCompany company)
{
    public async ValueTask<RunFacts> NewAsync(DagState dag, RunType type, RunId runId, DataInterval interval, string conf, string? backfill, DateTimeOffset now)
    {
        var previous = await PreviousSuccessAsync(dag, interval.Start);
        return new()
        {
            Key = company.Ids.NextKey(),
            Dag = id,
            Id = runId,
            Type = type,
            Interval = interval,
            Version = dag.Version!,
            Bundle = dag.Bundle,
            Conf = conf,
            Backfill = backfill,
            PreviousSuccess = previous?.Interval,
            PreviousSuccessStartedAt = previous?.StartedAt,
            PreviousSuccessEndedAt = previous?.EndedAt,
            CreatedAt = now,
        };
    }

    /// <summary>Clears a finished run in place: it keeps its id and key, and attempts go on counting above all earlier ones.</summary>
    /// <param name="existing">The finished run.</param>
    /// <param name="fresh">What it is about from now on.</param>
    /// <param name="spec">The Dag in the version that it takes.</param>
    /// <param name="deadlines">What came of its deadlines.</param>
    /// <param name="now">The present.</param>
    public async ValueTask<(RunCreated Created, IReadOnlyList<ReadModelChange> Cleared)> AgainAsync(
        RunFacts existing, RunFacts fresh, DagSpec spec, IReadOnlyList<RunDeadline>? deadlines, DateTimeOffset now)
    {
        var attempts = await company.ReadModel.ListTaskInstancesAsync(existing.Key, CancellationToken.None);
        var tokenBase = attempts.Count == 0 ? 0 : attempts.Max(attempt => attempt.Token) + 1;
        var tasks = spec.Tasks.Select(task => task.Id).ToHashSet();
        var cleared = attempts.Select(attempt => attempt.Task).Distinct().Select(task => new TaskInstanceRow
        {
            Run = existing.Key,
            Task = task,
            Token = tokenBase,
            TryNumber = 0,
            State = tasks.Contains(task) ? TaskState.None : TaskState.Removed,
        });
        var run = fresh with { Key = existing.Key, Id = existing.Id };
        var set = Deadlines.Again(await DeadlinesAsync(spec, run with { CreatedAt = now }), deadlines, now);
        return (new(run, tokenBase, Deadlines: set), [new XComsCleared(existing.Key), .. cleared]);
    }

    /// <summary>The run of an interval, in whatever state; runs by hand are not of an interval.</summary>
    public async ValueTask<DagRunRow?> FindAsync(DateTimeOffset logicalDate)
    {
        // The store keeps whole microseconds.
        var query = new RunQuery { Dag = id, From = logicalDate, Before = logicalDate.AddMicroseconds(1), Limit = 100 };
        return (await company.ReadModel.ListRunsAsync(query, CancellationToken.None)).FirstOrDefault(run => run.Facts.Type.IsOfInterval());
    }

    /// <summary>By when a new run should be over; null when its Dag has no such moment for it.</summary>
    public async ValueTask<IReadOnlyList<RunDeadline>?> DeadlinesAsync(DagSpec spec, RunFacts run)
    {
        var wanted = Deadlines.RuntimesWanted(spec.Deadlines);
        return Deadlines.Of(spec.Deadlines, run, wanted == 0 ? [] : await LatestRuntimesAsync(run.Key, wanted));
    }

    /// <summary>How long the latest successful runs took, by logical date, the latest first.</summary>
    private async ValueTask<IReadOnlyList<TimeSpan>> LatestRuntimesAsync(long except, int count)
    {
        // One more, for the run itself may have succeeded before.
        var query = new RunQuery { Dag = id, State = RunState.Success, Limit = (int)Math.Min(count + 1L, int.MaxValue) };
        var runs = await company.ReadModel.ListRunsAsync(query, CancellationToken.None);
        return
        [
            .. runs.Where(run => run.Facts.Key != except && run is { StartedAt: not null, EndedAt: not null })
                .Take(count)
                .Select(run => run.EndedAt!.Value - run.StartedAt!.Value),
        ];
    }

    /// <summary>The latest success before a logical date: for a backfill that is not the Dag's latest.</summary>
    private async ValueTask<RunSucceeded?> PreviousSuccessAsync(DagState dag, DateTimeOffset logicalDate)
    {
        if (dag.LastSuccess is not { } latest || latest.Interval.Start < logicalDate)
        {
            return dag.LastSuccess;
        }

        var query = new RunQuery { Dag = id, State = RunState.Success, Before = logicalDate, Limit = 1 };
        return (await company.ReadModel.ListRunsAsync(query, CancellationToken.None)) is [var run]
            ? new(run.Facts.Interval, run.StartedAt ?? run.Facts.CreatedAt, run.EndedAt)
            : null;
    }
}
