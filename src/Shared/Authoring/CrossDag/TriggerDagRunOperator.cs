using System.Text.Json;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Sensors;
using Sluice.Core.CrossDag;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;

namespace Sluice.Authoring.CrossDag;

/// <summary>Makes a run of a Dag, by hand as it were, and may wait until it is over. Its id becomes the XCom <c>return_value</c>.</summary>
/// <remarks>
/// One task instance makes one run, however often it is asked: after a lost answer, a lost worker, a new leader, a reschedule or a retry it finds
/// the run that it made. Only when it waits, and that run has ended in one of <see cref="FailedStates"/>, does a retry make another; and so does
/// a task that was cleared after its end, unless <see cref="ResetDagRun"/> says otherwise. It waits like a sensor: by default it gives its slot back between looks. A test run
/// (<c>sluice dags test</c>) makes no run: the task says what it would ask for, and succeeds.
/// </remarks>
public sealed class TriggerDagRunOperator : Sensor
{
    /// <summary>Waits without a slot.</summary>
    public TriggerDagRunOperator() => Mode = SensorMode.Reschedule;

    /// <summary>The Dag to run.</summary>
    [Templated]
    public string TriggerDagId { get; set; } = "";

    /// <summary>Id of the new run; null: one is made of this task's Dag, run and name. A retry never makes a second run of an id that is given here.</summary>
    [Templated]
    public string? TriggerRunId { get; set; }

    /// <summary>Conf of the new run: names with values of any kind; texts in it are templates, however deep.</summary>
    [Templated]
    public Dictionary<string, object?> Conf { get; set; } = [];

    /// <summary>Logical date of the new run, without an offset read in this Dag's time zone; null: the moment at which the run is made.</summary>
    [Templated]
    public string? LogicalDate { get; set; }

    /// <summary>Waits until the run is over.</summary>
    public bool WaitForCompletion { get; set; }

    /// <summary>States of the run that end the wait well. Default: success.</summary>
    public List<RunState> AllowedStates { get; set; } = [RunState.Success];

    /// <summary>States of the run that fail this task. Default: failed.</summary>
    public List<RunState> FailedStates { get; set; } = [RunState.Failed];

    /// <summary>Skips this task when someone else has made a run of that id; otherwise that is an error.</summary>
    public bool SkipWhenAlreadyExists { get; set; }

    /// <summary>
    /// Clears a run of that id that has ended, whoever made it, instead of making one: it runs again with the conf that it has. Without an id of its own
    /// this task has one run for good, which is cleared when this task is.
    /// </summary>
    public bool ResetDagRun { get; set; }

    /// <summary>Fails when the Dag is paused; otherwise the run is made, and begins when the Dag goes on.</summary>
    public bool FailWhenDagIsPaused { get; set; }

    /// <inheritdoc/>
    public override async ValueTask<Poke> PokeAsync(TaskContext context, CancellationToken cancellationToken)
    {
        var trigger = new RunTrigger
        {
            Dag = TriggerDagId,
            RunId = string.IsNullOrEmpty(TriggerRunId) ? null : TriggerRunId,
            Conf = JsonSerializer.Serialize(Conf),
            LogicalDate = ReadDate(context.Dag.TimeZone),
            SkipWhenExists = SkipWhenAlreadyExists,
            Reset = ResetDagRun,
            FailWhenPaused = FailWhenDagIsPaused,
            AnewAfter = WaitForCompletion ? FailedStates : [],
        };
        if (context.IsTest)
        {
            context.Log($"A test run triggers nothing. It would make {(trigger.RunId is { } id ? $"run '{id}'" : "a run")} of Dag '{TriggerDagId}' with conf {trigger.Conf}.");
            return Poke.Done;
        }

        // Each poke asks the same: who asks again gets the run that it made.
        var run = await context.Services.TriggerRunAsync(trigger, cancellationToken);
        if (run.Skipped is { } skipped)
        {
            throw new TaskSkippedException(skipped);
        }

        if (run.RunId is null)
        {
            throw new TaskFailedException(run.Refusal ?? $"The scheduler made no run of Dag '{TriggerDagId}'.");
        }

        context.Log($"Run '{run.RunId}' of Dag '{TriggerDagId}' is {CrossDagStates.Name(run.State)}.");
        if (!WaitForCompletion || AllowedStates.Contains(run.State))
        {
            return new(true, run.RunId);
        }

        if (!FailedStates.Contains(run.State))
        {
            return Poke.NotYet;
        }

        var failed = $"Run '{run.RunId}' of Dag '{TriggerDagId}' is {CrossDagStates.Name(run.State)}.";
        throw SoftFail ? new TaskSkippedException(failed) : new TaskErrorException(failed);
    }

    internal override string? FindProblem() =>
        string.IsNullOrWhiteSpace(TriggerDagId) ? "trigger_dag_id is missing: name the Dag that is to run."
        : ResetDagRun && SkipWhenAlreadyExists ? "reset_dag_run and skip_when_already_exists exclude each other; say what becomes of a run that is there."
        : CrossDagStates.FindOverlap(("allowed_states", AllowedStates), ("failed_states", FailedStates));

    private DateTimeOffset? ReadDate(string timeZone)
    {
        try
        {
            return string.IsNullOrWhiteSpace(LogicalDate) ? null : ScheduleDates.Parse(LogicalDate, timeZone);
        }
        catch (FormatException e)
        {
            throw new TaskFailedException($"logical_date: {e.Message}", e);
        }
    }
}
