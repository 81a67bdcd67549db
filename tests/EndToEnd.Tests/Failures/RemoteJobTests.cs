using Sluice.Cluster.Api;
using Sluice.EndToEnd.Tests.Nodes;
using Sluice.Services.Aws;

namespace Sluice.EndToEnd.Tests.Failures;

/// <summary>Workers are killed while they wait for what runs in Athena, Glue and Redshift's Data API.</summary>
public sealed class RemoteJobTests
{
    // Long enough that a busy machine loses no worker that lives.
    private static readonly string[] Patience = ["--lease-duration", "5s", "--heartbeat-every", "500ms", "--fence-after", "8s", "--lost-after", "12s"];

    private static readonly string[] Tasks = ["query", "job", "statement", "own"];

    [Fact]
    public async Task What_a_killed_worker_waited_for_is_stopped_by_another_when_the_run_is_cancelled_though_the_scheduler_is_killed_too()
    {
        await using var aws = await AwsJsonServer.StartAsync();
        aws.Looks = int.MaxValue;
        await using var cluster = await TestCluster.CreateAsync(null, Patience);
        await cluster.StartSeedAsync();
        var scheduler = await cluster.StartSchedulerAsync("scheduler");
        var worker = await cluster.StartWorkerAsync("worker");
        var jobs = await WaitedForAsync(cluster, aws);

        await worker.KillAsync();
        await cluster.Api.CallAsync<RunName, Changed>(Operations.CancelRun, new("lake", "run"));
        await scheduler.KillAsync();
        await cluster.StartSchedulerAsync("again");
        var waiting = await Until.ValueAsync(
            async () => await ClusterApi.TryAsync(() => cluster.Api.AtOnce.ShowRunAsync("lake", "run")), "the next scheduler leads", () => Task.FromResult(cluster.Logs));
        Assert.Equal(4, waiting.Callbacks.Count);
        Assert.All(waiting.Callbacks, callback => Assert.Null(callback.EndedAt)); // some may be given to the worker that is not known to be gone yet
        Assert.Empty(aws.Stopped); // there is no one who could

        await cluster.StartWorkerAsync("other");
        var done = await Until.ValueAsync(
            async () => await cluster.Api.ShowAsync("lake") is var run && run.Callbacks.All(callback => callback.EndedAt is not null) ? run : null,
            "all is stopped",
            () => Task.FromResult(cluster.Logs));

        Assert.All(done.Callbacks, callback => Assert.Equal(("stop_remote_job", "success"), (callback.Event, callback.State)));
        Assert.All(jobs, job => Assert.Contains(done.Callbacks, callback => callback.TaskId == job.Key && callback.Why!.Contains(job.Value, StringComparison.Ordinal)));
        Assert.Equal(jobs.Values.Where(id => id != jobs["own"]).Order(), aws.Stopped.Order());
        Assert.Equal(jobs["own"], await File.ReadAllTextAsync(Path.Combine(cluster.Folder, "stopped")));
        Assert.Equal(3, aws.Started.Count);

        // Who comes later finds what to look for, though that worker and its log are gone.
        Assert.Equal(jobs, await JobsAsync(cluster));
    }

    [Fact]
    public async Task What_a_killed_worker_waited_for_is_gone_on_with_by_another_by_its_id_and_started_once()
    {
        await using var aws = await AwsJsonServer.StartAsync();
        aws.Looks = int.MaxValue;
        await using var cluster = await TestCluster.CreateAsync(null, Patience);
        await cluster.StartSeedAsync();
        await cluster.StartSchedulerAsync("scheduler");
        var worker = await cluster.StartWorkerAsync("worker");
        var jobs = await WaitedForAsync(cluster, aws);
        aws.ForgetTokens();
        await worker.KillAsync();
        var asked = aws.LookedAt.Count;

        await cluster.StartWorkerAsync("other");
        await Until.TrueAsync(() => aws.LookedAt.Skip(asked).Distinct().Count() == 3, "another worker looks after all three", () => cluster.Logs);
        await Until.TrueAsync(() => File.ReadAllLines(Path.Combine(cluster.Folder, "waits")).Length == 2, "another runner waits", () => cluster.Logs);
        aws.Looks = 0;
        await File.WriteAllTextAsync(Path.Combine(cluster.Folder, "go"), "");

        var run = await cluster.Api.SucceededAsync("lake");
        Assert.All(run.Tasks, task => Assert.Equal(1, task.TryNumber));
        Assert.Equal(3, aws.Started.Count);
        Assert.Empty(aws.Stopped);
        Assert.Empty(run.Callbacks);
        Assert.Equal([jobs["own"], jobs["own"]], await File.ReadAllLinesAsync(Path.Combine(cluster.Folder, "waits")));
        foreach (var task in Tasks)
        {
            var attempts = (await cluster.Api.TaskStateAsync("lake", task)).Attempts;
            Assert.Equal([jobs[task], jobs[task]], attempts.Select(attempt => attempt.RemoteJob!.Id));
        }
    }

