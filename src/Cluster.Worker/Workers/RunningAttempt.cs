using Sluice.Cluster.Worker.Attempts;
using Sluice.Core.TaskInstances;

namespace Sluice.Cluster.Worker.Workers;

/// <summary>One attempt from its start to its end. It belongs to no actor: it goes on while the one that watches it is restarted, and is taken up again.</summary>
internal sealed class RunningAttempt(AttemptWork work)
{
    private readonly CancellationTokenSource _kill = new(); // has no timer and no handle: nothing to dispose of
    private Task<TaskOutcome>? _outcome;
    private volatile Killed? _killed;

    public AttemptWork Work => work;

    public bool IsBeingKilled => _killed is not null;

    public bool IsOver => _outcome is { IsCompleted: true };

    /// <summary>Starts it, once, and tells how it ends. Called by the one actor that has it.</summary>
    /// <returns>Never fails: whatever goes wrong is an outcome.</returns>
    public Task<TaskOutcome> RunAsync(IAttemptExecutor executor) => _outcome ??= ExecuteAsync(executor);

    /// <summary>Stops it. The first reason counts.</summary>
    /// <param name="kind">What it is reported as, unless it succeeds first.</param>
    public void Kill(string reason, OutcomeKind kind)
    {
        if (Interlocked.CompareExchange(ref _killed, new(reason, kind), null) is null)
        {
            work.KillReason = reason;
            _kill.Cancel();
        }
    }

    private async Task<TaskOutcome> ExecuteAsync(IAttemptExecutor executor)
    {
        TaskOutcome outcome;
        try
        {
            outcome = await executor.ExecuteAsync(work, _kill.Token);
        }
        catch (Exception e)
        {
            outcome = new() { Kind = OutcomeKind.Failed, Error = $"The worker failed: {e.Message}" };
        }

        return _killed is { } killed && outcome.Kind is not (OutcomeKind.Success or OutcomeKind.Skipped)
            ? outcome with { Kind = killed.As, Error = outcome.Error ?? killed.Reason, ResumeAt = null }
            : outcome;
    }

    private sealed record Killed(string Reason, OutcomeKind As);
}
