using Sluice.Cluster.Worker.Attempts;
using Sluice.Cluster.Worker.Bundles;
using Sluice.Core.TaskInstances;

namespace Sluice.Cluster.Worker.Runners;

/// <summary>One attempt on its way through the pool.</summary>
/// <param name="work">What to run.</param>
/// <param name="bundle">The code; null when the Dag has none.</param>
/// <param name="services">Answers the runner's calls and takes its lines.</param>
/// <param name="pokeOnce">For a sensor whose waiting is done by the worker.</param>
internal sealed class RunnerAttempt(AttemptWork work, CachedBundle? bundle, AttemptServices services, DateTimeOffset? firstPokeAt, bool pokeOnce)
{
    // Continuations run on the thread that read the outcome, after it has handed the runner its next attempt: one hop fewer for tiny tasks.
    private readonly TaskCompletionSource<TaskOutcome> _outcome = new();

    public AttemptWork Work => work;

    public CachedBundle? Bundle => bundle;

    public AttemptServices Services => services;

    public DateTimeOffset? FirstPokeAt => firstPokeAt;

    public bool PokeOnce => pokeOnce;

    public Task<TaskOutcome> Outcome => _outcome.Task;

    /// <summary>Guarded by the pool: the runner that has it.</summary>
    public RunnerProcess? Runner { get; set; }

    /// <summary>Guarded by the pool: when it began to wait for a runner.</summary>
    public long WaitingSince { get; set; }

    /// <summary>Guarded by the pool: why it is being stopped; null while it is not.</summary>
    public string? StopReason { get; set; }

    /// <summary>When it was handed to a runner, UTC.</summary>
    public DateTimeOffset StartedAt { get; set; }

    public void Complete(TaskOutcome outcome) => _outcome.TrySetResult(outcome);
}
