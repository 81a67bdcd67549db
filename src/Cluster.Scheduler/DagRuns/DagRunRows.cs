using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.HumanInput;
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
        Memory = run.Memory() is { } memory ? DagRunJson.Serialize(memory) : null,
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

    public static TaskInstanceRow OfAsked(DagRunState run, TaskAsked e) =>
        Row(run, e.Task, TaskState.AwaitingInput) with
        {
            Token = e.Token,
            Worker = e.Worker,
            QueuedAt = e.DispatchedAt,
            StartedAt = e.StartedAt,
            DueAt = e.Due,
        };

    public static HumanQuestionRow OfQuestion(DagRunState run, TaskAsked asked, QuestionState state, DateTimeOffset? endedAt = null, HumanAnswer? answer = null) => new()
    {
        Run = run.Facts.Key,
        Task = run.NameOf(asked.Task),
        Token = asked.Token,
        State = state,
        AskedAt = asked.At,
        DueAt = asked.Due,
        Question = asked.Question,
        EndedAt = endedAt,
        Answer = answer,
    };

    public static TaskInstanceRow OfResolution(DagRunState run, int task, TasksResolved e, DateTimeOffset at) =>
        Row(run, task, e.State) with { EndedAt = at, Error = e.Why };

    /// <summary>The rows of a change by hand: each has a token of its own, so that the attempts before it stay.</summary>
    public static IEnumerable<ReadModelChange> OfChange(DagRunState run, TasksCleared e, DateTimeOffset at)
    {
        foreach (var instance in e.Tasks)
        {
            yield return OfChange(run, instance, TaskState.None, at, e.By.Sentence("cleared"));
        }

        foreach (var task in e.Unmapped ?? [])
        {
            var (first, length) = run.FormerInstancesOf(task);
            for (var instance = first; instance < first + length; instance++)
            {
                yield return OfChange(run, instance, TaskState.Removed, at, e.By.Sentence("cleared"));
                yield return new XComsCleared(run.Facts.Key, run.NameOf(instance));
            }
        }
    }

    /// <inheritdoc cref="OfChange(DagRunState, TasksCleared, DateTimeOffset)"/>
    public static IEnumerable<ReadModelChange> OfChange(DagRunState run, TasksMarked e, DateTimeOffset at) =>
        e.Tasks.Select(instance => OfChange(run, instance, e.State, at, e.By.Sentence($"marked {e.State.Name()}")));

    /// <inheritdoc cref="OfChange(DagRunState, TasksCleared, DateTimeOffset)"/>
    public static TaskInstanceRow OfChange(DagRunState run, int instance, TaskState state, DateTimeOffset at, string? why) =>
        Row(run, instance, state) with { EndedAt = at, Error = why };

    /// <summary>An attempt that was stopped by a change by hand, and whose end is of no interest.</summary>
    public static TaskInstanceRow OfStopped(DagRunState run, AttemptId attempt, string worker, DateTimeOffset? dispatchedAt, DateTimeOffset at, string why) =>
        Row(run, attempt.Task, TaskState.Failed) with { Token = attempt.Token, Worker = worker, QueuedAt = dispatchedAt, EndedAt = at, Error = why };

    private static TaskInstanceRow Row(DagRunState run, int task, TaskState state) => new()
    {
        Run = run.Facts.Key,
        Task = run.NameOf(task),
        Token = run.TokenOf(task),
        TryNumber = run.TriesOf(task),
        State = state,
    };
}
