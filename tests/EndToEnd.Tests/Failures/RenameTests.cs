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
        await using var cluster = await TestCluster.CreateAsync(null, "--lease-duration", "5s", "--heartbeat-every", "500ms");
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

    /// <summary>The old code asks for what the task returned by the id that it had.</summary>
    [Fact]
    public async Task A_task_that_was_renamed_keeps_its_history_and_old_runs_their_code_when_the_scheduler_is_killed_right_after()
    {
        await using var cluster = await TestCluster.CreateAsync(null, "--lease-duration", "5s", "--heartbeat-every", "500ms");
        await cluster.StartSeedAsync();
        var leader = await cluster.StartSchedulerAsync("scheduler-1");
        await cluster.StartWorkerAsync("worker-1");
        await cluster.ReadyAsync();
        await cluster.AddDagAsync("load", Tasks("fetch", ""));
        await cluster.Api.TriggerAsync("load");
        await cluster.Api.SucceededAsync("load");

        await cluster.WriteDagFileAsync("load.cs", Tasks("download", """got.RenamedFrom = "fetch";"""));
        await Until.TrueAsync(
            async () => (await cluster.Api.CallAsync<DagName, DagDetails>(Operations.ShowDag, new("load"))).Tasks.Any(task => task.TaskId == "download"), "the file is read", () => cluster.Logs);
        await leader.KillAsync();
        await cluster.StartSchedulerAsync("scheduler-2");
        await cluster.ReadyAsync();

        Assert.Equal(("success", "fetch"), await StateAsync("download"));
        await cluster.Api.CallAsync<ChangeRequest, ChangeAnswer>(Operations.ClearTasks, new() { DagId = "load", RunId = "run", Tasks = ["download", "store"] });
        await Until.TrueAsync(async () => (await cluster.Api.TaskAsync("load", "store")) is { State: "success", TryNumber: 2 }, "it has run again", () => cluster.Logs);
        Assert.Contains("fetch has 6", await cluster.Api.LogAsync("load", "store"), StringComparison.Ordinal);
        Assert.Equal((await cluster.Api.ShowAsync("load")).Tasks.Select(task => $"{task.TaskId} {task.TryNumber}"), ["download 2", "store 2"]);

        async Task<(string State, string? Former)> StateAsync(string task)
        {
            var answer = await cluster.Api.CallAsync<TaskName, TaskStateAnswer>(Operations.TaskState, new("load", task, "run"));
            return (answer.State, answer.FormerTaskIds is [var former, ..] ? former : null);
        }
    }

    private static string Tasks(string name, string more) =>
        $$"""
        Dag.Define("load", dag =>
        {
            var got = dag.Run("{{name}}", ctx => 6);
            {{more}}
            got.Then(dag.Run("store", async ctx => ctx.Log($"{{name}} has {await ctx.PullAsync<int>("{{name}}")}")));
        });
        """;

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
