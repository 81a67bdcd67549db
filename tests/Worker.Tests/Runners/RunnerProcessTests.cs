using System.Diagnostics;
using Sluice.Core.TaskInstances;

namespace Sluice.Worker.Tests.Runners;

/// <summary>User code in real runner processes: whatever it does harms nothing but itself.</summary>
public sealed class RunnerProcessTests
{
    private const string ByVariable =
        "public sealed class ByVariable : Sensor { public override async ValueTask<Poke> PokeAsync(TaskContext context, CancellationToken token) => "
        + "await context.VariableAsync(\"there\", token) is { } value ? new Poke(true, value) : Poke.NotYet; }";

    [Fact]
    public async Task Code_of_a_bundle_runs_and_its_result_comes_back()
    {
        await using var runners = await RunnerFixture.StartAsync("dag.Run(\"add\", async ctx => { await Task.Yield(); return 40 + 2; });");

        var outcome = await runners.RunAsync("add");

        Assert.Equal(OutcomeKind.Success, outcome.Kind);
        Assert.Equal([new XCom("return_value", "42")], outcome.XComs!);
        Assert.True(outcome.EndedAt >= outcome.StartedAt);
    }

    [Fact]
    public async Task A_task_that_throws_fails_and_the_runner_goes_on()
    {
        await using var runners = await RunnerFixture.StartAsync(
            "dag.Run(\"bad\", ctx => throw new InvalidOperationException(\"no rows today\")); dag.Run(\"pid\", async ctx => Environment.ProcessId);");

        var before = await runners.RunAsync("pid");
        var outcome = await runners.RunAsync("bad");
        var after = await runners.RunAsync("pid");

        Assert.Equal(OutcomeKind.Failed, outcome.Kind);
        Assert.Contains("no rows today", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(before.XComs![0].Value, after.XComs![0].Value);
    }

    [Fact]
    public async Task A_task_that_exits_the_process_fails_alone()
    {
        await using var runners = await RunnerFixture.StartAsync("dag.Run(\"exit\", async ctx => { Environment.Exit(3); }); dag.Run(\"ok\", async ctx => 1);");

        var outcome = await runners.RunAsync("exit");

        Assert.Equal(OutcomeKind.Failed, outcome.Kind);
        Assert.Contains("exited with code 3", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(OutcomeKind.Success, (await runners.RunAsync("ok")).Kind);
    }

    [Fact]
    public async Task A_stack_overflow_is_named_and_kept_in_the_log()
    {
        await using var runners = await RunnerFixture.StartAsync(
            "dag.Run(\"deep\", async ctx => { Console.WriteLine(\"before\"); return Deep.Down(1); });",
            types: "static class Deep { public static int Down(int n) => Down(n + 1) + Down(n + 2); }");
        var work = runners.Work("deep");

        var outcome = await runners.RunAsync(work);

        Assert.Equal(OutcomeKind.Failed, outcome.Kind);
        Assert.Contains("overflowed its stack", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("INFO before", runners.Log(work), StringComparison.Ordinal);
        Assert.Contains("Stack overflow", runners.Log(work), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_endless_loop_ends_at_its_execution_timeout()
    {
        await using var runners = await RunnerFixture.StartAsync(
            "dag.Run(\"loop\", async ctx => { while (true) { } }, t => t.ExecutionTimeout = TimeSpan.FromMilliseconds(300)); dag.Run(\"ok\", async ctx => 1);");

        var outcome = await runners.RunAsync("loop");

        Assert.Equal(OutcomeKind.Failed, outcome.Kind);
        Assert.Contains("execution timeout of 00:00:00.3", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(OutcomeKind.Success, (await runners.RunAsync("ok")).Kind);
    }

    [Theory]
    [InlineData("fail", OutcomeKind.FailedFinally)]
    [InlineData("skip", OutcomeKind.Skipped)]
    public async Task The_retry_policy_holds_for_an_execution_timeout_whether_the_runner_or_the_worker_notices_it(string action, OutcomeKind kind)
    {
        var policy = $"t.RetryPolicy = [new(\"TimeoutException\", Sluice.Core.Dags.RetryAction.{char.ToUpperInvariant(action[0])}{action[1..]})]; t.ExecutionTimeout = TimeSpan.FromMilliseconds(300);";
        await using var runners = await RunnerFixture.StartAsync(
            $"dag.Run(\"waits\", async ctx => {{ await Task.Delay(-1, ctx.CancellationToken); }}, t => {{ {policy} }}); dag.Run(\"loop\", async ctx => {{ while (true) {{ }} }}, t => {{ {policy} }});");

        foreach (var task in new[] { "waits", "loop" })
        {
            var outcome = await runners.RunAsync(task);
            Assert.Equal(kind, outcome.Kind);
            Assert.Contains("execution timeout of 00:00:00.3", outcome.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_execution_timeout_of_an_async_sensor_bounds_its_wait_and_not_each_poke()
    {
        await using var runners = await RunnerFixture.StartAsync(
            "dag.Add(\"wait\", new ByVariable { Mode = SensorMode.Async, PokeInterval = TimeSpan.FromMilliseconds(50) }).ExecutionTimeout = TimeSpan.FromSeconds(3);",
            types: ByVariable);

        var outcome = await runners.RunAsync(runners.Work("wait"));

        Assert.Equal(OutcomeKind.Failed, outcome.Kind);
        Assert.StartsWith("Ran longer than its execution timeout of 00:00:03.", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_killed_task_sees_its_token_and_is_reported_with_the_reason()
    {
        await using var runners = await RunnerFixture.StartAsync(
            "dag.Run(\"wait\", async ctx => { try { ctx.Log(\"waiting\"); await Task.Delay(-1, ctx.CancellationToken); } finally { ctx.Log(\"cleaned up\"); } });",
            o => o.KillGrace = TimeSpan.FromMinutes(5));
        var work = runners.Work("wait");
        using var kill = new CancellationTokenSource();

        var running = runners.RunAsync(work, kill.Token);
        await Until(() => runners.Log(work).Contains("waiting", StringComparison.Ordinal));
        work.KillReason = "Stopped by anna.";
        await kill.CancelAsync();
        var outcome = await running;

        Assert.Equal(OutcomeKind.Failed, outcome.Kind);
        Assert.Equal("Stopped by anna.", outcome.Error);
        Assert.Contains("cleaned up", runners.Log(work), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_task_that_ignores_its_kill_loses_its_process_and_what_that_started()
    {
        await using var runners = await RunnerFixture.StartAsync(
            "dag.Run(\"stubborn\", ctx => { var p = System.Diagnostics.Process.Start(\"sleep\", \"1000\"); Console.WriteLine($\"child {p.Id} of {Environment.ProcessId}.\"); while (true) { Thread.Sleep(1); } });");
        var work = runners.Work("stubborn");
        using var kill = new CancellationTokenSource();

        var running = runners.RunAsync(work, kill.Token);
        await Until(() => runners.Log(work).Contains(" of ", StringComparison.Ordinal));
        var words = runners.Log(work).Split(' ', '.');
        var child = int.Parse(words[Array.IndexOf(words, "child") + 1]);
        work.KillReason = "Stopped by anna.";
        await kill.CancelAsync();
        var outcome = await running;

        Assert.Equal(OutcomeKind.Failed, outcome.Kind);
        Assert.StartsWith("Stopped by anna. The task went on for 0.5 s", outcome.Error, StringComparison.Ordinal);
        await Until(() => !IsAlive(child));
    }

    [Fact]
    public async Task Console_and_raw_output_land_in_the_log_of_the_attempt()
    {
        // What its child writes reaches the worker by a pipe of its own: the attempt must not end before.
        using var folder = new TemporaryFolder("sluice-test-");
        await using var runners = await RunnerFixture.StartAsync(
            "dag.Run(\"talk\", async ctx => { Console.WriteLine(\"hello\"); Console.Error.Write(\"half\"); ctx.Log(\"logged\"); System.Diagnostics.Process.Start(\"echo\", \"raw\"); "
            + $"while (!System.IO.File.Exists(\"{folder["go"]}\")) {{ await Task.Delay(10); }} }});");
        var work = runners.Work("talk");

        var running = runners.RunAsync(work);
        await Until(() => runners.Log(work).Contains(" raw\n", StringComparison.Ordinal));
        await File.WriteAllTextAsync(folder["go"], "");
        await running;

        var log = runners.Log(work);
        Assert.Contains(" INFO hello\n", log, StringComparison.Ordinal);
        Assert.Contains(" ERROR half\n", log, StringComparison.Ordinal);
        Assert.Contains(" INFO logged\n", log, StringComparison.Ordinal);
        Assert.Contains(" INFO raw\n", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connections_variables_and_xcoms_are_asked_of_the_leader_and_passwords_stay_out_of_the_log()
    {
        await using var runners = await RunnerFixture.StartAsync(
            "dag.Run(\"ask\", async ctx => { var c = await ctx.ConnectionAsync(\"db\"); Console.WriteLine($\"password {c.Password}\"); "
            + "return $\"{c.Host} {await ctx.VariableAsync(\"region\")} {await ctx.VariableAsync(\"none\") ?? \"-\"} {await ctx.PullAsync<int>(\"up\")}\"; });");
        runners.Leader.Connections["db"] = "mysql://me:s3cr3t-word@db.example:3306/shop";
        runners.Leader.Variables["region"] = "eu";
        runners.Leader.XComs[("up", "return_value")] = "7";
        var work = runners.Work("ask");

        var outcome = await runners.RunAsync(work);

        Assert.Null(outcome.Error);
        Assert.Equal("\"db.example eu - 7\"", outcome.XComs![0].Value);
        Assert.Contains("password ***", runners.Log(work), StringComparison.Ordinal);
        Assert.DoesNotContain("s3cr3t", runners.Log(work), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Thousands_of_tiny_tasks_share_few_runners_and_each_gets_its_own_result()
    {
        await using var runners = await RunnerFixture.StartAsync("dag.Run(\"run\", async ctx => ctx.Run.Key * 3);");

        var outcomes = await Task.WhenAll(Enumerable.Range(1, 2_000).Select(i => runners.RunAsync(runners.Work("run", run: i))));

        Assert.All(outcomes.Select((outcome, i) => (outcome, i)), pair => Assert.Equal($"{(pair.i + 1) * 3}", pair.outcome.XComs?[0].Value));
        Assert.Single(runners.Leader.Asked);
    }

    [Fact]
    public async Task A_runner_is_replaced_after_its_share_of_tasks_without_anyone_waiting()
    {
        await using var runners = await RunnerFixture.StartAsync("dag.Run(\"pid\", async ctx => Environment.ProcessId);", o => o.TasksPerRunner = 5);
        var processes = new HashSet<string>();

        await Until(async () =>
        {
            var outcome = await runners.RunAsync("pid");
            Assert.Equal(OutcomeKind.Success, outcome.Kind);
            processes.Add(outcome.XComs![0].Value);
            return processes.Count >= 3;
        });
    }

    [Fact]
    public async Task Long_tasks_get_a_runner_each()
    {
        await using var runners = await RunnerFixture.StartAsync(
            "dag.Run(\"meet\", async ctx => { Console.WriteLine(\"here\"); await Task.Delay(-1, ctx.CancellationToken); });");
        using var kill = new CancellationTokenSource();
        var works = Enumerable.Range(1, 4).Select(i => runners.Work("meet", i)).ToArray();

        var all = works.Select(w => runners.RunAsync(w, kill.Token)).ToArray();
        await Until(() => works.All(w => runners.Log(w).Contains("here", StringComparison.Ordinal)));

        Assert.Equal(4, runners.Pool.Count);
        await kill.CancelAsync();
        await Task.WhenAll(all);
    }

    [Fact]
    public async Task The_environment_of_user_code_holds_nothing_of_ours()
    {
        Environment.SetEnvironmentVariable("SLUICE_CLUSTER_SECRET", "x");
        await using var runners = await RunnerFixture.StartAsync("dag.Run(\"env\", async ctx => Environment.GetEnvironmentVariable(\"SLUICE_CLUSTER_SECRET\") ?? \"none\");");

        var outcome = await runners.RunAsync("env");

        Assert.Equal("\"none\"", outcome.XComs![0].Value);
    }

    [Fact]
    public async Task Code_that_allocates_without_end_runs_out_of_memory_alone()
    {
        await using var runners = await RunnerFixture.StartAsync(
            "dag.Run(\"hog\", async ctx => { var all = new List<byte[]>(); while (true) { var b = new byte[1 << 20]; b[0] = 1; all.Add(b); } });",
            o => o.RunnerHeapLimit = 200L << 20);

        var outcome = await runners.RunAsync("hog");

        Assert.Equal(OutcomeKind.Failed, outcome.Kind);
        Assert.Contains("OutOfMemoryException", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_async_sensor_waits_without_holding_a_runner()
    {
        await using var runners = await RunnerFixture.StartAsync(
            "dag.Add(\"wait\", new ByVariable { Mode = SensorMode.Async, PokeInterval = TimeSpan.FromMilliseconds(50) }); dag.Run(\"ok\", async ctx => 1);",
            types: ByVariable);
        var waiting = Enumerable.Range(1, 20).Select(i => runners.RunAsync(runners.Work("wait", i))).ToArray();

        await Until(() => runners.Leader.Asked.Count > 60);
        Assert.Equal(OutcomeKind.Success, (await runners.RunAsync("ok")).Kind);
        Assert.DoesNotContain(waiting, w => w.IsCompleted);
        runners.Leader.Variables["there"] = "yes";

        Assert.All(await Task.WhenAll(waiting), outcome => Assert.Equal("\"yes\"", outcome.XComs?[0].Value));
        Assert.InRange(runners.Pool.Count, 1, 4);
    }

    [Fact]
    public async Task Built_in_operators_run_in_the_worker_and_fail_by_themselves()
    {
        await using var runners = await RunnerFixture.StartAsync(
            "dag.Add(\"sh\", new Sluice.Providers.Shell.Operators.ShellOperator { Script = \"echo from the shell; exit 7\" });");
        var work = runners.Work("sh");

        var outcome = await runners.RunAsync(work);

        Assert.Equal(Sluice.Core.Dags.TaskHost.Worker, work.Task.Host);
        Assert.Equal(OutcomeKind.Failed, outcome.Kind);
        Assert.Contains("from the shell", runners.Log(work), StringComparison.Ordinal);
    }

    private static bool IsAlive(int process)
    {
        try
        {
            using var found = Process.GetProcessById(process);
            return !found.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static Task Until(Func<bool> holds) => Until(() => Task.FromResult(holds()));

    private static async Task Until(Func<Task<bool>> holds)
    {
        var deadline = DateTime.UtcNow.AddSeconds(120);
        while (!await holds())
        {
            Assert.True(DateTime.UtcNow < deadline, "It did not come to pass within 120 s.");
            await Task.Delay(10);
        }
    }
}
