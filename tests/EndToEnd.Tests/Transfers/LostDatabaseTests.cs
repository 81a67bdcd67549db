using Sluice.EndToEnd.Tests.Nodes;
using Sluice.Services;

namespace Sluice.EndToEnd.Tests.Transfers;

/// <summary>The warehouse goes away in the middle of a load.</summary>
[Collection(SharedClusterTests.Name)]
public sealed class LostDatabaseTests(SharedCluster shared)
{
    private const int Rows = 1500;

    [Fact]
    public async Task A_load_that_its_database_broke_off_leaves_nothing_and_its_retry_loads_all()
    {
        await using var server = await PostgresServer.StartAsync();
        var warehouse = await server.CreateDatabaseAsync() + ";Pooling=false";

        // Each row takes long while the gate is shut, so that the load is met in its middle.
        await Database.AskAsync(
            warehouse,
            """
            CREATE TABLE nps (id int PRIMARY KEY, comment text);
            INSERT INTO nps VALUES (0, 'of before');
            CREATE TABLE gate (seconds double precision);
            INSERT INTO gate VALUES (0.2);
            CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(seconds) FROM gate; RETURN NEW; END';
            CREATE TRIGGER slowly BEFORE INSERT ON nps FOR EACH ROW EXECUTE FUNCTION slowly()
            """);
        var file = Path.Combine(shared.Cluster.Folder, "slow.csv");
        await File.WriteAllLinesAsync(file, ["id,comment", .. Enumerable.Range(1, Rows).Select(id => $"{id},row {id}")]);
        await shared.Api.SetConnectionAsync("slow_warehouse", server.UriOf(warehouse));
        await shared.Cluster.AddDagAsync(
            "slow_load",
            $$"""
            Dag.Define("slow_load", dag => dag.Add("load", new S3ToRedshiftOperator
            {
                Uri = "file://{{file}}", RedshiftConnectionId = "slow_warehouse", Table = "nps", Method = LoadMethod.Append,
            }, task => { task.Retries = 300; task.RetryDelay = TimeSpan.FromSeconds(1); }));
            """);
        await shared.Api.TriggerAsync("slow_load");
        await Until.TrueAsync(
            async () => (long)(await Database.AskAsync(warehouse, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))! > 0, "the load is under way");

        await server.KillAsync();
        await Until.TrueAsync(
            async () => (await shared.Api.TaskStateAsync("slow_load", "load")).Attempts[0].State is not "running", "the first attempt has ended", () => shared.Cluster.Logs);
        await server.StartAgainAsync();
        await Database.AskAsync(warehouse, "UPDATE gate SET seconds = 0");
        Assert.Contains((long)(await Database.AskAsync(warehouse, "SELECT count(*) FROM nps"))!, new[] { 1L, Rows + 1L });

        await shared.Api.SucceededAsync("slow_load");
        Assert.Equal(Rows + 1L, await Database.AskAsync(warehouse, "SELECT count(*) FROM nps"));
        Assert.Equal(Rows + 1L, await Database.AskAsync(warehouse, "SELECT count(DISTINCT id) FROM nps"));
        var broken = (await shared.Api.TaskStateAsync("slow_load", "load")).Attempts[0];
        Assert.NotNull(broken.Error);
        Assert.DoesNotContain('\n', broken.Error);
        Assert.DoesNotContain(server.Password, broken.Error, StringComparison.Ordinal);
    }
}
