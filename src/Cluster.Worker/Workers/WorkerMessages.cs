using Sluice.Core.TaskInstances;

namespace Sluice.Cluster.Worker.Workers;

/// <summary>Worker to slot: run this, or watch it when it runs already. The slot is free.</summary>
internal sealed record RunAttempt(RunningAttempt Attempt);

/// <summary>Worker to slot: stop this attempt, if it is still the one that runs.</summary>
/// <param name="As">What a killed attempt is reported as, unless it succeeded first.</param>
internal sealed record KillAttempt(AttemptId Id, string Reason, OutcomeKind As);

/// <summary>Slot to worker: the attempt ended, and the slot is free.</summary>
internal sealed record AttemptEnded(AttemptId Id, TaskOutcome Outcome);

/// <summary>Asks the worker to take nothing more, let its attempts end within the patience, kill and report the rest as lost.
/// Answered by <see cref="Drained"/> when all reports are durable, or cannot be made so.</summary>
public sealed record Drain(TimeSpan Patience);

/// <summary>The worker has nothing left to do.</summary>
/// <param name="Unreported">Reports that no leader has acknowledged.</param>
public sealed record Drained(int Unreported);
