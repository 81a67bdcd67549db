using Sluice.Authoring.XComs;
using Sluice.Core.Connections;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Sensors;
using Sluice.Authoring.Tests.Dags;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Authoring.Tests.Execution;

public sealed class OperatorExecutionTests
{
    private readonly Attempts _attempts = new();

    [Fact]
    public async Task Hooks_run_around_the_work_and_its_result_is_pushed()
    {
        var op = new Doing((context, _) =>
        {
            context.Push("rows", 3);
            return ValueTask.FromResult<object?>("done");
        });

        var outcome = await _attempts.RunAsync(op);

        Assert.Equal(OutcomeKind.Success, outcome.Kind);
        Assert.Equal(["pre", "execute", "post done"], op.Calls);
        Assert.Equal([new XCom("rows", "3"), new XCom("return_value", "\"done\"")], outcome.XComs!);
        Assert.Equal(Definitions.Noon, outcome.StartedAt);
    }

    [Fact]
    public async Task An_exception_is_a_failure_told_in_one_line_with_its_trace_in_the_log()
    {
        var outcome = await _attempts.RunAsync(new Doing((_, _) => throw new InvalidOperationException("first\n  second")));

        Assert.Equal((OutcomeKind.Failed, "InvalidOperationException: first second"), (outcome.Kind, outcome.Error));
        Assert.Contains(_attempts.Log, line => line.Contains("   at ", StringComparison.Ordinal));
        Assert.Null(outcome.XComs);
    }

    [Fact]
    public async Task What_the_task_says_of_itself_decides_the_outcome()
    {
        Assert.Equal(OutcomeKind.FailedFinally, (await Ends(new TaskFailedException("no"))).Kind);
        Assert.Equal(OutcomeKind.Skipped, (await Ends(new TaskSkippedException("not today"))).Kind);
        Assert.Equal((OutcomeKind.Failed, "no such table"), (await EndsInWords(new SqlHookException("no such table", false))));
    }

