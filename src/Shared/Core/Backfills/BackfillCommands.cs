using Sluice.Core.Dags;

namespace Sluice.Core.Backfills;

/// <summary>What is asked of a backfill. Times are UTC and come in with the command.</summary>
public abstract record BackfillCommand
{
    private protected BackfillCommand()
    {
    }
}

/// <summary>Begin.</summary>
/// <param name="Id">Id of the backfill.</param>
/// <param name="Dag">The Dag whose intervals are run.</param>
/// <param name="Plan">A plan that was not refused.</param>
/// <param name="MaxActiveRuns">Runs of this backfill at once, at least 1; the Dag's own limit does not count.</param>
/// <param name="At">When.</param>
public sealed record CreateBackfill(string Id, DagId Dag, BackfillPlan Plan, int MaxActiveRuns, DateTimeOffset At) : BackfillCommand;

/// <summary>One of its runs ended. Without effect when that run is not active.</summary>
public sealed record EndBackfillRun(DateTimeOffset LogicalDate, bool Success, DateTimeOffset At) : BackfillCommand;

/// <summary>Start no more runs. Those that are active go on.</summary>
public sealed record CancelBackfill(DateTimeOffset At) : BackfillCommand;
