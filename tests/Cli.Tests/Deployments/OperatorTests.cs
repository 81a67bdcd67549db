using System.Text.Json;

namespace Sluice.Cli.Tests.Deployments;

/// <summary>What an operator does, against a real deployment.</summary>
public sealed class OperatorTests(LocalDeployment deployment) : IClassFixture<LocalDeployment>
{
    [Fact]
    public async Task A_run_is_triggered_watched_and_its_log_read()
    {
        var triggered = await deployment.RunAsync("runs", "trigger", "greets", "--run-id", "mine", "--wait");
        var log = await deployment.RunAsync("tasks", "log", "greets", "hello", "mine", "--follow");
        var state = await deployment.RunAsync("tasks", "state", "greets", "hello", "mine", "--json");

        Assert.True(triggered.Code == 0, triggered.ToString());
        Assert.Contains("hello: success", triggered.Out);
        Assert.True(log.Code == 0, log.ToString());
        Assert.Contains("hello on ", log.Out);
        Assert.Equal("success", JsonDocument.Parse(state.Out).RootElement.GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_run_that_fails_is_exit_code_1_and_says_why()
    {
        var run = await deployment.RunAsync("runs", "trigger", "fails", "--wait");

        Assert.Equal(1, run.Code);
        Assert.Contains("no such luck", run.Out);
    }

    [Fact]
    public async Task A_backfill_tells_its_progress_and_its_end()
    {
        var run = await deployment.RunAsync("backfill", "create", "greets", "--start", "2021-02-01", "--end", "2021-02-04", "--max-active-runs", "2", "--wait");
        var list = await deployment.RunAsync("backfill", "list", "greets", "--json");
        var id = JsonDocument.Parse(list.Out).RootElement[0].GetProperty("backfill_id").GetString()!;
        var show = await deployment.RunAsync("backfill", "show", id);

        Assert.True(run.Code == 0, run.ToString());
        Assert.Contains("3/3 runs, 0 failed", run.Out);
        Assert.Contains("backfill__2021-02-03", show.Out);
    }

    [Fact]
    public async Task Json_is_one_line_and_one_document()
    {
        string[][] commands =
        [
            ["dags", "list"], ["dags", "show", "greets"], ["dags", "list-import-errors"], ["runs", "list"], ["backfill", "list"],
            ["connections", "list"], ["variables", "list"], ["cluster", "status"], ["actors"],
        ];
        foreach (var command in commands)
        {
            var run = await deployment.RunAsync([.. command, "--json"]);

            Assert.True(run.Code == 0, run.ToString());
            using var document = JsonDocument.Parse(Assert.Single(run.Lines));
        }
    }

    [Fact]
    public async Task Tables_fit_80_columns()
    {
        string[][] commands =
        [
            ["dags", "list"], ["dags", "show", "greets"], ["dags", "list-import-errors"], ["runs", "list"], ["runs", "list", "greets"],
            ["backfill", "list"], ["cluster", "status"], ["actors"],
        ];
        foreach (var command in commands)
        {
            var run = await deployment.RunAsync(command);

            Assert.True(run.Code == 0, run.ToString());
            Assert.All(run.Lines, line => Assert.True(line.Length <= 80, line));
        }
    }

    [Fact]
    public async Task Passwords_are_never_shown()
    {
        await deployment.RunAsync("connections", "set", "store", "postgres://etl:hunter2@db/dwh");
        await deployment.RunAsync("variables", "set", "api_token", "hunter2");
        await deployment.RunAsync("variables", "set", "greeting", "hi");

        Assert.Equal("hi", (await deployment.RunAsync("variables", "get", "greeting")).Out.Trim());
        foreach (var command in new[] { "connections list", "connections get store", "variables list", "variables get api_token", "variables list --json" })
        {
            var run = await deployment.RunAsync(command.Split(' '));

            Assert.True(run.Code == 0, run.ToString());
            Assert.Contains("***", run.Out);
            Assert.DoesNotContain("hunter2", run.Out);
        }
    }

    [Fact]
    public async Task What_the_deployment_refuses_is_one_sentence_and_exit_code_1()
    {
        string[][] commands =
        [
            ["runs", "trigger", "nosuch"], ["runs", "show", "greets", "nosuch"], ["tasks", "log", "greets", "nosuch", "2021-02-01"],
            ["backfill", "show", "nosuch"], ["variables", "get", "nosuch"], ["connections", "get", "nosuch"],
            ["connections", "set", "x", "no uri"], ["dags", "list", "--token", "wrong"], ["runs", "trigger", "greets", "--conf", "{"],
        ];
        foreach (var command in commands)
        {
            var run = await deployment.RunAsync(command);

            Assert.True(run.Code == 1, $"{string.Join(' ', command)}: {run}");
            Assert.Single(run.Error.TrimEnd().Split('\n'));
        }
    }
}
