using Sluice.Actors;
using Sluice.Cluster.Worker.Attempts;
using Sluice.Core.TaskInstances;

namespace Sluice.Cluster.Worker.Workers;

/// <summary>Watches one attempt at a time. A slot lives as long as its worker; for an async sensor, which holds none, one is made for the attempt alone.</summary>
/// <remarks>The attempt is no actor of its own: spawning and stopping one for each tiny task would cost more than the rest of the worker's part.</remarks>
internal sealed class SlotActor(IAttemptExecutor executor) : Actor
{
    private RunningAttempt? _attempt;
    private long _since;

    protected override ValueTask ReceiveAsync(object message)
    {
        switch (message)
        {
            case RunAttempt run:
                Run(run.Attempt);
                break;
            case KillAttempt kill when kill.Id == _attempt?.Work.Id:
                _attempt.Kill(kill.Reason, kill.As);
                break;
            case Ended ended when ended.Attempt == _attempt:
                _attempt = null;
                Context.Parent!.Tell(new AttemptEnded(ended.Attempt.Work.Id, ended.Outcome), Context.Self);
                break;
        }

        return ValueTask.CompletedTask;
    }

    protected override string Describe() => _attempt is { Work: var work } attempt
        ? $"{work.Run.Dag}/{work.Run.Id}/{work.Task.Id} for {Context.Time.GetElapsedTime(_since).TotalSeconds:0.0} s{(attempt.IsBeingKilled ? ", being killed" : "")}"
        : "free";

    private void Run(RunningAttempt attempt)
    {
        (_attempt, _since) = (attempt, Context.Time.GetTimestamp());
        Context.PipeToSelf(
            attempt.RunAsync(executor),
            outcome => new Ended(attempt, outcome),
            error => new Ended(attempt, new() { Kind = OutcomeKind.Failed, Error = $"The worker failed: {error.Message}" }));
    }

    private sealed record Ended(RunningAttempt Attempt, TaskOutcome Outcome);
}
