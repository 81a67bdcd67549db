using Sluice.Core.Callbacks;
using Sluice.Core.DagRuns;
using Sluice.Core.TaskInstances;
using Sluice.Scheduler.Callbacks;
using Sluice.Storage.Journal;

namespace Sluice.Scheduler.DagRuns;

/// <content>Callbacks of what has happened: written in the same commit, and handed over after it.</content>
internal sealed partial class DagRunActor
{
    private void Project(CallbackDue due)
    {
        var key = _company.Ids.NextKey();
        var isOfRun = due.Task < 0;
        var spec = (isOfRun ? _run.Graph.Spec.Callbacks : _run.SpecOf(due.Task).Callbacks)![due.Callback];
        var request = new CallbackRequest(
            key,
            _run.Facts,
            new()
            {
                EventId = CallbackRows.EventIdOf(key),
                On = spec.On,
                Callback = due.Callback,
                Task = isOfRun ? null : _run.TaskOf(due.Task),
                Instance = isOfRun ? null : _run.NameOf(due.Task).Value,
                TryNumber = isOfRun ? 0 : _run.TriesOf(due.Task),
                State = isOfRun ? _run.Phase.ToString().ToLowerInvariant() : _run.StateOf(due.Task).Name(),
                Why = due.Why ?? (isOfRun && spec.On == CallbackTrigger.Failure ? _firstFailure : null),
                At = Now,
                Deadline = spec.Deadline,
            },
            spec.Notifier,
            isOfRun || _run.MapIndexOf(due.Task) is not (>= 0 and var index) ? null : new(_run.TaskOf(due.Task), index, _run.InstancesOf(_run.TaskOf(due.Task)).Length),
            isOfRun ? null : _run.SpecOf(due.Task).Queue);
        _pending.Others.Add(new JournalEntry(CallbacksActor.StreamOf(key), CallbackJson.Serialize(new CallbackRaised(request))));
        _pending.Changes.Add(CallbackRows.Of(new(request)));
        _pending.OnCommitted.Add(new(_company.Callbacks, new TakeCallback(request)));
    }
}
