using Sluice.Actors;
using Sluice.Core.DagRuns;
using Sluice.Core.TaskInstances;

namespace Sluice.Scheduler.DagRuns;

/// <summary>To a queued run: its Dag lets it start.</summary>
internal sealed record StartNow
{
    public static StartNow Instance { get; } = new();
}

/// <summary>To a run: end as failed. Answered by a bool, after the commit: false when it was over already.</summary>
internal sealed record CancelNow(string Reason);

/// <summary>To the Dag and the backfill, after the commit.</summary>
internal sealed record RunFinished(RunFacts Facts, RunState State);

/// <summary>To a run: tell a task's live state; answered by a <see cref="TaskLiveState"/>.</summary>
internal sealed record TaskQuestion(int Task, int MapIndex = -1);

internal sealed record TaskLiveState(TaskState State, int TryNumber, string? Worker, DateTimeOffset? Due, string? Obstacle);

/// <summary>A run with tasks that wait for the run before asks its Dag for it; answered by <see cref="PastIs"/>, now and whenever that run moves.</summary>
internal sealed record PastWanted(RunFacts Facts, ActorRef Run);

/// <summary>A run whose Dag has tasks that wait for the past tells it, after the commit, that tasks have ended.</summary>
internal sealed record PastMoved(long Key);

/// <summary>What the run before has come to; null when there is none.</summary>
internal sealed record PastIs(PastRun? Past);

/// <summary>To a run: a wait may be over.</summary>
internal sealed record Wake
{
    public static Wake Instance { get; } = new();
}

/// <summary>Who a run works with.</summary>
internal sealed record RunCompany(ActorRef Journal, ActorRef Dispatcher, ActorRef Workers, ActorRef Callbacks, ActorRef Assets, RunIds Ids);
