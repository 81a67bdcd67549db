using System.Text.Json;
using Sluice.Cli.Hosting;

namespace Sluice.Cli.Tests.Deployments;

/// <summary>The examples of deadlines in a whole Sluice: the run that misses one, whom that is told to, and how a person sees it.</summary>
public sealed class CallbacksTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(6);

    private readonly string _folder = Directory.CreateTempSubdirectory("sluice-callbacks-").FullName;
    private LocalCluster _cluster = null!;

    private string Home => Path.Combine(_folder, "home");

    public async Task InitializeAsync()
    {
        var dags = Directory.CreateDirectory(Path.Combine(_folder, "dags")).FullName;
        foreach (var file in new[] { "deadlines.cs", "deadlines_yaml.yaml" })
        {
            File.Copy(Path.Combine(Examples.Features, file), Path.Combine(dags, file));
        }

        _cluster = await LocalCluster.StartAsync(new() { Home = Home, DagFolder = dags, Slots = 2, LogLevel = "error" }, CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        await _cluster.DisposeAsync();
        TemporaryFolder.Delete(_folder);
    }

    [Fact]
    public async Task A_missed_deadline_is_shown_with_its_callback_and_what_that_wrote()
    {
        await UntilAsync(["dags", "list"], list => list.Contains("deadlines_yaml") && list.Contains("deadlines "));
        Good(await RunAsync("runs", "trigger", "deadlines", "--run-id", "first", "--date", "2031-01-01", "--wait"));
        Good(await RunAsync("runs", "trigger", "deadlines_yaml", "--run-id", "second", "--wait"));
        await UntilAsync(["callbacks", "list", "--json"], list => Read(list) is [var one, var two] && one.TryGetProperty("ended_at", out _) && two.TryGetProperty("ended_at", out _));

        var shown = Good(await RunAsync("runs", "show", "deadlines", "first")).Out;
        Assert.Matches("Deadline +a minute ago: [-0-9]+ [:0-9]+ UTC, missed", shown);
        Assert.Contains("by six: 2031-01-02 06:00:00 UTC, met", shown, StringComparison.Ordinal);
        Assert.Contains("on_deadline_missed of the run", shown, StringComparison.Ordinal);

        var told = Read(Good(await RunAsync("callbacks", "list", "deadlines", "first", "--json")).Out)[0];
        Assert.Equal(("deadlines", "first", "a minute ago", "success"), (Text(told, "dag_id"), Text(told, "run_id"), Text(told, "deadline"), Text(told, "state")));
        Assert.Contains("first should have been over by", Good(await RunAsync("callbacks", "log", Text(told, "event_id"), "--follow")).Out, StringComparison.Ordinal);
        var log = JsonDocument.Parse(Good(await RunAsync("callbacks", "log", Text(told, "event_id"), "--json")).Out).RootElement;
        Assert.Contains("missed the deadline \"a minute ago\": it should have been over by", Text(log, "text"), StringComparison.Ordinal);

        // Nobody listened.
        var failed = Read(Good(await RunAsync("callbacks", "list", "--state", "failed", "--json")).Out);
        Assert.Equal("deadlines_yaml", Text(Assert.Single(failed), "dag_id"));
        Assert.Contains("It failed: ", Good(await RunAsync("callbacks", "log", Text(failed[0], "event_id"))).Out, StringComparison.Ordinal);
        Assert.Contains("on_deadline_missed", Good(await RunAsync("callbacks", "list", "--state", "failed")).Out, StringComparison.Ordinal);
        Assert.Contains("There are no callbacks.", Good(await RunAsync("callbacks", "list", "--state", "waiting")).Out, StringComparison.Ordinal);

        (string[] Args, string Says)[] wrong =
        [
            (["callbacks", "log", "nosuch"], "'nosuch' is no event id of a callback"),
            (["callbacks", "log", "00000000000000ff"], "There is no callback '00000000000000ff'"),
            (["callbacks", "log", Text(told, "event_id"), "--handing-out", "2"], "--handing-out is 2"),
            (["callbacks", "list", "nosuch"], "There is no Dag 'nosuch'"),
            (["callbacks", "list", "deadlines", "nosuch"], "has no run 'nosuch'"),
            (["callbacks", "list", "--state", "open"], "open"),
            (["callbacks", "list", "--limit", "0"], "limit is 0"),
        ];
        foreach (var (args, says) in wrong)
        {
            var run = await RunAsync(args);
            Assert.NotEqual(0, run.Code);
            Assert.Contains(says, run.Error, StringComparison.Ordinal);
        }
    }

    private static IReadOnlyList<JsonElement> Read(string json) => [.. JsonDocument.Parse(json).RootElement.EnumerateArray()];

    private static string Text(JsonElement of, string name) => of.GetProperty(name).GetString()!;

    private Task<ToolRun> RunAsync(params string[] args) => ToolRun.OfAsync(new Dictionary<string, string> { ["SLUICE_HOME"] = Home }, args);

    private async Task UntilAsync(string[] args, Func<string, bool> holds)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (await RunAsync(args) is var run && !(run.Code == 0 && holds(run.Out)))
        {
            Assert.True(DateTime.UtcNow < deadline, run.ToString());
            await Task.Delay(100);
        }
    }

    private static ToolRun Good(ToolRun run)
    {
        Assert.True(run.Code == 0, run.ToString());
        return run;
    }
}
