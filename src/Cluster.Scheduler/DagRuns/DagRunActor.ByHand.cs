using Sluice.Actors;
using Sluice.Core.DagRuns;
using Sluice.Core.TaskInstances;
using Sluice.Scheduler.Dispatch;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.DagRuns;

/// <summary>A run to its Dag: it has ended, and is no longer the one to ask.</summary>
internal sealed record ChangeAfterwards(ChangeRun Change, ActorRef? Asker, ActorRef Run);

/// <content>What people change by hand.</content>
internal sealed partial class DagRunActor
{
    private void Change(ChangeRun change)
    {
        var asker = Context.Sender;
        if (_run.Phase is RunState.Success or RunState.Failed)
        {
            Context.Parent!.Tell(new ChangeAfterwards(change, asker, Context.Self), Context.Self);
            return;
        }

        var commands = change.Commands(Now);
        var planned = RunChange.Of(_run, commands);
        if (change.DryRun || planned.IsEmpty)
        {
            asker?.Tell(planned);
            return;
        }

        if (asker is not null)
        {
            _pending.OnCommitted.Add(new(asker, planned));
        }

        foreach (var command in commands)
        {
            Apply(command);
        }

        Advance();
    }

    private void Project(TasksCleared e)
    {
        foreach (var instance in _asked.Keys.Where(asking => _run.QuestionOf(asking) is null).ToList())
        {
            Withdraw(instance, e.By.Sentence("cleared"), ownToken: true);
        }

        _pending.Changes.AddRange(DagRunRows.OfChange(_run, e, Now));
        foreach (var instance in e.Stopping ?? [])
        {
            _pending.OnCommitted.Add(new(
                _company.Workers, new Kill(_run.WorkerOf(instance)!, [_run.AttemptOf(instance)], e.By.Sentence("cleared"))));
        }

        // Instances that are to be expanded anew.
        foreach (var instance in _out.Keys.Where(_run.IsGone).ToList())
        {
            StopChanged(instance, e.By.Sentence("cleared"));
        }

        if (_run.Graph.HasPast)
        {
            _pending.OnCommitted.Add(new(Context.Parent!, new PastWanted(_run.Facts, Context.Self)));
        }
    }

    private void Project(TasksMarked e)
    {
        foreach (var instance in e.Tasks)
        {
            StopChanged(instance, e.By.Sentence($"marked {e.State.Name()}"));
            Withdraw(instance, e.By.Sentence($"marked {e.State.Name()}"), ownToken: true);
        }

        _pending.Changes.AddRange(DagRunRows.OfChange(_run, e, Now));
    }

    /// <summary>The attempt that a worker has is of no interest any more.</summary>
    private void StopChanged(int instance, string why)
    {
        if (_out.Remove(instance, out var cut))
        {
            // The change has a token of its own, after the attempt's.
            _pending.Changes.Add(DagRunRows.OfStopped(_run, instance, cut.Id.Token, cut.Worker, cut.DispatchedAt, Now, why));
            Stop(cut, instance, why);
        }
    }

    /// <summary>The attempt of a cleared instance is gone.</summary>
    private void ProjectRestart(TaskEnded e, string node, TaskOutcome outcome, DateTimeOffset? dispatchedAt)
    {
        var state = outcome.Kind switch { OutcomeKind.Success => TaskState.Success, OutcomeKind.Skipped => TaskState.Skipped, _ => TaskState.Failed };
        _pending.Changes.Add(DagRunRows.OfEnd(_run, e with { State = state }, node, outcome, dispatchedAt));
        _pending.Changes.Add(DagRunRows.OfChange(_run, e.Task, TaskState.None, Now, e.Error));
    }

    /// <summary>A task that runs again does so without what it pushed before.</summary>
    private void ForgetXComs(int instance)
    {
        if (_run.TriesSinceCleared(instance) == 1 && _run.TriesOf(instance) > 1)
        {
            _pending.Changes.Add(new XComsCleared(_run.Facts.Key, _run.NameOf(instance)));
        }
    }
}
