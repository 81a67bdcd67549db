using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.DagRuns;

/// <summary>Rows of the read model that follow from a run's state and its latest event.</summary>
internal static class DagRunRows
{
    public static DagRunRow Of(DagRunState run) => new()
    {
        Facts = run.Facts,
        State = run.Phase,
        StartedAt = run.StartedAt,
        EndedAt = run.EndedAt,
        Reason = run.Reason,
    };

    public static TaskInstanceRow OfDispatch(DagRunState run, int task, TasksDispatched e) =>
        Row(run, task, run.StateOf(task)) with { Worker = e.Worker, QueuedAt = e.At };

    public static TaskInstanceRow OfEnd(DagRunState run, TaskEnded e, string worker, TaskOutcome outcome, DateTimeOffset? dispatchedAt) =>
        Row(run, e.Task, e.State) with
        {
            Token = e.Token,
            Worker = worker,
            QueuedAt = dispatchedAt,
            StartedAt = outcome.StartedAt == default ? null : outcome.StartedAt,
            EndedAt = outcome.EndedAt == default ? e.At : outcome.EndedAt,
            DueAt = e.Due,
            Error = e.Error ?? outcome.Error,
        };

    public static TaskInstanceRow OfResolution(DagRunState run, int task, TasksResolved e, DateTimeOffset at) =>
        Row(run, task, e.State) with { EndedAt = at, Error = e.Why };

    private static TaskInstanceRow Row(DagRunState run, int task, TaskState state) => new()
    {
        Run = run.Facts.Key,
        Task = run.NameOf(task),
        Token = run.TokenOf(task),
        TryNumber = run.TriesOf(task),
        State = state,
    };
}
