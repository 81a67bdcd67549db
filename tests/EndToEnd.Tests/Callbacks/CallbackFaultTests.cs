using Sluice.Cluster.Api;
using Sluice.EndToEnd.Tests.Failures;
using Sluice.EndToEnd.Tests.Nodes;

namespace Sluice.EndToEnd.Tests.Callbacks;

/// <summary>What happened is told once although workers, schedulers and the processes of tasks are killed.</summary>
public sealed class CallbackFaultTests
{
    // Long enough that a busy machine loses no worker that lives: each loss would be told of.
    private static readonly string[] SoonLost = ["--lease-duration", "5s", "--heartbeat-every", "500ms", "--fence-after", "10s", "--lost-after", "15s"];

    // The fence is far beyond a takeover, so that what runs lives to be adopted.
    private static readonly string[] LongFence = ["--lease-duration", "5s", "--heartbeat-every", "500ms", "--fence-after", "120s", "--lost-after", "180s"];

    [Fact]
    public async Task A_worker_that_is_killed_while_a_task_runs_is_told_of_as_one_retry_and_the_task_as_one_success()
    {
        await using var cluster = await TestCluster.CreateAsync(null, SoonLost);
        await cluster.StartSeedAsync();
        await cluster.StartSchedulerAsync("scheduler");
        var first = await cluster.StartWorkerAsync("first");
        await cluster.ReadyAsync();
        var (marks, told) = (new Marks(cluster.Folder, "lost"), new Told(cluster.Folder, "told"));
        var tell = $"ctx => {{ {told.Statement("$\"{ctx.Event} {ctx.TaskId} {ctx.TryNumber}\"")} }}";
        await cluster.AddDagAsync(marks.Dag, marks.Text.Replace(
            "var work", $"dag.Defaults.OnExecute({tell}).OnRetry({tell}).OnFailure({tell}).OnSuccess({tell}); dag.OnSuccess({tell}); dag.OnFailure({tell});\n    var work", StringComparison.Ordinal));
        await cluster.Api.TriggerAsync(marks.Dag);
        await marks.StartedAsync();
        await EndedAsync(cluster, marks.Dag, 1); // that it began; from here on the first worker has no callback
        var second = await cluster.StartWorkerAsync("second");
        await Until.TrueAsync(() => second.Log.Contains("Linked to", StringComparison.Ordinal), "the second worker has joined");

        await first.KillAsync();
        await marks.StartedAsync(times: 2, () => cluster.Logs);
        marks.Go();

        await cluster.Api.SucceededAsync(marks.Dag);
        var run = await EndedAsync(cluster, marks.Dag, 6);
        Assert.Equal(["on_execute after 1", "on_execute work 1", "on_retry work 1", "on_success  0", "on_success after 1", "on_success work 1"], told.Texts);
        Assert.All(run.Callbacks, callback => Assert.Equal(("success", 1), (callback.State, callback.HandedOut)));
        Assert.Equal(6, told.All.Select(one => one.EventId).Distinct().Count());
    }

    [Fact]
    public async Task A_callback_whose_worker_is_killed_is_run_by_another_under_the_same_event_id()
    {
        await using var cluster = await TestCluster.CreateAsync(null, SoonLost);
        await cluster.StartSeedAsync();
        await cluster.StartSchedulerAsync("scheduler");
        var first = await cluster.StartWorkerAsync("first");
        await cluster.ReadyAsync();
        var (told, go) = (new Told(cluster.Folder, "told"), Path.Combine(cluster.Folder, "go"));
        await cluster.AddDagAsync(
            "slow",
            $$"""
            Dag.Define("slow", dag =>
            {
                dag.CallbackTimeout = TimeSpan.FromMinutes(10);
                dag.Run("fails", _ => throw new TaskFailedException("no")).OnFailure(async ctx =>
                {
                    {{told.Statement("\"told\"")}}
                    while (!File.Exists("{{go}}")) { await Task.Delay(50, ctx.CancellationToken); }
                });
            });
            """);
        await cluster.Api.TriggerAsync("slow");
        await Until.TrueAsync(() => told.All.Count == 1, "the callback runs", () => cluster.Logs);
        await cluster.StartWorkerAsync("second");

        await first.KillAsync();
        await Until.TrueAsync(() => told.All.Count == 2, "the callback runs on another worker", () => cluster.Logs);
        await File.WriteAllTextAsync(go, "");

        var callback = Assert.Single((await EndedAsync(cluster, "slow", 1)).Callbacks);
        Assert.Equal(("success", 2), (callback.State, callback.HandedOut));
        Assert.Equal([callback.EventId, callback.EventId], told.All.Select(one => one.EventId));
    }

    /// <summary>Both callbacks that a worker may have at a time wait for the test; the third waits for them.</summary>
    [Fact]
    public async Task A_scheduler_that_is_killed_between_an_event_and_its_callback_leaves_each_to_be_told_once()
    {
        await using var cluster = await TestCluster.CreateAsync(null, LongFence);
        await cluster.StartSeedAsync();
        var scheduler = await cluster.StartSchedulerAsync("scheduler");
        await cluster.StartWorkerAsync("worker");
        await cluster.ReadyAsync();
        var (told, go) = (new Told(cluster.Folder, "told"), Path.Combine(cluster.Folder, "go"));
        await cluster.AddDagAsync(
            "many",
            $$"""
            Dag.Define("many", dag =>
            {
                dag.CallbackTimeout = TimeSpan.FromMinutes(10);
                dag.Defaults.OnFailure(async ctx =>
                {
                    {{told.Statement("ctx.TaskId!")}}
                    while (!File.Exists("{{go}}")) { await Task.Delay(50, ctx.CancellationToken); }
                });
                for (var i = 0; i < 5; i++) { dag.Run($"t{i}", _ => throw new TaskFailedException("no")); }
                dag.OnFailure(ctx => { {{told.Statement("\"run\"")}} });
            });
            """);
        await cluster.Api.TriggerAsync("many");
        await Until.TrueAsync(() => told.All.Count == 2, "two callbacks run", () => cluster.Logs);
        await Until.TrueAsync(async () => (await cluster.Api.ShowAsync("many")).Callbacks.Count == 6, "the run has ended with six callbacks", () => cluster.Logs);
        Assert.Equal(4, (await cluster.Api.ShowAsync("many")).Callbacks.Count(callback => callback.State == "waiting"));

        await scheduler.KillAsync();
        scheduler = await cluster.StartSchedulerAsync("again");
        await Until.ValueAsync(() => ClusterApi.TryAsync(() => cluster.Api.AtOnce.ShowRunAsync("many", "run")), "it answers again", () => Task.FromResult(cluster.Logs));
        await File.WriteAllTextAsync(go, "");
        await scheduler.KillAsync(); // whatever it has done by now
        await cluster.StartSchedulerAsync("and again");

        var run = await EndedAsync(cluster, "many", 6);
        Assert.All(run.Callbacks, callback => Assert.Equal(("success", 1), (callback.State, callback.HandedOut)));
        Assert.Equal(["run", "t0", "t1", "t2", "t3", "t4"], told.Texts);
    }

    [Fact]
    public async Task A_deadline_is_told_once_for_a_run_that_goes_on_and_one_that_waits_though_the_scheduler_is_killed()
    {
        await using var cluster = await TestCluster.CreateAsync(null, LongFence);
        await cluster.StartSeedAsync();
        var scheduler = await cluster.StartSchedulerAsync("scheduler");
        await cluster.StartWorkerAsync("worker");
        await cluster.ReadyAsync();
        var (marks, told) = (new Marks(cluster.Folder, "late"), new Told(cluster.Folder, "told"));
        await cluster.AddDagAsync(marks.Dag, marks.Text.Replace(
            "var work",
            $$"""
            dag.MaxActiveRuns = 1;
                dag.Deadline("soon", DeadlineReference.QueuedAt, TimeSpan.FromSeconds(2), ctx => { {{told.Statement("$\"{ctx.RunId} {ctx.Event} {ctx.Deadline} {ctx.DeadlineDue <= ctx.At}\"")}} });
                dag.Deadline("far", DeadlineReference.QueuedAt, TimeSpan.FromDays(1), ctx => { {{told.Statement("\"far\"")}} });
                var work
            """, StringComparison.Ordinal));
        await cluster.Api.TriggerAsync(marks.Dag, "first");
        await cluster.Api.TriggerAsync(marks.Dag, "second");
        await marks.StartedAsync();

        await scheduler.KillAsync();
        scheduler = await cluster.StartSchedulerAsync("again");
        await Until.TrueAsync(() => told.All.Count == 2, "both runs are told of", () => cluster.Logs);
        Assert.Equal("queued", (await cluster.Api.ShowAsync(marks.Dag, "second")).Run.State);
        await scheduler.KillAsync();
        await cluster.StartSchedulerAsync("and again");
        marks.Go();

        foreach (var id in (string[])["first", "second"])
        {
            await cluster.Api.SucceededAsync(marks.Dag, id);
            var run = await EndedAsync(cluster, marks.Dag, 1, id);
            Assert.Equal(("soon", "success", 1), (run.Callbacks[0].Deadline, run.Callbacks[0].State, run.Callbacks[0].HandedOut));
            Assert.Equal(["soon missed", "far met"], run.Run.Deadlines!.Select(deadline => $"{deadline.Name} {deadline.State}"));
        }

        Assert.Equal(["first on_deadline_missed soon True", "second on_deadline_missed soon True"], told.Texts);
    }

    /// <summary>Waits until a run is over with so many callbacks, all of which have ended.</summary>
    private static Task<RunDetails> EndedAsync(TestCluster cluster, string dag, int callbacks, string run = "run") => Until.ValueAsync(
        async () => await ClusterApi.TryAsync(() => cluster.Api.AtOnce.ShowRunAsync(dag, run)) is { } shown
            && shown.Callbacks.Count >= callbacks && shown.Callbacks.All(callback => callback.EndedAt is not null) ? shown : null,
        $"{callbacks} callbacks of {dag} have ended",
        () => Task.FromResult(cluster.Logs));
}
