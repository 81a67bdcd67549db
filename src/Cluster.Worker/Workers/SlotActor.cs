using System.Diagnostics.CodeAnalysis;
using Sluice.Actors;
using Sluice.Cluster.Worker.Attempts;
using Sluice.Core.TaskInstances;

namespace Sluice.Cluster.Worker.Workers;

/// <summary>Runs one attempt at a time. A slot lives as long as its worker; for an async sensor, which holds none, one is made for the attempt alone.</summary>
/// <remarks>The attempt is no actor of its own: spawning and stopping one for each tiny task would cost more than the rest of the worker's part.</remarks>
[SuppressMessage("Design", "CA1001", Justification = "The source lives as long as one attempt and is disposed at its end.")]
internal sealed class SlotActor(IAttemptExecutor executor) : Actor
{
    private AttemptWork? _work;
    private CancellationTokenSource? _kill;
    private KillAttempt? _killed;
    private long _since;

    protected override ValueTask ReceiveAsync(object message)
    {
        switch (message)
        {
            case RunAttempt run:
                Run(run.Work);
                break;
            case KillAttempt kill when kill.Id == _work?.Id && _killed is null:
                _killed = kill;
                _work.KillReason = kill.Reason;
                _kill!.Cancel();
                break;
            case Ended ended:
                Finish(ended.Outcome);
                break;
        }

        return ValueTask.CompletedTask;
    }

    protected override ValueTask PostStopAsync()
    {
        _kill?.Cancel();
        return ValueTask.CompletedTask;
    }

    protected override string Describe() => _work is { } work
        ? $"{work.Run.Dag}/{work.Run.Id}/{work.Task.Id} for {Context.Time.GetElapsedTime(_since).TotalSeconds:0.0} s{(_killed is null ? "" : ", being killed")}"
        : "free";

    private void Run(AttemptWork work)
    {
        (_work, _killed, _since) = (work, null, Context.Time.GetTimestamp());
        _kill = new();
        Context.PipeToSelf(
            ExecuteAsync(work, _kill.Token),
            static outcome => new Ended(outcome),
            static error => new Ended(new() { Kind = OutcomeKind.Failed, Error = $"The worker failed: {error.Message}" }));
    }

    // An executor that throws before its first await is an outcome, too.
    private Task<TaskOutcome> ExecuteAsync(AttemptWork work, CancellationToken kill)
    {
        try
        {
            return executor.ExecuteAsync(work, kill);
        }
        catch (Exception e)
        {
            return Task.FromException<TaskOutcome>(e);
        }
    }

    private void Finish(TaskOutcome outcome)
    {
        var work = _work!;
        if (_killed is { } kill && outcome.Kind is not (OutcomeKind.Success or OutcomeKind.Skipped))
        {
            outcome = outcome with { Kind = kill.As, Error = outcome.Error ?? kill.Reason, ResumeAt = null };
        }

        _kill!.Dispose();
        (_work, _kill) = (null, null);
        Context.Parent!.Tell(new AttemptEnded(work.Id, outcome), Context.Self);
    }

    private sealed record Ended(TaskOutcome Outcome);
}
