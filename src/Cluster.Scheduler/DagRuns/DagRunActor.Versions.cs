using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Queues;
using Sluice.Core.TaskInstances;
using Sluice.Scheduler.Dags;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.DagRuns;

/// <content>A run that goes on by another version of its Dag (docs/concepts/versions.md).</content>
internal sealed partial class DagRunActor
{
    private void Project(RunUpgraded e)
    {
        _asked.Clear();
        ResumeQuestions();
        _pending.Changes.Add(new DagVersionRow(_run.Facts.Version, _run.Facts.Dag, DagSpecJson.Serialize(_run.Graph.Spec), Now));
        _pending.Changes.Add(DagRunRows.Of(_run));
        _pending.Changes.AddRange(DagRunRows.OfChange(_run, e, Now));
        foreach (var dropped in e.Dropped ?? [])
        {
            if (dropped is { Attempt: { } attempt, Worker: { } worker })
            {
                Stop(worker, attempt, DagRunRows.WhyDropped(_run, e));
            }
        }

        // Everything that is known by number is known by other numbers now.
        (_numbering, _isNumberedAnew) = (_numbering + 1, true);
        _ready.Clear();
        _freed.Clear();
        _out.Clear();
        _answers.Clear();
        for (var instance = 0; instance < e.Run.States.Length; instance++)
        {
            if (_run.WorkerOf(instance) is { } holder)
            {
                _out[instance] = new(_run.AttemptOf(instance), holder, _run.DispatchedAt(instance));
            }

            // What is scheduled because of the change is told by the next event.
            if (_run.StateOf(instance) == TaskState.Scheduled && (TaskState)e.Run.States[instance] == TaskState.Scheduled)
            {
                _ready.Add(ReadyTask.Of(_run, instance));
            }
        }

        SetTimeout();
        if (_run.Phase == RunState.Running && _run.Graph.HasPast)
        {
            _pending.OnCommitted.Add(new(Context.Parent!, new PastWanted(_run.Facts, Context.Self)));
        }
    }
}
