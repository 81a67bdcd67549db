using System.Text.Json;

namespace Sluice.Cli.Tests.Deployments;

/// <summary>Clearing, marking and asking why, against a real deployment.</summary>
public sealed class ClearingTests(LocalDeployment deployment) : IClassFixture<LocalDeployment>
{
    [Fact]
    public async Task A_run_is_cleared_after_a_look_at_what_would_happen()
    {
        Good(await deployment.RunAsync("runs", "trigger", "greets", "--run-id", "again", "--wait"));

        var dry = Good(await deployment.RunAsync("tasks", "clear", "greets", "hello", "again", "--downstream", "--dry-run"));
        Assert.Equal(
            ["again: success, becomes queued", "TASK   WAS      BECOMES  NOTE", "hello  success  none", "end    success  none", "", "2 tasks of 1 run would be cleared. Nothing was done."],
            dry.Lines);
        Assert.Equal("success", (await ShowAsync("greets", "again")).GetProperty("run").GetProperty("state").GetString());

        var cleared = Good(await deployment.RunAsync("tasks", "clear", "greets", "hello", "again", "--downstream", "--user", "Jörg", "--note", "wrong table"));
        Assert.Equal("2 tasks of 1 run are cleared.", cleared.Lines.Last());
        await StateIsAsync("greets", "again", "success", tries: 2);
        var state = Good(await deployment.RunAsync("tasks", "state", "greets", "hello", "again"));
        Assert.Contains("cleared by Jörg: wrong table", state.Out);
        Assert.Contains("hello on ", Good(await deployment.RunAsync("tasks", "log", "greets", "hello", "again", "--try", "1")).Out);
        Assert.Contains("hello on ", Good(await deployment.RunAsync("tasks", "log", "greets", "hello", "again", "--try", "2")).Out);

        var all = JsonDocument.Parse(Assert.Single(Good(await deployment.RunAsync("runs", "clear", "greets", "again", "--dry-run", "--json")).Lines)).RootElement;
        Assert.True(all.GetProperty("dry_run").GetBoolean());
        Assert.Equal(["hello", "end"], all.GetProperty("runs")[0].GetProperty("tasks").EnumerateArray().Select(task => task.GetProperty("task_id").GetString()));
        Assert.Equal(
            "There is nothing to be cleared.", Good(await deployment.RunAsync("runs", "clear", "greets", "again", "--only-failed")).Out.Trim());
    }

    [Fact]
    public async Task Many_runs_are_cleared_and_marked_by_range()
    {
        Good(await deployment.RunAsync("backfill", "create", "greets", "--start", "2021-02-01", "--end", "2021-02-08", "--max-active-runs", "4", "--wait"));

        var marked = Good(await deployment.RunAsync("tasks", "mark", "greets", "hello,end", "--start", "2021-02-01", "--end", "2021-02-08", "--as", "failed"));
        Assert.Equal(8, marked.Lines.Count());
        Assert.All(marked.Lines, line => Assert.True(line.Length <= 80, line));
        Assert.Equal("14 tasks of 7 runs are marked failed.", marked.Lines.Last());
        Assert.Equal("ended", (await WhyAsync("greets", "hello", "2021-02-03")).GetProperty("reasons")[0].GetProperty("kind").GetString());

        var later = Good(await deployment.RunAsync("runs", "clear", "greets", "2021-02-03", "--future", "--from-failed", "--dry-run", "--json"));
        Assert.Equal(5, JsonDocument.Parse(later.Out).RootElement.GetProperty("runs").GetArrayLength());
        Good(await deployment.RunAsync("runs", "mark", "greets", "2021-02-03", "--past", "--as", "success"));
        var left = JsonDocument.Parse(Good(await deployment.RunAsync("runs", "list", "greets", "--state", "failed", "--json")).Out).RootElement;
        Assert.Equal(4, left.GetArrayLength());
    }

    [Fact]
    public async Task What_failed_says_why_and_may_be_taken_as_success()
    {
        Assert.Equal(1, (await deployment.RunAsync("runs", "trigger", "fails", "--run-id", "bad", "--wait")).Code);
        var why = Good(await deployment.RunAsync("tasks", "why", "fails", "boom", "bad"));
        Assert.Contains("try 1 failed: no such luck", why.Out);
        Assert.All(why.Lines, line => Assert.True(line.Length <= 80, line));

        Assert.Equal("1 run is marked success.", Good(await deployment.RunAsync("tasks", "mark", "fails", "boom", "bad", "--as", "success", "--why", "done by hand")).Lines.Last().Replace("1 task of ", "", StringComparison.Ordinal));

        var answer = await WhyAsync("fails", "boom", "bad");
        Assert.Equal(("success", "success"), (answer.GetProperty("run_state").GetString(), answer.GetProperty("state").GetString()));
        Assert.Contains("done by hand", answer.GetProperty("reasons")[0].GetProperty("text").GetString());
    }

