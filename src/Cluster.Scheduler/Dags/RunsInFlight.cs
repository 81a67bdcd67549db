using Sluice.Core.Assets;
using System.Globalization;
using Sluice.Actors;
using Sluice.Core.DagRuns;
using Sluice.Scheduler.DagRuns;
using Sluice.Scheduler.Dispatch;

namespace Sluice.Scheduler.Dags;

/// <summary>The runs of a Dag that have begun and are not over, each with its actor.</summary>
internal sealed class RunsInFlight(ActorContext context, RunCompany company)
{
    private readonly Dictionary<long, Run> _runs = [];
    private int _lives; // a run that is run again has the key of its earlier life, which may not have stopped yet

    /// <summary>Those that count against the Dag's limit; a backfill minds its own.</summary>
    public int Counted { get; private set; }

    public int Count => _runs.Count;

    /// <summary>One of them; null when there is none.</summary>
    public RunId? First => _runs.Values.FirstOrDefault()?.Facts.Id;

    public IEnumerable<ActorRef> Actors => _runs.Values.Select(run => run.Actor);

    public ActorRef? Find(long key) => _runs.GetValueOrDefault(key)?.Actor;

    /// <summary>The run of an interval; runs by hand are not of an interval.</summary>
    public RunFacts? FindOfInterval(DateTimeOffset logicalDate) =>
        _runs.Values.FirstOrDefault(run => run.Facts.LogicalDate == logicalDate && run.Facts.Type.IsOfInterval())?.Facts;

    public RunFacts? FindOfId(RunId id) => _runs.Values.FirstOrDefault(run => run.Facts.Id == id)?.Facts;

    public bool Has(RunId id) => _runs.Values.Any(run => run.Facts.Id == id);

    /// <summary>Begins a run, or goes on with it after a takeover.</summary>
    public void Begin(DagRunState run, bool isNew)
    {
        // The books are right before anyone outside hears of this leader: a worker that names an attempt must not be told that it is unknown.
        var books = isNew ? null : DagRunBooks.Of(run);
        var actor = context.Spawn(
            Props.Create(() => new DagRunActor(run, isNew, company)), string.Create(CultureInfo.InvariantCulture, $"run-{run.Facts.Key}-{_lives++}"));
        company.Workers.Tell(new RunJoined(run.Facts.Key), actor);
        books?.Tell(company, actor);
        _runs[run.Facts.Key] = new(actor, run.Facts);
        Counted += Counts(run.Facts) ? 1 : 0;
        if (run.Phase == RunState.Queued)
        {
            actor.Tell(StartNow.Instance, context.Self);
        }
    }

    /// <returns>False when it was not there.</returns>
    public bool End(long key)
    {
        if (!_runs.Remove(key, out var run))
        {
            return false;
        }

        Counted -= Counts(run.Facts) ? 1 : 0;
        return true;
    }

    public static bool Counts(RunFacts run) => run.Type != RunType.Backfill || run.LeftByBackfill;

    private sealed record Run(ActorRef Actor, RunFacts Facts);
}