    [Fact]
    public async Task A_result_without_a_JSON_form_fails_finally()
    {
        var outcome = await _attempts.RunAsync(new Doing((_, _) => ValueTask.FromResult<object?>(new Action(() => { }))));

        Assert.Equal(OutcomeKind.FailedFinally, outcome.Kind);
        Assert.Contains("return_value", outcome.Error!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("return", XComJson.MaxLength, 0, null)]
    [InlineData("return", XComJson.MaxLength + 1, 0, "XCom 'return_value' has 4194305 characters as JSON, more than the limit of 4194304; write such data to an object store and push its address.")]
    [InlineData("push", XComJson.MaxLength + 1, 0, "XCom 'big' has 4194305 characters as JSON, more than the limit of 4194304;")]
    [InlineData("push", XComJson.MaxLength, XComJson.MaxLength, null)]
    [InlineData("push", XComJson.MaxLength, XComJson.MaxLength + 1, "XCom 'other' has 4194305")]
    [InlineData("again", XComJson.MaxLength, XComJson.MaxLength, null)] // the last push of a key counts alone
    [InlineData("three", XComJson.MaxLength, XComJson.MaxLength, "With XCom 'third' the task has pushed 8388611 characters as JSON, more than the limit of 8388608 for all its XComs together;")]
    public async Task XComs_beyond_the_limit_fail_the_task_finally_with_one_sentence(string how, int length, int other, string? error)
    {
        static string Text(int json) => new('x', json - 2); // JSON adds its quotes

        var outcome = await new Attempts().RunAsync(new Doing((context, _) =>
        {
            if (how != "return")
            {
                context.Push("big", Text(length));
                if (how == "again")
                {
                    context.Push("big", Text(length));
                }

                if (other > 0)
                {
                    context.Push("other", Text(other));
                }
            }

            if (how == "three")
            {
                context.Push("third", "x");
            }

            return ValueTask.FromResult<object?>(how == "return" ? Text(length) : null);
        }));

        Assert.Equal(error is null ? OutcomeKind.Success : OutcomeKind.FailedFinally, outcome.Kind);
        Assert.StartsWith(error ?? "", outcome.Error ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_attempt_over_its_execution_timeout_is_stopped_and_failed()
    {
        _attempts.Task = _attempts.Task with { ExecutionTimeout = TimeSpan.FromMinutes(5) };
        var op = new Doing(async (_, stop) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, stop);
            return null;
        });

        var outcome = await _attempts.Time.DriveAsync(_attempts.RunAsync(op));

        Assert.Equal((OutcomeKind.Failed, "Ran longer than its execution timeout of 00:05:00."), (outcome.Kind, outcome.Error));
        Assert.Contains("kill", op.Calls);

        // The clock is driven from outside: it may have let the ten seconds of OnKill pass before the attempt went on.
        Assert.InRange(outcome.EndedAt - outcome.StartedAt, TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(310));
    }

    [Fact]
    public async Task An_operator_that_ignores_being_stopped_is_left_behind()
    {
        _attempts.Task = _attempts.Task with { ExecutionTimeout = TimeSpan.FromMinutes(5) };
        var never = new TaskCompletionSource<object?>();

        var outcome = await _attempts.Time.DriveAsync(_attempts.RunAsync(new Doing((_, _) => new(never.Task))));

        Assert.Equal(OutcomeKind.Failed, outcome.Kind);
        Assert.Contains(_attempts.Log, line => line.Contains("left behind", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Code_that_blocks_its_thread_can_still_be_timed_out()
    {
        _attempts.Task = _attempts.Task with { ExecutionTimeout = TimeSpan.FromMinutes(5), Host = TaskHost.Runner };
        using var blocked = new ManualResetEventSlim();
        var attempt = _attempts.RunAsync(new Doing((_, _) =>
        {
            blocked.Wait(CancellationToken.None);
            return default;
        }));

        var outcome = await _attempts.Time.DriveAsync(attempt);
        blocked.Set();

        Assert.Equal(OutcomeKind.Failed, outcome.Kind);
    }

    [Fact]
    public async Task A_killed_attempt_says_so()
    {
        using var kill = new CancellationTokenSource();
        var op = new Doing(async (context, stop) =>
        {
            Assert.Equal(stop, context.CancellationToken);
            await Task.Delay(Timeout.InfiniteTimeSpan, stop);
            return null;
        });
        var attempt = _attempts.RunAsync(op, kill.Token);

        await kill.CancelAsync();
        var outcome = await attempt;

        Assert.Equal((OutcomeKind.Failed, "Killed."), (outcome.Kind, outcome.Error));
        Assert.Contains("kill", op.Calls);
    }

    [Fact]
    public async Task Templates_are_rendered_in_texts_lists_and_values_of_dictionaries()
    {
        _attempts.Variables["bucket"] = "lake";
        _attempts.XComs[("extract", "return_value")] = """{"rows":7}""";
        var op = new CopyOperator
        {
            Query = "select * from {{ params.table }} where day = '{{ ds }}' -- {{ ti.xcom_pull(task_ids='extract')['rows'] }}",
            Keys = ["{{ var.value.bucket }}", "plain"],
            Env = new Dictionary<string, string> { ["A"] = "{{ dag_run.conf.a }}" },
        };
        _attempts.Conf = """{"a":"1","table":"other"}""";

        var outcome = await _attempts.RunAsync(op);

        Assert.Null(outcome.Error);
        Assert.Equal("select * from other where day = '2021-02-05' -- 7", op.Query);
        Assert.Equal(["lake", "plain"], op.Keys);
        Assert.Equal("1", op.Env["A"]);
    }

    [Fact]
    public async Task An_unknown_name_in_a_template_names_field_line_and_column()
    {
        var outcome = await _attempts.RunAsync(new CopyOperator { Keys = ["fine", "a\n{{ dss }}"] });

        Assert.Equal(OutcomeKind.Failed, outcome.Kind);
        Assert.StartsWith("Template of keys[1]: Line 2, column 4: ", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("dss", outcome.Error!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_value_from_outside_is_asked_for_once_and_a_missing_one_is_an_error()
    {
        _attempts.Variables["a"] = "1";
        var outcome = await _attempts.RunAsync(new CopyOperator { Query = "{{ var.value.a }}{{ var.value.a }}", Keys = ["{{ var.value.a }}", "{{ conn.nowhere.host }}"] });

        Assert.Equal(["a", "nowhere"], _attempts.Asked);
        Assert.Contains("There is no connection 'nowhere'", outcome.Error!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Passwords_are_masked_in_the_log()
    {
        _attempts.Connections["db"] = ConnectionUri.Parse("db", "mysql://me:p%40ss%2Fword@host/x");
        await _attempts.RunAsync(new Doing(async (context, stop) =>
        {
            var connection = await context.ConnectionAsync("db", stop);
            context.Log($"as {connection.Password} and as p%40ss%2Fword and as p%40ss%2fword");
            return null;
        }));

        Assert.Equal(["as *** and as *** and as ***"], _attempts.Log);
    }

    [Fact]
    public async Task A_poking_sensor_waits_between_its_pokes()
    {
        var sensor = new Patient(4) { PokeInterval = TimeSpan.FromMinutes(1) };

        var outcome = await _attempts.Time.DriveAsync(_attempts.RunAsync(sensor));

        Assert.Equal(OutcomeKind.Success, outcome.Kind);
        Assert.Equal(TimeSpan.FromMinutes(3), outcome.EndedAt - outcome.StartedAt);
        Assert.Equal("4", Assert.Single(outcome.XComs!).Value);
    }

    [Fact]
    public async Task A_rescheduling_sensor_pokes_once_and_says_when_to_come_back()
    {
        var sensor = new Patient(2) { Mode = SensorMode.Reschedule, PokeInterval = TimeSpan.FromMinutes(1) };

        var outcome = await _attempts.RunAsync(sensor);

        Assert.Equal((OutcomeKind.Rescheduled, Definitions.Noon.AddMinutes(1)), (outcome.Kind, outcome.ResumeAt!.Value));
        Assert.Equal(1, sensor.Poked);
    }

    [Theory]
    [InlineData(false, OutcomeKind.FailedFinally)]
    [InlineData(true, OutcomeKind.Skipped)]
    public async Task A_sensor_gives_up_at_its_first_no_after_the_timeout(bool softFail, OutcomeKind kind)
    {
        var sensor = new Patient(100) { PokeInterval = TimeSpan.FromMinutes(1), Timeout = TimeSpan.FromMinutes(3), SoftFail = softFail };

        var outcome = await _attempts.Time.DriveAsync(_attempts.RunAsync(sensor));

        Assert.Equal(kind, outcome.Kind);
        Assert.Equal(5, sensor.Poked);
    }

    [Fact]
    public async Task A_sensors_timeout_counts_from_its_first_poke_of_all()
    {
        _attempts.FirstPokeAt = Definitions.Noon.AddHours(-1);
        var late = new Patient(100) { Mode = SensorMode.Reschedule, Timeout = TimeSpan.FromMinutes(59) };
        var justDone = new Patient(1) { Mode = SensorMode.Reschedule, Timeout = TimeSpan.FromMinutes(59) };

        Assert.Equal(OutcomeKind.FailedFinally, (await _attempts.RunAsync(late)).Kind);
        Assert.Equal(OutcomeKind.Success, (await _attempts.RunAsync(justDone)).Kind);
    }

    private Task<TaskOutcome> Ends(Exception exception) => _attempts.RunAsync(new Doing((_, _) => throw exception));

    private async Task<(OutcomeKind, string?)> EndsInWords(Exception exception)
    {
        var outcome = await Ends(exception);
        return (outcome.Kind, outcome.Error);
    }
}
