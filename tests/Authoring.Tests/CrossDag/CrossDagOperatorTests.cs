using Sluice.Authoring.CrossDag;
using Sluice.Authoring.Dags;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Tests.Dags;
using Sluice.Authoring.Tests.Execution;
using Sluice.Core.CrossDag;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Authoring.Tests.CrossDag;

/// <summary>What the two operators make of the scheduler's answers.</summary>
public sealed class CrossDagOperatorTests
{
    private static readonly DateTimeOffset Day = new(2021, 2, 5, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task A_sensor_ends_by_the_states_of_what_it_waits_for()
    {
        (TaskState[] Found, string? Missing, Action<ExternalTaskSensor> Set, OutcomeKind Ends, string? Says)[] rows =
        [
            ([TaskState.Success], null, _ => { }, OutcomeKind.Success, null),
            ([TaskState.Failed], null, _ => { }, OutcomeKind.Rescheduled, null), // waited out: it may be cleared
            ([TaskState.Failed], null, sensor => sensor.FailedStates = [TaskState.Failed], OutcomeKind.Failed, "Task 't' of run 'r' of Dag 'other' is failed."),
            ([TaskState.Failed], null, sensor => { sensor.FailedStates = [TaskState.Failed]; sensor.SoftFail = true; }, OutcomeKind.Skipped, "is failed."),
            ([TaskState.Skipped], null, sensor => sensor.SkippedStates = [TaskState.Skipped], OutcomeKind.Skipped, "is skipped."),
            ([TaskState.Success, TaskState.Running], null, _ => { }, OutcomeKind.Rescheduled, null),
            ([TaskState.Success, TaskState.Skipped], null, sensor => sensor.AllowedStates = [TaskState.Success, TaskState.Skipped], OutcomeKind.Success, null),
            ([TaskState.Skipped, TaskState.Failed], null, sensor => { sensor.FailedStates = [TaskState.Failed]; sensor.SkippedStates = [TaskState.Skipped]; }, OutcomeKind.Failed, "is failed."),
            ([], null, _ => { }, OutcomeKind.Success, null),
            ([TaskState.None], "Dag 'other' has no task 't'.", _ => { }, OutcomeKind.Rescheduled, null),
            ([TaskState.None], "Dag 'other' has no task 't'.", sensor => sensor.CheckExistence = true, OutcomeKind.FailedFinally, "Dag 'other' has no task 't'."),
        ];
        foreach (var (found, missing, set, ends, says) in rows)
        {
            var attempts = new Attempts { Looks = question => new(missing, [.. found.Select(state => new DagFinding(question.Dates[0], "r", "t", state))]) };
            var sensor = new ExternalTaskSensor { ExternalDagId = "other", ExternalTaskId = "t", Mode = SensorMode.Reschedule };
            set(sensor);

            var outcome = await attempts.RunAsync(sensor);

            Assert.Equal(ends, outcome.Kind);
            Assert.Contains(says ?? "", outcome.Error ?? "", StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_sensor_asks_for_the_dates_that_it_is_told()
    {
        (ExternalTaskSensor Sensor, string Asks)[] rows =
        [
            (new() { ExternalDagId = "other" }, "2021-02-05"),
            (new() { ExternalDagId = "other", ExecutionDelta = TimeSpan.FromDays(2) }, "2021-02-03"),
            (new() { ExternalDagId = "other", ExecutionDelta = TimeSpan.FromDays(-1), LatestWithin = TimeSpan.FromHours(6) }, "2021-02-06 06:00:00"),
            (new ExternalDatesSensor(ctx => ctx.LogicalDate.AddDays(-3)) { ExternalDagId = "other" }, "2021-02-02"),
            (new ExternalDatesSensor(ctx => [ctx.LogicalDate, ctx.LogicalDate.AddDays(1), ctx.LogicalDate]) { ExternalDagId = "{{ params.table }}" }, "2021-02-05,2021-02-06"),
        ];
        foreach (var (sensor, asks) in rows)
        {
            DagQuestion? asked = null;
            var attempts = new Attempts { Looks = question => { asked = question; return new(null, []); } };
            await attempts.RunAsync(sensor);
            Assert.Equal(asks, string.Join(',', asked!.Dates.Select(date => date.ToString("yyyy-MM-dd", null))) + (asked.Window is { } window ? $" {window:c}" : ""));
            Assert.Equal(sensor is ExternalDatesSensor && asked.Dates.Count > 1 ? "nps" : "other", asked.Dag);
        }

        var none = await new Attempts().RunAsync(new ExternalDatesSensor(_ => Array.Empty<DateTimeOffset>()) { ExternalDagId = "other" });
        Assert.Equal((OutcomeKind.FailedFinally, "It has no dates to wait for: return at least one."), (none.Kind, none.Error));
    }

    [Fact]
    public async Task A_trigger_ends_by_the_run_that_it_made()
    {
        (TriggeredRun Answer, bool Waits, OutcomeKind Ends, string? Says)[] rows =
        [
            (new("r"), false, OutcomeKind.Success, null),
            (new("r"), true, OutcomeKind.Rescheduled, null),
            (new("r", RunState.Running), true, OutcomeKind.Rescheduled, null),
            (new("r", RunState.Success), true, OutcomeKind.Success, null),
            (new("r", RunState.Failed), true, OutcomeKind.Failed, "Run 'r' of Dag 'other' is failed."),
            (new("r", RunState.Failed), false, OutcomeKind.Success, null),
            (new(null, Refusal: "There is no Dag 'other'."), true, OutcomeKind.FailedFinally, "There is no Dag 'other'."),
            (new(null, Skipped: "It is there."), true, OutcomeKind.Skipped, "It is there."),
        ];
        foreach (var (answer, waits, ends, says) in rows)
        {
            RunTrigger? asked = null;
            var attempts = new Attempts { Triggers = trigger => { asked = trigger; return answer; } };
            var outcome = await attempts.RunAsync(new TriggerDagRunOperator
            {
                TriggerDagId = "other", WaitForCompletion = waits, LogicalDate = "{{ ds }}T06:00", Conf = { ["table"] = "{{ params.table }}", ["n"] = 1 },
            });

            Assert.Equal((ends, says), (outcome.Kind, outcome.Error));
            Assert.Equal(("other", """{"table":"nps","n":1}""", Day.AddHours(6)), (asked!.Dag, asked.Conf, asked.LogicalDate));
            Assert.Equal(waits ? [RunState.Failed] : [], asked.AnewAfter);
            Assert.True(ends != OutcomeKind.Success || outcome.XComs!.Single() is { Key: "return_value", Value: "\"r\"" });
        }
    }

    [Fact]
    public void What_cannot_work_is_refused_when_the_dag_is_defined()
    {
        (Operator Operator, string Says)[] rows =
        [
            (new ExternalTaskSensor(), "external_dag_id is missing"),
            (new ExternalTaskSensor { ExternalDagId = "o", ExternalTaskId = "t", ExternalTaskGroupId = "g" }, "exclude each other"),
            (new ExternalTaskSensor { ExternalDagId = "o", LatestWithin = TimeSpan.Zero }, "latest_within is 00:00:00"),
            (new ExternalTaskSensor { ExternalDagId = "o", FailedStates = [TaskState.Success] }, "allowed_states and failed_states both name 'success'"),
            (new ExternalDatesSensor(ctx => ctx.LogicalDate) { ExternalDagId = "o", ExecutionDelta = TimeSpan.FromDays(1) }, "exclude each other"),
            (new TriggerDagRunOperator(), "trigger_dag_id is missing"),
            (new TriggerDagRunOperator { TriggerDagId = "o", AllowedStates = [RunState.Failed] }, "allowed_states and failed_states both name 'failed'"),
            (new TriggerDagRunOperator { TriggerDagId = "o", ResetDagRun = true, SkipWhenAlreadyExists = true }, "reset_dag_run and skip_when_already_exists exclude each other"),
        ];
        foreach (var (op, says) in rows)
        {
            var problem = Assert.Single(Definitions.Collect(dag => dag.Add("wrong", op)).Problems);
            Assert.Contains($"Task 'wrong': ", problem.Message, StringComparison.Ordinal);
            Assert.Contains(says, problem.Message, StringComparison.Ordinal);
        }
    }
}
