using Sluice.Authoring.Operators;
using Sluice.Authoring.Sensors;
using Sluice.Core.CrossDag;
using Sluice.Core.TaskInstances;

namespace Sluice.Authoring.CrossDag;

/// <summary>Waits for another Dag: for a whole run, for tasks of it, or for a group.</summary>
/// <remarks>
/// It looks at the run of the same logical date, unless <see cref="ExecutionDelta"/> or <see cref="LatestWithin"/> say otherwise; in C# see also
/// <see cref="ExternalDatesSensor"/>. Dags whose schedules do not meet never have a run of the same date: then it waits until its timeout.
/// A test run (<c>sluice dags test</c>) knows no other Dag: the sensor says so and is done at once.
/// </remarks>
public class ExternalTaskSensor : Sensor
{
    /// <summary>The Dag to wait for.</summary>
    [Templated]
    public string ExternalDagId { get; set; } = "";

    /// <summary>A task of it, by its whole id; null, with neither list nor group: the whole run.</summary>
    [Templated]
    public string? ExternalTaskId { get; set; }

    /// <summary>Several tasks of it; all must get there. Of a mapped task the worst instance counts.</summary>
    [Templated]
    public List<string> ExternalTaskIds { get; set; } = [];

    /// <summary>A group of it, by its whole id: all of its tasks must get there.</summary>
    [Templated]
    public string? ExternalTaskGroupId { get; set; }

    /// <summary>Looks at the run whose logical date is so much before this run's; negative: after it.</summary>
    public TimeSpan? ExecutionDelta { get; set; }

    /// <summary>Looks at the latest run whose logical date is within so much before the date, itself included: for schedules that do not meet.</summary>
    public TimeSpan? LatestWithin { get; set; }

    /// <summary>States that end the wait well; all that is waited for must be in one of them. Default: success. Of a whole run: queued, running, success, failed.</summary>
    public List<TaskState> AllowedStates { get; set; } = [TaskState.Success];

    /// <summary>States that fail this task as soon as one thing is in one of them. Default: none, so a failure is waited out: it may be cleared.</summary>
    public List<TaskState> FailedStates { get; set; } = [];

    /// <summary>States that skip this task as soon as one thing is in one of them. Default: none.</summary>
    public List<TaskState> SkippedStates { get; set; } = [];

    /// <summary>Fails at the first look when the Dag, a task or the group does not exist; otherwise it is waited for.</summary>
    public bool CheckExistence { get; set; }

    /// <inheritdoc/>
    public sealed override async ValueTask<Poke> PokeAsync(TaskContext context, CancellationToken cancellationToken)
    {
        if (context.IsTest)
        {
            context.Log($"A test run knows no other Dag: takes it that {What} is there.");
            return Poke.Done;
        }

        var dates = FindDates(context).Distinct().ToList();
        if (dates.Count == 0)
        {
            throw new TaskFailedException("It has no dates to wait for: return at least one.");
        }

        var question = new DagQuestion
        {
            Dag = ExternalDagId,
            Tasks = ExternalTaskId is { Length: > 0 } one ? [one] : ExternalTaskIds,
            Group = string.IsNullOrEmpty(ExternalTaskGroupId) ? null : ExternalTaskGroupId,
            Dates = dates,
            Window = LatestWithin,
        };
        var answer = await context.Services.LookAtDagAsync(question, cancellationToken);
        if (CheckExistence && answer.Missing is { } missing)
        {
            throw new TaskFailedException(missing);
        }

        if (answer.Found.FirstOrDefault(found => IsIn(FailedStates, found)) is { } failed)
        {
            throw SoftFail ? new TaskSkippedException(Tell(failed)) : new TaskErrorException(Tell(failed));
        }

        if (answer.Found.FirstOrDefault(found => IsIn(SkippedStates, found)) is { } skipped)
        {
            throw new TaskSkippedException(Tell(skipped));
        }

        if (answer.Found.FirstOrDefault(found => !IsIn(AllowedStates, found)) is not { } open)
        {
            return Poke.Done;
        }

        context.Log(answer.Missing ?? Tell(open));
        return Poke.NotYet;
    }

    /// <summary>The logical dates to wait for; all of them must get there.</summary>
    private protected virtual IEnumerable<DateTimeOffset> FindDates(TaskContext context) => [context.LogicalDate - (ExecutionDelta ?? TimeSpan.Zero)];

    internal override string? FindProblem()
    {
        var ways = (ExternalTaskId is null ? 0 : 1) + (ExternalTaskIds.Count == 0 ? 0 : 1) + (ExternalTaskGroupId is null ? 0 : 1);
        return string.IsNullOrWhiteSpace(ExternalDagId) ? "external_dag_id is missing: name the Dag to wait for."
            : ways > 1 ? "external_task_id, external_task_ids and external_task_group_id exclude each other; use one of them, or none for the whole run."
            : LatestWithin <= TimeSpan.Zero ? $"latest_within is {LatestWithin:c}; use a duration above zero."
            : CrossDagStates.FindOverlap(("allowed_states", AllowedStates), ("failed_states", FailedStates), ("skipped_states", SkippedStates));
    }

    private string What => ExternalTaskGroupId is { } group ? $"group '{group}' of Dag '{ExternalDagId}'"
        : ExternalTaskId is { } task ? $"task '{task}' of Dag '{ExternalDagId}'"
        : ExternalTaskIds.Count > 0 ? $"tasks {string.Join(", ", ExternalTaskIds)} of Dag '{ExternalDagId}'"
        : $"Dag '{ExternalDagId}'";

    private static bool IsIn(List<TaskState> states, DagFinding found) => found.RunId is not null && states.Contains(found.State);

    private string Tell(DagFinding found) => found.RunId is null
        ? $"Dag '{ExternalDagId}' has no run {(LatestWithin is null ? "of" : "up to")} {found.Date:yyyy-MM-dd'T'HH:mm:ssK}."
        : $"{(found.Task is null ? "" : $"Task '{found.Task}' of ")}{(found.Task is null ? "Run" : "run")} '{found.RunId}' of Dag '{ExternalDagId}' is {CrossDagStates.Name(found.State)}.";
}

/// <summary>An <see cref="ExternalTaskSensor"/> whose logical dates come from a function. Runs in a runner process, as the author's code does.</summary>
/// <param name="dates">Gives one date or many, from the attempt; all of them must get there.</param>
public sealed class ExternalDatesSensor(Func<TaskContext, IEnumerable<DateTimeOffset>> dates) : ExternalTaskSensor
{
    /// <inheritdoc cref="ExternalDatesSensor(Func{TaskContext, IEnumerable{DateTimeOffset}})"/>
    /// <param name="date">Gives the one date.</param>
    public ExternalDatesSensor(Func<TaskContext, DateTimeOffset> date)
        : this(context => [date(context)])
    {
    }

    private protected override IEnumerable<DateTimeOffset> FindDates(TaskContext context) => dates(context);

    internal override string? FindProblem() =>
        ExecutionDelta is null ? base.FindProblem() : "execution_delta and a function of dates exclude each other; subtract it in the function.";
}
