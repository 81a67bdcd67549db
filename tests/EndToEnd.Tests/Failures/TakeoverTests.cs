using System.Diagnostics;
using Sluice.EndToEnd.Tests.Nodes;
using Xunit.Abstractions;

namespace Sluice.EndToEnd.Tests.Failures;

/// <summary>Schedulers are killed while tasks run.</summary>
public sealed class TakeoverTests(ITestOutputHelper output)
{
    // The fence is far beyond a takeover, so that running tasks live to be adopted.
    private static readonly string[] Patience = ["--lease-duration", "5s", "--heartbeat-every", "500ms", "--fence-after", "120s", "--lost-after", "180s"];

    [Fact]
    public async Task A_standby_takes_over_from_a_killed_leader_and_adopts_what_runs()
    {
        await using var cluster = await TestCluster.CreateAsync(null, Patience);
        await cluster.StartSeedAsync();
        var leader = await cluster.StartSchedulerAsync("leader");
        await cluster.StartWorkerAsync("worker");
        await cluster.ReadyAsync();
        var standby = await cluster.StartSchedulerAsync("standby");
        var marks = new Marks(cluster.Folder, "adopted");
        await cluster.AddDagAsync(marks.Dag, marks.Text);
        await cluster.Api.TriggerAsync(marks.Dag);
        await marks.StartedAsync();
        await Until.TrueAsync(() => standby.Log.Contains("Linked to", StringComparison.Ordinal), "the standby has joined");
        await Until.TrueAsync(async () => await cluster.LeaderEpochAsync() is not null, "the leader is linked", () => cluster.Logs);
        var epoch = await cluster.LeaderEpochAsync();

        await leader.KillAsync();
        var watch = Stopwatch.StartNew();
        await Until.ValueAsync(() => ClusterApi.TryAsync(() => cluster.Api.AtOnce.ShowRunAsync(marks.Dag, "run")), "the standby answers", () => Task.FromResult(cluster.Logs));
        output.WriteLine($"The standby answered {watch.Elapsed.TotalSeconds:0.0} s after the leader was killed; the lease is 5 s.");

        await Until.TrueAsync(async () => await cluster.LeaderEpochAsync() > epoch, "the standby leads", () => cluster.Logs);
        Assert.Equal("running", (await cluster.Api.TaskAsync(marks.Dag, "work")).State);
        marks.Go();
        var run = await cluster.Api.SucceededAsync(marks.Dag);
        Assert.All(run.Tasks, task => Assert.Equal(1, task.TryNumber));
        Assert.True(marks.Starts.Count == 1, cluster.Logs);
        await cluster.Api.TriggerAsync(marks.Dag, "next");
        await cluster.Api.SucceededAsync(marks.Dag, "next");
    }

    [Fact]
    public async Task A_scheduler_that_is_alone_comes_back_and_takes_what_ended_meanwhile()
    {
        await using var cluster = await TestCluster.CreateAsync(null, Patience);
        await cluster.StartSeedAsync();
        var scheduler = await cluster.StartSchedulerAsync("scheduler");
        await cluster.StartWorkerAsync("worker");
        await cluster.ReadyAsync();
        var marks = new Marks(cluster.Folder, "resumed");
        await cluster.AddDagAsync(marks.Dag, marks.Text);
        await cluster.Api.TriggerAsync(marks.Dag);
        await marks.StartedAsync();

        // Some of these meet every moment of a leader's end: question in hand, link gone, end known.
        var reads = Enumerable.Range(0, 4).Select(_ => RefusalAsync(() => cluster.Api.AtOnce.ListDagsAsync())).ToArray();
        var writes = Enumerable.Range(0, 4).Select(i => RefusalAsync(() => cluster.Api.AtOnce.SetVariableAsync($"v{i}", "1"))).ToArray();
        await scheduler.KillAsync();
        marks.Go();
        foreach (var refusal in (await Task.WhenAll([.. reads, .. writes])).Append(await RefusalAsync(() => cluster.Api.AtOnce.ListDagsAsync())))
        {
            output.WriteLine(refusal.Message);
            Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, refusal.Status);
            Assert.Matches(@"^No scheduler leads at the moment: the last leader, scheduler@.* at 127\.0\.0\.1:\d+, is silent since 2.* UTC\. .*start a scheduler", refusal.Message);
        }

        Assert.DoesNotContain("not known", string.Concat(reads.Select(read => read.Result.Message)), StringComparison.Ordinal);
        var watch = Stopwatch.StartNew();
        await cluster.StartSchedulerAsync("scheduler again");

        await cluster.Api.SucceededAsync(marks.Dag);
        output.WriteLine($"The run ended {watch.Elapsed.TotalSeconds:0.0} s after the scheduler was started again; the lease is 5 s.");
        Assert.True(marks.Starts.Count == 1, cluster.Logs);

        static async Task<DeploymentException> RefusalAsync(Func<Task> call)
        {
            while (true)
            {
                try
                {
                    await call();
                }
                catch (DeploymentException refusal)
                {
                    return refusal;
                }
            }
        }
    }
}
