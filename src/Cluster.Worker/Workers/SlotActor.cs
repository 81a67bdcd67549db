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
                Run(run.Attempt, run.Attempt.Work);
                break;
            case KillAttempt kill when kill.Id == _attempt?.Work.Id:
                _attempt.Kill(kill.Reason, kill.As);
                break;
        }

        return ValueTask.CompletedTask;
    }

    protected override string Describe() => _attempt is { IsOver: false, Work: var work } attempt
        ? $"{work.Run.Dag}/{work.Run.Id}/{work.Task.Id} for {Context.Time.GetElapsedTime(_since).TotalSeconds:0.0} s{(attempt.IsBeingKilled ? ", being killed" : "")}"
        : "free";

    private void Run(RunningAttempt attempt, AttemptWork work)
    {
        (_attempt, _since) = (attempt, Context.Time.GetTimestamp());
        _ = TellEndAsync(attempt.RunAsync(executor), work.Id, Context.Parent!, Context.Self);
    }

    // Straight to the worker: by way of the slot it would be one hop more for each tiny task.
    private static async Task TellEndAsync(Task<TaskOutcome> running, AttemptId id, ActorRef worker, ActorRef self) =>
        worker.Tell(new AttemptEnded(id, await running), self);
}
