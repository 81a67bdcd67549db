using Sluice.Cluster.Api;
using Sluice.EndToEnd.Tests.Nodes;

namespace Sluice.EndToEnd.Tests.Clearing;

/// <summary>People run tasks again, with the tool as a process of its own.</summary>
[Collection(SharedClusterTests.Name)]
public sealed class ClearingTests(SharedCluster shared)
{
    [Fact]
    public async Task A_run_that_failed_goes_on_from_there_when_it_is_cleared_and_keeps_both_logs()
    {
        var table = Path.Combine(shared.Cluster.Folder, "table-that-is-late");
        await shared.Cluster.AddDagAsync(
            "mended",
            $$"""
            Dag.Define("mended", dag =>
            {
                var fetch = dag.Run("fetch", ctx => { ctx.Log("fetched"); return Task.CompletedTask; });
                var load = dag.Run("load", ctx =>
                {
                    ctx.Log(File.Exists("{{table}}") ? "there it is" : "it is not there");
                    return File.Exists("{{table}}") ? Task.CompletedTask : throw new TaskFailedException("no table");
                });
                var report = dag.Run("report", _ => Task.CompletedTask);
                fetch.Then(load).Then(report);
            });
            """);
        await shared.Api.TriggerAsync("mended");
        var failed = await shared.Api.EndedAsync("mended");
        Assert.Equal(["success", "failed", "upstream_failed"], failed.Tasks.Select(task => task.State));

        await File.WriteAllTextAsync(table, "");
        await ToolAsync("runs", "clear", "mended", "run", "--from-failed", "--user", "ann", "--note", "the table is there now");

        var run = await shared.Api.SucceededAsync("mended");
        Assert.Equal([("fetch", 1), ("load", 2), ("report", 1)], run.Tasks.Select(task => (task.TaskId, task.TryNumber)));
        var attempts = (await shared.Api.TaskStateAsync("mended", "load")).Attempts;
        Assert.Equal(["failed", "none", "success"], attempts.Select(attempt => attempt.State));
        Assert.Equal("cleared by ann: the table is there now", attempts[1].Error);
        Assert.Contains("it is not there", await shared.Api.LogAsync("mended", "load", attempts[0]), StringComparison.Ordinal);
        var second = await shared.Api.LogAsync("mended", "load", attempts[2]);
        Assert.Contains("there it is", second, StringComparison.Ordinal);
        Assert.DoesNotContain("not there", second, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_task_that_runs_is_stopped_when_it_is_marked_and_the_run_goes_on()
    {
        var began = Path.Combine(shared.Cluster.Folder, "never-ends-began");
        await shared.Cluster.AddDagAsync(
            "stuck",
            $$"""
            Dag.Define("stuck", dag =>
            {
                var never = dag.Run("never_ends", async ctx => { File.WriteAllText("{{began}}", $"{Environment.ProcessId}"); await Task.Delay(-1, ctx.CancellationToken); });
                never.Then(dag.Run("after", _ => Task.CompletedTask));
            });
            """);
        await shared.Api.TriggerAsync("stuck");
        await Until.TrueAsync(() => File.Exists(began), "the task has begun");

        await ToolAsync("tasks", "mark", "stuck", "never_ends", "run", "--as", "success");

        var run = await shared.Api.SucceededAsync("stuck");
        Assert.Equal(["success", "success"], run.Tasks.Select(task => task.State));
        await Until.TrueAsync(
            async () => (await shared.Api.LogAsync("stuck", "never_ends", (await shared.Api.TaskStateAsync("stuck", "never_ends")).Attempts[0])).Contains("marked success by", StringComparison.Ordinal),
            "its log says that it was stopped");
    }

    private async Task ToolAsync(params string[] args)
    {
        var environment = new Dictionary<string, string> { ["SLUICE_CLUSTER_SECRET"] = TestCluster.Secret };
        var (code, error) = await NodeProcess.RunAsync("sluice", [.. args, "--api", $"http://{shared.Cluster.SeedAddress}"], environment);
        Assert.True(code == 0, error);
    }
}
