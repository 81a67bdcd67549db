using Sluice.EndToEnd.Tests.Nodes;
using Sluice.Services;

namespace Sluice.EndToEnd.Tests.Failures;

/// <summary>The engine's own database goes away and comes back.</summary>
public sealed class EngineDatabaseTests
{
    [Fact]
    public async Task Runs_go_on_when_the_database_is_back_after_a_crash()
    {
        await using var database = await PostgresServer.StartAsync();
        await using var cluster = await TestCluster.StartAsync(await database.CreateDatabaseUriAsync(), 8, "--lease-duration", "2s", "--heartbeat-every", "500ms");
        var marks = new Marks(cluster.Folder, "without_database");
        await cluster.AddDagAsync(marks.Dag, marks.Text);
        await cluster.Api.TriggerAsync(marks.Dag);
        await marks.StartedAsync();

        await database.KillAsync();
        var refusal = await Assert.ThrowsAsync<DeploymentException>(() => cluster.Api.AtOnce.ListDagsAsync());
        Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, refusal.Status);
        Assert.DoesNotContain(database.Password, refusal.Message, StringComparison.Ordinal);
        marks.Go();
        await Until.TrueAsync(() => cluster.Logs.Contains("Leadership of epoch 1 ended", StringComparison.Ordinal), "the scheduler notices", () => cluster.Logs);
        await database.StartAgainAsync();
        await cluster.ReadyAsync();

        await cluster.Api.SucceededAsync(marks.Dag);
        Assert.Single(marks.Starts);
        await cluster.Api.TriggerAsync(marks.Dag, "next");
        await cluster.Api.SucceededAsync(marks.Dag, "next");
        Assert.DoesNotContain(database.Password, cluster.Logs, StringComparison.Ordinal);
    }
}
