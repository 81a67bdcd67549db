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
        Deadlines = run.Deadlines,
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

    public static HumanQuestionRow OfQuestion(DagRunState run, TaskAsked asked, QuestionState state, DateTimeOffset? endedAt = null, HumanAnswer? answer = null) =>
        OfQuestion(run, run.NameOf(asked.Task), asked, state, endedAt, answer);

    private static HumanQuestionRow OfQuestion(DagRunState run, TaskId task, TaskAsked asked, QuestionState state, DateTimeOffset? endedAt, HumanAnswer? answer) => new()
    {
        Run = run.Facts.Key,
        Task = task,
        Token = asked.Token,
        State = state,
        AskedAt = asked.At,
        DueAt = asked.Due,
        Question = asked.Question,
        EndedAt = endedAt,
        Answer = answer,
    };

    public static RemoteJobRow OfRemoteJob(DagRunState run, RemoteJobKept e) =>
        new(run.Facts.Key, run.NameOf(e.Task), e.Token, run.TriesOf(e.Task), e.Job, e.At);

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

    /// <summary>What the new version of the Dag does not go on with; what was stopped is given an end.</summary>
    public static IEnumerable<ReadModelChange> OfChange(DagRunState run, RunUpgraded e, DateTimeOffset at)
    {
        var why = WhyDropped(run, e);
        foreach (var dropped in e.Dropped ?? [])
        {
            var row = new TaskInstanceRow { Run = run.Facts.Key, Task = dropped.Name, Token = run.TokenBase, TryNumber = dropped.Tries, State = dropped.To, EndedAt = at, Error = why };
            if (dropped.Attempt is { } attempt)
            {
                yield return row with { Token = attempt.Token, State = TaskState.Failed, Worker = dropped.Worker, QueuedAt = dropped.DispatchedAt };
            }

            if (dropped.Asked is { } asked)
            {
                yield return OfQuestion(run, dropped.Name, asked, QuestionState.Withdrawn, at, null);
                yield return row with { Token = asked.Token, State = TaskState.Failed, Worker = asked.Worker, QueuedAt = asked.DispatchedAt, StartedAt = asked.StartedAt };
            }

            yield return row;
            yield return new XComsCleared(run.Facts.Key, dropped.Name);
        }
    }

    public static string WhyDropped(DagRunState run, RunUpgraded e) => e.By.Sentence($"moved to version {run.Facts.Version}");

    /// <inheritdoc cref="OfChange(DagRunState, TasksCleared, DateTimeOffset)"/>
    public static TaskInstanceRow OfChange(DagRunState run, int instance, TaskState state, DateTimeOffset at, string? why) =>
        Row(run, instance, state) with { EndedAt = at, Error = why };

    /// <summary>An attempt that was stopped by a change by hand, and whose end is of no interest.</summary>
    public static TaskInstanceRow OfStopped(DagRunState run, int instance, int token, string worker, DateTimeOffset? dispatchedAt, DateTimeOffset at, string why) =>
        Row(run, instance, TaskState.Failed) with { Token = token, Worker = worker, QueuedAt = dispatchedAt, EndedAt = at, Error = why };

    private static TaskInstanceRow Row(DagRunState run, int task, TaskState state) => new()
    {
        Run = run.Facts.Key,
        Task = run.NameOf(task),
        Token = run.TokenOf(task),
        TryNumber = run.TriesOf(task),
        State = state,
    };
}
