using System.Diagnostics;

namespace Sluice.Actors;

internal sealed partial class ActorCell
{
    private RestartHistory? _history; // kept here for the parent, who alone touches it
    private TimeSpan _pauseLength;

    /// <summary>The actor failed: it takes nothing more until its parent has decided.</summary>
    private void Fail(Exception failure, string message)
    {
        if (_phase is not (Phase.Running or Phase.Starting))
            return; // a failure while stopping changes nothing
        NoteError(failure);
        LeaveRunning();
        _phase = Phase.Failed;
        Context.Timers.CancelAll();
        _behaviors = null;
        if (_stash is { } stash)
        {
            _stash = null;
            var held = _held;
            _held = new(stash);
            foreach (var later in held ?? [])
                _held.Enqueue(later);
        }

        Parent!.Send(new ChildFailed(this, failure, message));
    }

    private void Supervise(ChildFailed failed)
    {
        if (_phase >= Phase.StoppingChildren)
            return; // it is being stopped already

        var child = failed.Child;
        var strategy = _props.Supervision;
        var directive = Decide(strategy, failed.Failure);
        if (directive == SupervisionDirective.Restart)
        {
            if ((child._history ??= new()).NextPause(strategy, System.Time.GetUtcNow()) is { } pause)
            {
                LogRestarting(System.Logger, child.Self.Path, failed.Message, pause, failed.Failure);
                child.Send(new RestartCell(pause));
                return;
            }

            directive = SupervisionDirective.Escalate;
        }

        switch (directive)
        {
            case SupervisionDirective.Escalate when !IsRoot:
                LogEscalating(System.Logger, child.Self.Path, failed.Message, Self.Path, failed.Failure);
                Fail(failed.Failure, $"the failure of {child.Self.Path}");
                break;

            case SupervisionDirective.Escalate:
            case SupervisionDirective.Stop:
                LogStopping(System.Logger, child.Self.Path, failed.Message, failed.Failure);
                child.Send(StopCell.Instance);
                break;

            default:
                throw new UnreachableException($"No such directive: {directive}.");
        }
    }

    private SupervisionDirective Decide(SupervisionStrategy strategy, Exception failure)
    {
        try
        {
            return strategy.Decide(failure);
        }
        catch (Exception thrown)
        {
            LogDeciderFailed(System.Logger, Self.Path, thrown);
            return SupervisionDirective.Stop;
        }
    }
}
