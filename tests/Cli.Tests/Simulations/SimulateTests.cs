using System.Text.Json;

namespace Sluice.Cli.Tests.Simulations;

public sealed class SimulateTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sluice-simulate-test-").FullName;

    public SimulateTests() => File.WriteAllText(Path.Combine(_folder, "dags.yaml"), """
        dag_id: nightly
        schedule: "0 2 * * *"
        start_date: 2020-01-01
        deadlines: [{name: quick, reference: queued_at, after: 15m}]
        tasks:
          - {id: first, operator: ShellOperator, retries: 1, retry_delay: 1m}
          - {id: second, operator: ShellOperator, depends_on: [first]}
        ---
        dag_id: greedy
        schedule: "0 2 * * *"
        start_date: 2020-01-01
        dagrun_timeout: 3h
        tasks: [{id: a, operator: ShellOperator, priority: 10}, {id: b, operator: ShellOperator, priority: 10}, {id: c, operator: ShellOperator, execution_timeout: 1m}]
        ---
        dag_id: by_hand
        tasks: [{id: a, operator: ShellOperator}]
        """);

    public void Dispose() => TemporaryFolder.Delete(_folder);

    [Fact]
    public async Task Every_tick_of_the_stretch_is_a_run_and_nothing_else_is()
    {
        using var month = await RunAsync();

        var runs = month.RootElement.GetProperty("runs").EnumerateArray().ToList();
        Assert.Equal(62, runs.Count);
        var nightly = runs.Where(run => run.GetProperty("dag_id").GetString() == "nightly").ToList();
        Assert.Equal(
            Enumerable.Range(0, 31).Select(day => new DateTimeOffset(2026, 10, 1, 2, 0, 0, TimeSpan.Zero).AddDays(day)),
            nightly.Select(run => run.GetProperty("created_at").GetDateTimeOffset()));
        Assert.All(nightly, run => Assert.Equal("success", run.GetProperty("state").GetString()));
        Assert.All(nightly, run => Assert.Equal(
            TimeSpan.FromDays(1), run.GetProperty("created_at").GetDateTimeOffset() - run.GetProperty("logical_date").GetDateTimeOffset()));
    }

    [Fact]
    public async Task A_task_that_triggers_another_dag_does_so_once_a_run()
    {
        File.WriteAllText(Path.Combine(_folder, "triggers.yaml"), """
            dag_id: triggers
            schedule: "0 3 * * *"
            start_date: 2020-01-01
            tasks:
              - {id: trigger, operator: TriggerDagRunOperator, trigger_dag_id: by_hand, wait_for_completion: true, retries: 2}
              - {id: unknown, operator: TriggerDagRunOperator, trigger_dag_id: elsewhere}
              - {id: by_template, operator: TriggerDagRunOperator, trigger_dag_id: "{{ params.dag }}"}
              - {id: wait, operator: ExternalTaskSensor, external_dag_id: nightly, mode: reschedule}
              - {id: ask, operator: ApprovalOperator, subject: "Go on?"}
            """);
        using var month = await RunAsync();

        var runs = month.RootElement.GetProperty("runs").EnumerateArray().ToList();
        var triggered = runs.Where(run => run.GetProperty("dag_id").GetString() == "by_hand").Select(run => run.GetProperty("run_id").GetString()!).ToList();
        Assert.Equal(31, triggered.Count);
        Assert.All(triggered, id => Assert.StartsWith("manual__triggers/scheduled__", id, StringComparison.Ordinal));
        Assert.All(
            runs.Where(run => run.GetProperty("dag_id").GetString() is "triggers" or "by_hand"), run => Assert.Equal("success", run.GetProperty("state").GetString()));
    }

    [Fact]
    public async Task Too_few_slots_make_tasks_wait_and_runs_miss_their_deadlines()
    {
        File.WriteAllText(Path.Combine(_folder, "d.json"), """{"greedy": "1h", "greedy/c": 10, "nightly": "5m"}""");
        using var roomy = await RunAsync("--durations", Path.Combine(_folder, "d.json"));
        using var narrow = await RunAsync("--durations", Path.Combine(_folder, "d.json"), "--slots", "1");

        Assert.Empty(roomy.RootElement.GetProperty("missed_deadlines").EnumerateArray());
        Assert.Empty(roomy.RootElement.GetProperty("waits").EnumerateArray());
        Assert.Equal(31, narrow.RootElement.GetProperty("missed_deadlines").GetArrayLength());
        Assert.Equal(1, narrow.RootElement.GetProperty("slots_used_at_most").GetInt32());
        Assert.Contains(narrow.RootElement.GetProperty("waits").EnumerateArray(), wait => wait.GetProperty("longest_seconds").GetDouble() > 2_000);
    }

    [Fact]
    public async Task A_run_over_its_limit_and_an_attempt_over_its_own_fail()
    {
        File.WriteAllText(Path.Combine(_folder, "d.json"), """{"greedy/a": "9h", "greedy/b": 1, "greedy/c": "5m"}""");
        using var month = await RunAsync("--durations", Path.Combine(_folder, "d.json"));

        var greedy = month.RootElement.GetProperty("runs").EnumerateArray().Where(run => run.GetProperty("dag_id").GetString() == "greedy").ToList();
        Assert.All(greedy, run => Assert.Equal(("failed", "timed_out"), (run.GetProperty("state").GetString(), run.GetProperty("reason").GetString())));
        Assert.All(greedy, run => Assert.InRange(
            run.GetProperty("ended_at").GetDateTimeOffset() - run.GetProperty("started_at").GetDateTimeOffset(), TimeSpan.FromHours(3), TimeSpan.FromHours(3.001)));
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_month_and_failures_are_drawn()
    {
        string[] args = ["simulate", "--from", "2026-10-01", "--to", "2026-11-01", "--dag-folder", _folder, "--fail", "20%", "--json"];
        var one = await ToolRun.OfAsync(args);
        var same = await ToolRun.OfAsync(args);
        var other = await ToolRun.OfAsync([.. args, "--seed", "2"]);

        Assert.Equal(one.Out, same.Out);
        Assert.NotEqual(one.Out, other.Out);
        using var month = JsonDocument.Parse(one.Out);
        var attempts = month.RootElement.GetProperty("runs").EnumerateArray().Sum(run => run.GetProperty("attempts").GetInt32());
        Assert.InRange(attempts, 156, 200);
    }

    [Fact]
    public async Task People_get_tables()
    {
        var run = await ToolRun.OfAsync("simulate", "--from", "2026-10-01", "--to", "2026-10-08", "--dag-folder", _folder, "--slots", "1");

        Assert.Equal(0, run.Code);
        Assert.Contains("14 runs, ", run.Out);
        Assert.Contains("of 1 slots at once", run.Out);
        Assert.Contains("Tasks that were ready and waited for a slot:", run.Out);
    }

    [Fact]
    public async Task A_task_that_depends_on_the_past_waits_for_ever_when_that_has_failed()
    {
        File.WriteAllText(Path.Combine(_folder, "dags.yaml"), """
            dag_id: chained
            schedule: "@daily"
            start_date: 2026-10-01
            tasks: [{id: a, operator: ShellOperator, depends_on_past: true}]
            """);
        using var well = await RunAsync();
        using var failing = await RunAsync("--fail", "100%");

        Assert.All(well.RootElement.GetProperty("runs").EnumerateArray(), run => Assert.Equal("success", run.GetProperty("state").GetString()));
        var runs = failing.RootElement.GetProperty("runs").EnumerateArray().ToList();
        Assert.Equal(("failed", 1), (runs[0].GetProperty("state").GetString(), runs[0].GetProperty("attempts").GetInt32()));
        Assert.True(runs.Count > 1);
        Assert.All(runs.Skip(1), run => Assert.Equal(("running", 0), (run.GetProperty("state").GetString(), run.GetProperty("attempts").GetInt32())));
    }

    [Fact]
    public async Task Pools_are_as_large_as_they_are_said_to_be_and_tell_why_tasks_waited()
    {
        File.WriteAllText(Path.Combine(_folder, "pooled.yaml"), """
            dag_id: pooled
            schedule: "0 4 * * *"
            start_date: 2020-01-01
            tasks:
              - {id: a, operator: ShellOperator, pool: warehouse}
              - {id: b, operator: ShellOperator, pool: warehouse}
              - {id: c, operator: ShellOperator, pool: warehouse}
            """);
        using var narrow = await RunAsync("--pool", "warehouse=1");
        var pool = Assert.Single(narrow.RootElement.GetProperty("pools").EnumerateArray(), pool => pool.GetProperty("pool").GetString() == "warehouse");
        Assert.Equal((1, 1, 62), (pool.GetProperty("slots").GetInt32(), pool.GetProperty("used_at_most").GetInt32(), pool.GetProperty("tasks_waited").GetInt32()));
        Assert.InRange(pool.GetProperty("full_seconds").GetDouble(), 31 * 3 * 45, 31 * 3 * 75);
        var waits = narrow.RootElement.GetProperty("waits").EnumerateArray().ToList();
        Assert.All(waits, wait => Assert.StartsWith(
            "pool 'warehouse' has 0 of 1 slots free; the task needs 1; 1 task of Dag 'pooled' hold",
            wait.GetProperty("longest_why")[0].GetProperty("text").GetString(), StringComparison.Ordinal));
        var shown = await ToolRun.OfAsync("simulate", "--from", "2026-10-01", "--to", "2026-10-08", "--dag-folder", _folder, "--pool", "warehouse=1");
        Assert.Contains("Why the longest of them waited:", shown.Out, StringComparison.Ordinal);
        Assert.Contains("pool 'warehouse' has 0 of 1 slots free", shown.Out, StringComparison.Ordinal);

        var open = await ToolRun.OfAsync("simulate", "--from", "2026-10-01", "--to", "2026-10-08", "--dag-folder", _folder, "--json", "--pool", "typo=3");
        Assert.Equal(0, open.Code);
        Assert.StartsWith("Pools without a size here count as without limit: warehouse. ", open.Error, StringComparison.Ordinal);
        Assert.Contains("No task names these pools: typo.", open.Error, StringComparison.Ordinal);
        Assert.Empty(JsonDocument.Parse(open.Out).RootElement.GetProperty("waits").EnumerateArray());
    }

    [Theory]
    [InlineData("--pool is 'warehouse'; it must be NAME=SLOTS", "--from", "2026-10-01", "--to", "2026-11-01", "--pool", "warehouse")]
    [InlineData("--pool is 'warehouse=-2'", "--from", "2026-10-01", "--to", "2026-11-01", "--pool", "warehouse=-2")]
    [InlineData("gives 'warehouse' twice", "--from", "2026-10-01", "--to", "2026-11-01", "--pool", "warehouse=2", "--pool", "warehouse=3")]
    [InlineData("Option '--from' is required", "--to", "2026-11-01")]
    [InlineData("it must be after --from", "--from", "2026-11-01", "--to", "2026-10-01")]
    [InlineData("--fail is 'often'", "--from", "2026-10-01", "--to", "2026-11-01", "--fail", "often")]
    [InlineData("--slots is 0", "--from", "2026-10-01", "--to", "2026-11-01", "--slots", "0")]
    [InlineData("cannot be read", "--from", "2026-10-01", "--to", "2026-11-01", "--durations", "/nowhere.json")]
    [InlineData("There is no file or folder", "--from", "2026-10-01", "--to", "2026-11-01", "--dag-folder", "/nowhere")]
    public async Task Nonsense_is_one_sentence_and_exit_code_2(string expected, params string[] args)
    {
        var run = await ToolRun.OfAsync(["simulate", .. args]);

        Assert.Equal(2, run.Code);
        Assert.Contains(expected, run.Error);
        Assert.Single(run.Error.TrimEnd().ReplaceLineEndings("\n").Split('\n'));
    }

    private async Task<JsonDocument> RunAsync(params string[] args)
    {
        var run = await ToolRun.OfAsync(["simulate", "--from", "2026-10-01", "--to", "2026-11-01", "--dag-folder", _folder, "--json", .. args]);
        Assert.True(run.Code == 0, run.ToString());
        return JsonDocument.Parse(run.Out);
    }
}
