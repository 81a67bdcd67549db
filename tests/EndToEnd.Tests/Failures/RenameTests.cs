using Sluice.Cluster.Api;
using Sluice.EndToEnd.Tests.Nodes;

namespace Sluice.EndToEnd.Tests.Failures;

/// <summary>A Dag gets another name, and the scheduler is killed right after.</summary>
public sealed class RenameTests
{
    private const string Tuesday = "scheduled__2021-02-02T00:00:00+00:00";

    [Fact]
    public async Task A_dag_that_was_renamed_keeps_its_history_and_its_schedule_when_the_scheduler_is_killed_right_after()
    {
        await using var cluster = await TestCluster.CreateAsync(null, "--lease-duration", "2s", "--heartbeat-every", "500ms");
        await cluster.StartSeedAsync();
        var leader = await cluster.StartSchedulerAsync("scheduler-1");
        await cluster.StartWorkerAsync("worker-1");
        await cluster.ReadyAsync();
        await cluster.AddDagAsync("before", Text("before"));
        await Until.TrueAsync(async () => await CountAsync("before", "success") == 3, "the days of the past have run", () => cluster.Logs);
        File.Delete(Path.Combine(cluster.DagFolder, "before.cs"));
        await Until.TrueAsync(async () => (await cluster.Api.DagsAsync()).Any(dag => dag is { DagId: "before", Active: false }), "no file defines it", () => cluster.Logs);

        var renamed = await cluster.Api.CallAsync<RenameDagRequest, RenamedDag>(Operations.RenameDag, new("before", "after", "a better name"));
        Assert.Equal((3, 1), (renamed.Runs, renamed.Versions));
        await leader.KillAsync();
        await cluster.StartSchedulerAsync("scheduler-2");
        await cluster.ReadyAsync();
        await cluster.AddDagAsync("after", Text("after"));
        await Until.TrueAsync(async () => (await cluster.Api.DagsAsync()).Any(dag => dag is { DagId: "after", Active: true }), "its file is read", () => cluster.Logs);
        await cluster.Api.TriggerAsync("after");
        await cluster.Api.SucceededAsync("after");

        // What had run has not run again.
        var runs = await cluster.Api.CallAsync<RunFilter, IReadOnlyList<RunSummary>>(Operations.ListRuns, new("after", null, null));
        Assert.Equal(["run", "scheduled__2021-02-03T00:00:00+00:00", Tuesday, "scheduled__2021-02-01T00:00:00+00:00"], runs.Select(run => run.RunId));
        Assert.Equal(0, await CountAsync("before", "success"));

        // An old run runs again, by the code that it had, under the new name.
        await cluster.Api.CallAsync<ChangeRequest, ChangeAnswer>(Operations.ClearTasks, new() { DagId = "after", RunId = Tuesday });
        await Until.TrueAsync(async () => (await cluster.Api.TaskAsync("after", "say", Tuesday)) is { State: "success", TryNumber: 2 }, "it has run again", () => cluster.Logs);
        Assert.Contains("said by before", await cluster.Api.LogAsync("after", "say", Tuesday), StringComparison.Ordinal);

        // The file itself says so.
        await cluster.WriteDagFileAsync("after.cs", Text("last").Replace("dag.Schedule", """dag.RenamedFrom = "after"; dag.Schedule""", StringComparison.Ordinal));
        await Until.TrueAsync(async () => (await cluster.Api.DagsAsync()) is [{ DagId: "last", Active: true }], "the file has taken the history along", () => cluster.Logs);
        Assert.Equal(4, await CountAsync("last", "success"));

        async Task<int> CountAsync(string dag, string state) =>
            (await cluster.Api.CallAsync<RunFilter, IReadOnlyList<RunSummary>>(Operations.ListRuns, new(dag, state, null))).Count;
    }

    private static string Text(string name) =>
        $$"""
        Dag.Define("{{name}}", dag =>
        {
            dag.Schedule = Schedule.Daily;
            (dag.StartDate, dag.EndDate) = (Date.Of(2021, 2, 1), Date.Of(2021, 2, 3));
            dag.Catchup = CatchupMode.All;
            dag.Run("say", ctx => { ctx.Log("said by {{name}}"); return Task.CompletedTask; });
        });
        """;
}
