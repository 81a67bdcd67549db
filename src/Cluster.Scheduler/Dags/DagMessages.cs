using Sluice.Actors;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Scheduler.DagRuns;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.Dags;

/// <summary>A file defines the Dag like this now.</summary>
internal sealed record Define(DagSpec Spec, string Version, string? Bundle, string File);

/// <summary>The file no longer defines it.</summary>
internal sealed record Undefine;

/// <summary>Pause or go on. Answered by a bool after the commit: whether that changed anything.</summary>
internal sealed record SetPaused(bool Paused);

/// <summary>Makes a run by hand. Answered by a <see cref="CreateRunAnswer"/> after the commit.</summary>
internal sealed record TriggerRun(DateTimeOffset? LogicalDate, string? RunId, string Conf, string? By = null);

/// <summary>Makes a run for a task, or finds the one that it made before. Answered by a <see cref="CreateRunAnswer"/> after the commit.</summary>
/// <param name="Trigger">What the task asks for.</param>
/// <param name="Candidates">The run that would be made, and before it those that earlier tries of the task would have made: latest first.</param>
internal sealed record TriggerForTask(Core.CrossDag.RunTrigger Trigger, IReadOnlyList<TriggerCandidate> Candidates);

/// <param name="Id">The run's id.</param>
/// <param name="By">Who makes it: <see cref="RunFacts.TriggeredBy"/>.</param>
internal sealed record TriggerCandidate(RunId Id, string By);

/// <summary>Makes the run of one interval of a backfill. Answered by a <see cref="CreateRunAnswer"/> after the commit.</summary>
/// <param name="Backfill">The backfill.</param>
/// <param name="Interval">The interval.</param>
/// <param name="Reprocess">Whether a finished run of the interval is run again.</param>
/// <param name="MadeAt">When the backfill was made: a run that ended later is left as it is.</param>
/// <param name="Conf">JSON object.</param>
/// <param name="Connections">JSON object: connections that stand for others; null for none.</param>
/// <param name="Version">As in <see cref="Core.Backfills.BackfillOptions.Version"/>.</param>
internal sealed record BackfillRun(
    string Backfill, DataInterval Interval, Core.Backfills.Reprocess Reprocess, DateTimeOffset MadeAt, string Conf, string? Connections, string? Version = null);

/// <summary>Either the run's facts, or why there is none.</summary>
/// <param name="Facts">The run.</param>
/// <param name="Refusal">One sentence.</param>
/// <param name="Ended">Set when the run was made before: its state, as far as it is on disk. For a backfill only when it is over.</param>
/// <param name="Skipped">Why there is nothing to run: someone else came first. One sentence.</param>
internal sealed record CreateRunAnswer(RunFacts? Facts, string? Refusal = null, RunState? Ended = null, string? Skipped = null);

/// <summary>A backfill asks for a range of the Dag's intervals. Answered by a <see cref="ClaimAnswer"/>.</summary>
internal sealed record ClaimBackfill(string Id, DataInterval Range);

/// <param name="Refusal">Null: the range is the backfill's, until <see cref="ReleaseBackfill"/>.</param>
internal sealed record ClaimAnswer(string? Refusal);

/// <summary>The backfill begins no more runs.</summary>
internal sealed record ReleaseBackfill(string Id);

/// <summary>Finds a run that is not over; answered by <see cref="FoundRun"/>.</summary>
internal sealed record FindRun(long Key);

/// <param name="Run">Its actor; null when it waits for its turn, or is over.</param>
/// <param name="Waits">Why it waits for its turn, for people; null when it does not.</param>
internal sealed record FoundRun(ActorRef? Run, string? Waits = null);

/// <summary>Ends a run as failed, whether it runs or waits for its turn. Answered by a bool, after the commit: false when it was over already.</summary>
internal sealed record StopRun(long Key, string Reason);

/// <summary>A run that is over hands its last writes to its Dag: what the Dag remembers of the end belongs in the same commit.</summary>
/// <param name="Append">The writes.</param>
/// <param name="Succeeded">The latest success from now on; null when the run did not end well, or said so before.</param>
internal sealed record RunEnding(Journal.Append Append, RunSucceeded? Succeeded);

/// <summary>A Dag, or the actor of callbacks, to the scheduler: it has started, and the workers' books say what it has out.</summary>
internal sealed record DagStarted
{
    public static DagStarted Instance { get; } = new();
}

/// <summary>What the actors of one leadership share.</summary>
internal sealed record SchedulerCompany(RunCompany Runs, DagVersions Versions, IReadModel ReadModel, RunIds Ids);
