using Sluice.Core.Dags;
using Sluice.Core.Schedules;

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
/// <param name="Version">The Dag's version, whose schedule the backfill keeps to.</param>
/// <param name="Plan">A plan that makes sense, with everything counted.</param>
/// <param name="Options">How to go about it.</param>
/// <param name="Word">Who asks, when, and why.</param>
public sealed record CreateBackfill(string Id, DagId Dag, string Version, BackfillPlan Plan, BackfillOptions Options, BackfillWord Word) : BackfillCommand;

/// <summary>Go on with as many runs as there is room for.</summary>
/// <param name="Next">Intervals to be run next, in order; more than there is room for do no harm.</param>
/// <param name="IsAll">Nothing comes after them.</param>
/// <param name="At">When.</param>
public sealed record StartBackfillRuns(IReadOnlyList<DataInterval> Next, bool IsAll, DateTimeOffset At) : BackfillCommand;

/// <summary>One of its runs ended. Without effect when that run is not active.</summary>
public sealed record EndBackfillRun(DateTimeOffset LogicalDate, BackfillRunEnd End, DateTimeOffset At) : BackfillCommand;

/// <summary>Start no more runs for now. Those that are active go on.</summary>
public sealed record PauseBackfill(BackfillWord Word) : BackfillCommand;

/// <summary>Go on after a pause.</summary>
public sealed record ResumeBackfill(BackfillWord Word) : BackfillCommand;

/// <summary>Start no more runs, ever.</summary>
/// <param name="Word">Who asks, when, and why.</param>
/// <param name="Running">Those that are active are cancelled, too; otherwise they go on.</param>
public sealed record CancelBackfill(BackfillWord Word, bool Running) : BackfillCommand;
