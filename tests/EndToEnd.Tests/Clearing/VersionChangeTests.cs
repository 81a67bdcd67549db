using Sluice.Cluster.Api;
using Sluice.EndToEnd.Tests.Nodes;

namespace Sluice.EndToEnd.Tests.Clearing;

/// <summary>A run in flight goes on by a version that was deployed since, with real processes.</summary>
[Collection(SharedClusterTests.Name)]
public sealed class VersionChangeTests(SharedCluster shared)
{
    [Fact]
    public async Task A_run_in_flight_goes_on_by_the_version_that_was_deployed_since()
    {
        var (began, go) = (Path.Combine(shared.Cluster.Folder, "moved-began"), Path.Combine(shared.Cluster.Folder, "moved-go"));
        await shared.Cluster.AddDagAsync("moved", Text("one", ""));
        await shared.Api.TriggerAsync("moved");
        await Until.TrueAsync(() => File.Exists(began), "the long task has begun");
        var first = (await shared.Api.ShowAsync("moved")).Run.Version;

        // Another number for the task that runs, another code for what comes after it, and a task that is new.
        await shared.Cluster.WriteDagFileAsync("moved.cs", Text("two", """var extra = dag.Run("extra", ctx => { ctx.Log("extra of two"); return Task.CompletedTask; });"""));
        await Until.TrueAsync(
            async () => (await shared.Api.DagsAsync()).Any(dag => dag.DagId == "moved" && dag.Version != first), "the new version is there");
        var change = await shared.Api.CallAsync<ChangeRequest, ChangeAnswer>(Operations.UpgradeRun, new() { DagId = "moved", RunId = "run", Note = "two" });
        Assert.Equal(["extra"], Assert.Single(change.Runs).Tasks.Select(task => task.TaskId));
        await Until.TrueAsync(async () => (await shared.Api.TaskAsync("moved", "extra")).State == "success", "the new task has run", () => shared.Cluster.Logs);

        await File.WriteAllTextAsync(go, "");
        var run = await shared.Api.SucceededAsync("moved");
        Assert.Equal([("extra", 1), ("long", 1), ("after", 1)], run.Tasks.Select(task => (task.TaskId, task.TryNumber)));
        Assert.NotEqual(first, run.Run.Version);
        Assert.Contains("long of one", await shared.Api.LogAsync("moved", "long"), StringComparison.Ordinal);
        Assert.Contains("after of two", await shared.Api.LogAsync("moved", "after"), StringComparison.Ordinal);

        string Text(string version, string more) =>
            $$"""
            Dag.Define("moved", dag =>
            {
                {{more}}
                var slow = dag.Run("long", async ctx =>
                {
                    ctx.Log("long of {{version}}");
                    File.WriteAllText("{{began}}", "");
                    while (!File.Exists("{{go}}")) { await Task.Delay(50, ctx.CancellationToken); }
                });
                slow.Then(dag.Run("after", ctx => { ctx.Log("after of {{version}}"); return Task.CompletedTask; }));
            });
            """;
    }
}
