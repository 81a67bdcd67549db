using System.Diagnostics;
using Sluice.EndToEnd.Tests.Nodes;
using Xunit.Abstractions;

namespace Sluice.EndToEnd.Tests.Failures;

/// <summary>Workers and seeds are killed while tasks run.</summary>
public sealed class LostNodesTests(ITestOutputHelper output)
{
    // Long enough that a busy machine loses no worker that lives.
    private static readonly string[] Patience = ["--lease-duration", "5s", "--heartbeat-every", "500ms", "--fence-after", "8s", "--lost-after", "12s"];

    [Fact]
    public async Task What_ran_on_a_killed_worker_runs_on_another_one_without_costing_a_try()
    {
        await using var cluster = await TestCluster.CreateAsync(null, Patience);
        await cluster.StartSeedAsync();
        await cluster.StartSchedulerAsync("scheduler");
        var first = await cluster.StartWorkerAsync("first");
        await cluster.ReadyAsync();
        var marks = new Marks(cluster.Folder, "lost");
        await cluster.AddDagAsync(marks.Dag, marks.Text);
        await cluster.Api.TriggerAsync(marks.Dag);
        await marks.StartedAsync();
        var second = await cluster.StartWorkerAsync("second");
        await Until.TrueAsync(() => second.Log.Contains("Linked to", StringComparison.Ordinal), "the second worker has joined");

        await first.KillAsync();
        var watch = Stopwatch.StartNew();
        await marks.StartedAsync(times: 2, () => cluster.Logs);
        output.WriteLine($"The task ran on the other worker {watch.Elapsed.TotalSeconds:0.0} s after its worker was killed; a worker is lost after 12 s.");
        marks.Go();

        var run = await cluster.Api.SucceededAsync(marks.Dag);
        Assert.All(run.Tasks, task => Assert.Equal(1, task.TryNumber));
        Assert.DoesNotContain("twice at once", marks.Starts);
        var attempts = (await cluster.Api.TaskStateAsync(marks.Dag, "work")).Attempts;
        Assert.Equal(2, attempts.Count);
        Assert.Contains("silent", attempts[0].Error, StringComparison.Ordinal);
        Assert.NotEqual(attempts[0].Worker, attempts[1].Worker);
    }

    [Fact]
    public async Task Nothing_stops_while_the_seed_is_gone_and_all_nodes_are_there_when_it_is_back()
    {
        await using var cluster = await TestCluster.CreateAsync(null, Patience);
        var seed = await cluster.StartSeedAsync();
        await cluster.StartSchedulerAsync("scheduler");
        await cluster.StartWorkerAsync("worker");
        await cluster.ReadyAsync();
        var marks = new Marks(cluster.Folder, "seedless");
        await cluster.AddDagAsync(marks.Dag, marks.Text);
        await cluster.Api.TriggerAsync(marks.Dag);
        await marks.StartedAsync();

        await seed.KillAsync();
        await Assert.ThrowsAsync<DeploymentException>(() => cluster.Api.AtOnce.ListDagsAsync());
        marks.Go();
        await cluster.StartSeedAsync();
        var watch = Stopwatch.StartNew();
        await cluster.ReadyAsync();
        output.WriteLine($"The API answered {watch.Elapsed.TotalSeconds:0.0} s after the seed was started again.");

        await cluster.Api.SucceededAsync(marks.Dag);
        Assert.Single(marks.Starts);
        await Until.TrueAsync(async () => (await cluster.Api.NodesAsync()).Nodes.Count == 3, "all nodes are back", () => cluster.Logs);
        await cluster.Api.TriggerAsync(marks.Dag, "next");
        await cluster.Api.SucceededAsync(marks.Dag, "next");
    }
}