    [Theory]
    [InlineData(1, "nosuch", "tasks clear nosuch hello 2021-02-01")]
    [InlineData(1, "no run 'x'", "tasks clear greets nosuch x")]
    [InlineData(1, "task or group 'nosuch'", "tasks clear greets hello,nosuch r")]
    [InlineData(1, "task or group 'hello[0]'", "tasks clear greets hello[0] r")]
    [InlineData(1, "task or group 'nosuch'", "tasks mark greets nosuch r --as success")]
    [InlineData(1, "no task 'nosuch'", "tasks why greets nosuch r")]
    [InlineData(1, "x", "tasks why greets hello x")]
    [InlineData(1, "no run in", "runs clear greets --start 2030-01-01 --end 2030-02-01")]
    [InlineData(1, "empty", "runs clear greets --start 2021-02-01 --end 2021-02-01")]
    [InlineData(2, "contradict", "tasks clear greets hello r --only-failed --from-failed")]
    [InlineData(2, "contradict", "runs clear greets r --start 2021-02-01 --end 2021-02-02")]
    [InlineData(2, "Name a run", "runs clear greets")]
    [InlineData(2, "Name a run", "tasks mark greets hello --start 2021-02-01 --as failed")]
    [InlineData(2, "--past and --future", "runs mark greets --start 2021-02-01 --end 2021-02-02 --past --as failed")]
    [InlineData(2, "--as", "runs mark greets r")]
    [InlineData(2, "running", "runs mark greets r --as running")]
    [InlineData(2, "Name a task", "tasks clear greets , r")]
    [InlineData(1, "no version 'zzz'", "runs upgrade greets r --to zzz")]
    [InlineData(1, "no version 'zzz'", "tasks clear greets hello r --on-version zzz")]
    [InlineData(1, "moves whole runs", "runs upgrade greets r --to original")]
    [InlineData(2, "Name a run", "runs upgrade greets")]
    public async Task What_makes_no_sense_is_one_error_and_changes_nothing(int code, string says, string line)
    {
        if (JsonDocument.Parse((await deployment.RunAsync("runs", "list", "greets", "--limit", "10000", "--json")).Out).RootElement.EnumerateArray().All(run => run.GetProperty("run_id").GetString() != "r"))
        {
            Good(await deployment.RunAsync("runs", "trigger", "greets", "--run-id", "r", "--wait"));
        }

        var run = await deployment.RunAsync(line.Split(' '));

        Assert.True(run.Code == code, run.ToString());
        Assert.Contains(says, run.Error);
        Assert.Single(run.Error.TrimEnd().Split('\n'), words => !words.StartsWith("See:", StringComparison.Ordinal) && words.Length > 0);
        Assert.Empty(run.Out);
        await StateIsAsync("greets", "r", "success", tries: 1);
    }

    private async Task StateIsAsync(string dag, string run, string state, int tries)
    {
        var deadline = DateTime.UtcNow.AddMinutes(2);
        while (true)
        {
            var shown = await ShowAsync(dag, run);
            if (shown.GetProperty("run").GetProperty("state").GetString() == state
                && shown.GetProperty("tasks").EnumerateArray().First().GetProperty("try_number").GetInt32() == tries)
            {
                return;
            }

            Assert.True(DateTime.UtcNow < deadline, shown.ToString());
            await Task.Delay(100);
        }
    }

    private async Task<JsonElement> ShowAsync(string dag, string run) =>
        JsonDocument.Parse(Good(await deployment.RunAsync("runs", "show", dag, run, "--json")).Out).RootElement;

    private async Task<JsonElement> WhyAsync(string dag, string task, string run) =>
        JsonDocument.Parse(Assert.Single(Good(await deployment.RunAsync("tasks", "why", dag, task, run, "--json")).Lines)).RootElement;

    private static ToolRun Good(ToolRun run)
    {
        Assert.True(run.Code == 0, run.ToString());
        return run;
    }
}
