using System.Text.Json;
using Sluice.Cli.Hosting;

namespace Sluice.Cli.Tests.Deployments;

/// <summary>The examples of assets in a whole Sluice, from the file to the run that an update made.</summary>
public sealed class AssetsTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly string _folder = Directory.CreateTempSubdirectory("sluice-assets-").FullName;
    private LocalCluster _cluster = null!;

    private string Home => Path.Combine(_folder, "home");

    private string Inbox => Path.Combine(_folder, "inbox");

    public async Task InitializeAsync()
    {
        var dags = Directory.CreateDirectory(Path.Combine(_folder, "dags")).FullName;
        foreach (var file in new[] { "assets.cs", "assets_yaml.yaml" })
        {
            File.Copy(Path.Combine(Examples.Features, file), Path.Combine(dags, file));
        }

        Directory.CreateDirectory(Inbox);
        foreach (var file in new[] { "assets_watch.cs", "assets_watch_yaml.yaml" })
        {
            var text = await File.ReadAllTextAsync(Path.Combine(Examples.Features, file));
            await File.WriteAllTextAsync(Path.Combine(dags, file), text.Replace("/tmp/sluice-inbox", Inbox, StringComparison.Ordinal));
        }

        _cluster = await LocalCluster.StartAsync(new() { Home = Home, DagFolder = dags, Slots = 2, LogLevel = "error" }, CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        await _cluster.DisposeAsync();
        TemporaryFolder.Delete(_folder);
    }

    [Fact]
    public async Task An_update_by_a_task_and_one_from_outside_make_a_run_that_knows_both()
    {
        await UntilAsync(["assets", "list"], list => list.Contains("assets_report_yaml") && list.Contains("assets_report,"));
        Good(await RunAsync("dags", "pause", "assets_report_yaml"));
        Good(await RunAsync("runs", "trigger", "assets_orders", "--run-id", "first", "--wait"));
        await UntilAsync(["dags", "show", "assets_report"], shown => shown.Contains("1 of 3 assets updated; missing: customers, clients"));
        var orders = Good(await RunAsync("assets", "show", "orders")).Out;
        Assert.All(["s3://lake/orders", "assets_orders.export", "assets_report", "first", """{"rows":12}"""], word => Assert.Contains(word, orders, StringComparison.Ordinal));

        Assert.Equal("Asset 'clients' is updated.", Good(await RunAsync("assets", "emit", "clients", "--extra", """{"from": "ann"}""")).Out.Trim());
        foreach (var dag in new[] { "assets_report", "assets_or_time" })
        {
            await UntilAsync(["runs", "list", dag, "--json"], runs => JsonDocument.Parse(runs).RootElement.EnumerateArray().Any(IsDone));
        }

        var made = JsonDocument.Parse(Good(await RunAsync("runs", "list", "assets_report", "--json")).Out).RootElement.EnumerateArray().Single();
        Assert.Equal(["orders", "clients"], made.GetProperty("asset_events").EnumerateArray().Select(one => one.GetProperty("asset").GetString()));
        var log = Good(await RunAsync("tasks", "log", "assets_report", "report", made.GetProperty("run_id").GetString()!)).Out;
        Assert.Contains("""orders was updated 1 time(s), last with {"rows":12}""", log, StringComparison.Ordinal);
        Assert.Contains("""clients was updated 1 time(s), last with {"from": "ann"}""", log, StringComparison.Ordinal);
        Assert.Contains("uploads/", Good(await RunAsync("assets", "events", "--alias", "uploads")).Out, StringComparison.Ordinal);

        // The paused one has kept them; its templates see them, too.
        Good(await RunAsync("dags", "unpause", "assets_report_yaml"));
        await UntilAsync(["runs", "list", "assets_report_yaml", "--json"], runs => JsonDocument.Parse(runs).RootElement.EnumerateArray().Any(IsDone));
        var later = JsonDocument.Parse(Good(await RunAsync("runs", "list", "assets_report_yaml", "--json")).Out).RootElement.EnumerateArray().Single();
        Assert.Contains("orders: 1, from assets_orders", Good(await RunAsync("tasks", "log", "assets_report_yaml", "report", later.GetProperty("run_id").GetString()!)).Out, StringComparison.Ordinal);

        (string[] Args, string Says)[] wrong =
        [
            (["assets", "emit", "nosuch"], "No Dag knows an asset 'nosuch'"),
            (["assets", "emit", "uploads"], "'uploads' is an alias"),
            (["assets", "emit", "orders", "--extra", "12"], "The extra is no JSON object"),
            (["assets", "show", "nosuch"], "No Dag knows an asset 'nosuch'"),
            (["assets", "events", "orders", "--alias", "uploads"], "not both"),
            (["assets", "events", "--limit", "0"], "The limit is 0"),
        ];
        foreach (var (args, says) in wrong)
        {
            var run = await RunAsync(args);
            Assert.NotEqual(0, run.Code);
            Assert.Contains(says, run.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_watcher_makes_one_run_of_each_file_that_comes_and_is_none_the_wiser_for_those_that_stay()
    {
        await UntilAsync(["assets", "list"], list => list.Contains("assets_inbox_yaml"));
        await File.WriteAllTextAsync(Path.Combine(Inbox, "one.csv"), "1");
        await UntilAsync(["runs", "list", "assets_inbox", "--json"], runs => Done(runs) == 1);
        await UntilAsync(["runs", "list", "assets_inbox_yaml", "--json"], runs => Done(runs) == 1);
        File.SetLastWriteTimeUtc(Path.Combine(Inbox, "one.csv"), DateTime.UtcNow.AddSeconds(5));
        await UntilAsync(["runs", "list", "assets_inbox", "--json"], runs => Done(runs) == 2);
        await UntilAsync(["runs", "list", "assets_inbox_yaml", "--json"], runs => Done(runs) == 2);

        // What it looks at stays the same: it waits without a slot, and tells of nothing.
        // Each look that tells of something ends its run, so the run that waits is found anew each time.
        await UntilAsync(
            async () => ["tasks", "state", "assets_watch_yaml", "rest", await LatestAsync("assets_watch_yaml")], state => state.Contains("deferred"));
        var events = JsonDocument.Parse(Good(await RunAsync("assets", "events", "inbox_yaml", "--json")).Out).RootElement.EnumerateArray().ToList();
        Assert.Equal(2, events.Count);
        Assert.All(events, one => Assert.Contains("one.csv", one.GetRawText(), StringComparison.Ordinal));
        Assert.Contains("assets_watch_yaml.watch", Good(await RunAsync("assets", "show", "inbox_yaml")).Out, StringComparison.Ordinal);
        var log = Good(await RunAsync("tasks", "log", "assets_inbox_yaml", "load", await LatestAsync("assets_inbox_yaml"))).Out;
        Assert.Contains("now " + Path.Combine(Inbox, "one.csv"), log, StringComparison.Ordinal);
        Assert.Contains("2 so far", log, StringComparison.Ordinal);
        Assert.Contains("2 so far; now {", Good(await RunAsync("tasks", "log", "assets_inbox", "load", await LatestAsync("assets_inbox"))).Out, StringComparison.Ordinal);

        static int Done(string runs) => JsonDocument.Parse(runs).RootElement.EnumerateArray().Count(IsDone);

        async Task<string> LatestAsync(string dag) =>
            JsonDocument.Parse(Good(await RunAsync("runs", "list", dag, "--json")).Out).RootElement.EnumerateArray().First().GetProperty("run_id").GetString()!;
    }

    private static bool IsDone(JsonElement run) => run.GetProperty("run_type").GetString() == "asset_triggered" && run.GetProperty("state").GetString() == "success";

    private Task<ToolRun> RunAsync(params string[] args) => ToolRun.OfAsync(new Dictionary<string, string> { ["SLUICE_HOME"] = Home }, args);

    private Task UntilAsync(string[] args, Func<string, bool> holds) => UntilAsync(() => Task.FromResult(args), holds);

    private async Task UntilAsync(Func<Task<string[]>> args, Func<string, bool> holds)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (await RunAsync(await args()) is var run && !(run.Code == 0 && holds(run.Out)))
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
