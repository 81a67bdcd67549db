using Sluice.Actors;
using Sluice.Core.Callbacks;
using Sluice.Core.DagRuns;
using Sluice.Core.TaskInstances;
using Sluice.Scheduler.DagRuns;
using Sluice.Scheduler.Journal;
using Sluice.Storage.Journal;

namespace Sluice.Scheduler.Callbacks;

/// <summary>Callbacks of what has happened to a run: written in the same commit, and handed over after it.</summary>
internal static class CallbackRequests
{
    /// <param name="append">The commit of what happened.</param>
    /// <param name="run">The run, as it is after that.</param>
    /// <param name="due">Which callback.</param>
    /// <param name="company">Makes its key, and takes it.</param>
    /// <param name="at">When it happened.</param>
    /// <param name="why">When the event itself does not say.</param>
    public static void Add(Append append, DagRunState run, CallbackDue due, RunCompany company, DateTimeOffset at, string? why = null)
    {
        var key = company.Ids.NextKey();
        var isOfRun = due.Task < 0;
        var spec = (isOfRun ? run.Graph.Spec.Callbacks : run.SpecOf(due.Task).Callbacks)![due.Callback];
        var request = new CallbackRequest(
            key,
            run.Facts,
            new()
            {
                EventId = CallbackRows.EventIdOf(key),
                On = spec.On,
                Callback = due.Callback,
                Task = isOfRun ? null : run.TaskOf(due.Task),
                Instance = isOfRun ? null : run.NameOf(due.Task).Value,
                TryNumber = isOfRun ? 0 : run.TriesOf(due.Task),
                State = isOfRun ? run.Phase.ToString().ToLowerInvariant() : run.StateOf(due.Task).Name(),
                Why = due.Why ?? (isOfRun && spec.On == CallbackTrigger.Failure ? why : null),
                At = at,
                Deadline = spec.Deadline,
                Due = spec.Deadline is null ? null : run.Deadlines.FirstOrDefault(deadline => deadline.Name == spec.Deadline)?.Due,
            },
            spec.Notifier,
            isOfRun || run.MapIndexOf(due.Task) is not (>= 0 and var index) ? null : new(run.TaskOf(due.Task), index, run.InstancesOf(run.TaskOf(due.Task)).Length),
            isOfRun ? null : run.SpecOf(due.Task).Queue);
        Raise(append, request, company);
    }

    /// <summary>What nobody waits for any more is stopped by the operator that started it, in the version of then.</summary>
    public static void Add(Append append, DagRunState run, RemoteStopDue due, RunCompany company, DateTimeOffset at)
    {
        var (key, kept) = (company.Ids.NextKey(), due.Kept);
        Raise(
            append,
            new(
                key,
                run.Facts with { Version = kept.Version, Bundle = kept.Bundle },
                new()
                {
                    EventId = CallbackRows.EventIdOf(key),
                    On = CallbackTrigger.StopRemoteJob,
                    Callback = -1,
                    Task = kept.Task,
                    Instance = due.Instance.Value,
                    TryNumber = kept.TryNumber,
                    State = run.Phase.ToString().ToLowerInvariant(),
                    Why = $"{kept.Job}: {due.Why}",
                    At = at,
                    Job = kept.Job,
                },
                kept.Job.Service,
                kept.Map,
                due.Queue),
            company);
    }

    private static void Raise(Append append, CallbackRequest request, RunCompany company)
    {
        var key = request.Key;
        append.Others.Add(new JournalEntry(CallbacksActor.StreamOf(key), CallbackJson.Serialize(new CallbackRaised(request))));
        append.Changes.Add(CallbackRows.Of(new(request)));
        append.OnCommitted.Add(new(company.Callbacks, new TakeCallback(request)));
    }
}
