using System.Globalization;
using Sluice.EndToEnd.Tests.Failures;
using Sluice.EndToEnd.Tests.Nodes;
using Xunit.Abstractions;

namespace Sluice.EndToEnd.Tests.Links;

/// <summary>A worker on a host of its own, whose network fails without a word: no connection is reset, packets are just gone.</summary>
public sealed class PartitionTests(ITestOutputHelper output)
{
    // Long enough that a busy machine loses no worker that lives.
    private static readonly string[] Patience = ["--lease-duration", "5s", "--heartbeat-every", "500ms", "--fence-after", "10s", "--lost-after", "15s"];

    [NamespaceTheory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task A_worker_that_is_cut_off_fences_itself_before_its_task_runs_elsewhere_and_comes_back(bool outgoing, bool incoming)
    {
        await using var island = await NetworkNamespace.CreateAsync();
        await using var cluster = await TestCluster.CreateSpecialAsync(new TestClusterOptions { Host = island.Outside }, Patience);
        await cluster.StartSeedAsync();
        var scheduler = await cluster.StartSchedulerAsync("scheduler");
        var remote = await cluster.StartWorkerAsync("remote", host: island.Exec);
        await cluster.ReadyAsync();
        var marks = new Marks(cluster.Folder, "cut_off");
        await cluster.AddDagAsync(marks.Dag, marks.Text);
        await cluster.Api.TriggerAsync(marks.Dag);
        await marks.StartedAsync(1, () => cluster.Logs);
        var near = await cluster.StartWorkerAsync("near");
        await Until.TrueAsync(() => Count(near, "Registered with the scheduler") > 0, "the other worker has registered", () => cluster.Logs);

        if (outgoing)
        {
            await island.CutOutgoingAsync();
        }

        if (incoming)
        {
            await island.CutIncomingAsync();
        }

        await marks.StartedAsync(2, () => cluster.Logs);
        marks.Go();
        var run = await cluster.Api.SucceededAsync(marks.Dag);

        Assert.DoesNotContain("twice at once", marks.Starts);
        Assert.Equal(2, marks.Starts.Count);
        Assert.All(run.Tasks, task => Assert.Equal(1, task.TryNumber));
        var attempts = (await cluster.Api.TaskStateAsync(marks.Dag, "work")).Attempts;
        Assert.Contains("silent", attempts[0].Error, StringComparison.Ordinal);
        Assert.NotEqual(attempts[0].Worker, attempts[1].Worker);
        var (fenced, lost) = (At(remote, "No scheduler was heard"), At(scheduler, " is lost: silent for"));
        output.WriteLine($"Fenced at {fenced:HH:mm:ss.fff}, lost at {lost:HH:mm:ss.fff}.");
        Assert.True(fenced < lost, cluster.Logs);

        await island.HealAsync();
        await Until.TrueAsync(() => Count(remote, "Registered with the scheduler") >= 2, "the worker is back", () => cluster.Logs);
        await Until.TrueAsync(async () => (await cluster.Api.NodesAsync()).Nodes.Count == 4, "the seed sees it, too", () => cluster.Logs);
        await near.StopAsync();
        await cluster.Api.TriggerAsync(marks.Dag, "next");
        await cluster.Api.SucceededAsync(marks.Dag, "next");
        Assert.Equal(attempts[0].Worker, (await cluster.Api.TaskAsync(marks.Dag, "work", "next")).Worker);
    }

    private static int Count(NodeProcess node, string words) => node.Log.Split(words).Length - 1;

    private static DateTimeOffset At(NodeProcess node, string words) => DateTimeOffset.Parse(
        node.Log.Split('\n').First(line => line.Contains(words, StringComparison.Ordinal)).Split(' ')[0], CultureInfo.InvariantCulture);
}