    /// <summary>A run of four tasks, each of which waits for what it has started; the last is of an operator in the file.</summary>
    /// <returns>The ids in the services, by task, as the engine tells them.</returns>
    private static async Task<Dictionary<string, string>> WaitedForAsync(TestCluster cluster, AwsJsonServer aws)
    {
        await cluster.ReadyAsync();
        await cluster.Api.SetConnectionAsync("lake", aws.ConnectionUri);
        await cluster.AddDagAsync(
            "lake",
            $$$"""
            Dag.Define("lake", dag =>
            {
                var often = TimeSpan.FromMilliseconds(200);
                dag.Add("query", new AthenaOperator { Query = "SELECT '{{ ds }}'", AwsConnectionId = "{{ 'lake' }}", PollInterval = often });
                dag.Add("job", new GlueJobOperator { JobName = "{{ 'nightly' }}", AwsConnectionId = "lake", PollInterval = often });
                dag.Add("statement", new RedshiftDataOperator { Sql = "DELETE FROM t", Database = "dev", WorkgroupName = "wg", AwsConnectionId = "lake", PollInterval = often });
                dag.Add("own", new FolderOperator { Folder = "{{{cluster.Folder}}}" });
            });

            public sealed class FolderOperator : Operator, IStopsRemoteJob
            {
                public string Folder { get; set; } = "";

                public override async ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancel)
                {
                    var job = context.RemoteJob ?? new RemoteJob("folder", Guid.NewGuid().ToString());
                    if (context.RemoteJob is null && !await context.KeepRemoteJobAsync(job, cancel)) { throw new TaskErrorException("not kept"); }
                    File.AppendAllText(Path.Combine(Folder, "waits"), job.Id + "\n");
                    while (!File.Exists(Path.Combine(Folder, "go"))) { await Task.Delay(50, cancel); }
                    context.ReleaseRemoteJob();
                    return null;
                }

                public async ValueTask StopRemoteJobAsync(RemoteJob job, TaskContext context, CancellationToken cancel) =>
                    await File.WriteAllTextAsync(Path.Combine(Folder, "stopped"), job.Id, cancel);
            }
            """);
        await cluster.Api.TriggerAsync("lake");
        await Until.TrueAsync(
            () => aws.LookedAt.GroupBy(id => id).Count(looks => looks.Count() > 2) == 3 && File.Exists(Path.Combine(cluster.Folder, "waits")), "all are waited for", () => cluster.Logs);
        return await JobsAsync(cluster);
    }

    private static async Task<Dictionary<string, string>> JobsAsync(TestCluster cluster)
    {
        var jobs = new Dictionary<string, string>();
        foreach (var task in Tasks)
        {
            var job = (await cluster.Api.TaskStateAsync("lake", task)).Attempts.Single(attempt => attempt.RemoteJob is not null).RemoteJob!;
            Assert.Equal(
                task switch { "query" => ("athena", "lake", null), "job" => ("glue", "lake", "nightly"), "statement" => ("redshift-data", "lake", null), _ => ("folder", null, (string?)null) },
                (job.Service, job.ConnectionId, job.Name));
            jobs.Add(task, job.Id);
        }

        return jobs;
    }
}
