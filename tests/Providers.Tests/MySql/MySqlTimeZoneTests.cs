using Sluice.Authoring.Extraction;
using Sluice.Authoring.Hooks;
using Sluice.Providers.Aws.Operators;
using Sluice.Services;

namespace Sluice.Providers.Tests.MySql;

/// <summary>A TIMESTAMP is a moment: its text must not depend on where the server stands.</summary>
public sealed class MySqlTimeZoneTests : IDisposable
{
    // Half past one comes twice in that night: at 05:30 and 06:30 UTC.
    private const string Autumn = """
        INSERT INTO mysql.time_zone (Time_zone_id, Use_leap_seconds) VALUES (901, 'N');
        INSERT INTO mysql.time_zone_name (Name, Time_zone_id) VALUES ('Test/Autumn', 901);
        INSERT INTO mysql.time_zone_transition_type (Time_zone_id, Transition_type_id, `Offset`, Is_DST, Abbreviation) VALUES (901, 0, -14400, 1, 'EDT'), (901, 1, -18000, 0, 'EST');
        INSERT INTO mysql.time_zone_transition (Time_zone_id, Transition_time, Transition_type_id) VALUES (901, 0, 0), (901, 1636264800, 1)
        """;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Timestamps_are_utc_wherever_the_server_stands()
    {
        await using var server = await MariaDbServer.StartAsync("--default-time-zone=+09:00");
        var uri = await server.CreateDatabaseAsync();
        await server.QueryAsync(
            "SET time_zone = '+00:00'; CREATE TABLE t (id INT PRIMARY KEY, at TIMESTAMP NOT NULL, local DATETIME); "
            + "INSERT INTO t VALUES (1, '2021-02-05 15:30:00', '2021-02-05 15:30:00'), (2, '2021-11-07 05:30:00', NULL), (3, '2021-11-07 06:30:00', NULL)",
            new Uri(uri).AbsolutePath.Trim('/'));
        var target = await PostgresServer.StartSharedAsync();
        var run = new TaskRun().With("db", uri).With("warehouse", await target.CreateDatabaseUriAsync());
        await run.ExecuteSqlAsync("warehouse", "CREATE TABLE t (id int, at timestamptz, local timestamp)");
        await RoundTripAsync(run);

        await server.QueryAsync(Autumn);
        await server.QueryAsync("SET GLOBAL time_zone = 'Test/Autumn'");
        await RoundTripAsync(run);

        // Who wants another zone says so.
        run.With("db", uri + "?time_zone=%2B09:00");
        Assert.Equal(["1,2021-02-06 00:30:00,2021-02-05 15:30:00", "2,2021-11-07 14:30:00,"], (await LinesAsync(run)).Take(2));
        run.With("db", uri + "?time_zone=server");
        Assert.Equal(["2,2021-11-07 01:30:00,", "3,2021-11-07 01:30:00,"], (await LinesAsync(run)).Skip(1));
        run.With("db", uri + "?time_zone=Nowhere/Land");
        Assert.Contains("Nowhere/Land", (await Assert.ThrowsAsync<SqlHookException>(() => LinesAsync(run))).Message, StringComparison.Ordinal);
        run.With("db", uri + "?time_zone=UTC%27%3B");
        Assert.Contains("is no zone", (await Assert.ThrowsAsync<SqlHookException>(() => LinesAsync(run))).Message, StringComparison.Ordinal);
    }

    private async Task RoundTripAsync(TaskRun run)
    {
        Assert.Equal(["1,2021-02-05 15:30:00,2021-02-05 15:30:00", "2,2021-11-07 05:30:00,", "3,2021-11-07 06:30:00,"], await LinesAsync(run));

        // Backfills read a replica; what the source counted and what arrived are the same moments.
        run.With(run.Connection("db") with { Id = "replica" });
        run.Type = Core.DagRuns.RunType.Backfill;
        var wrote = await run.ExecuteAsync<SqlToS3Result>(new SqlToS3Operator
        {
            Table = "t", SqlConnectionId = "db", BackfillConnectionId = "replica", Uri = _folder.Uri("proof.csv"), Replace = true, Reconcile = Reconciliation.Checksums, Readers = 2, PartitionBy = "id",
        });
        await run.ExecuteAsync<LoadResult>(new S3ToRedshiftOperator
        {
            Table = "t", Uri = wrote.Uri, RedshiftConnectionId = "warehouse", Method = LoadMethod.Replace, Reconcile = Reconciliation.Counts,
        });
        Assert.Equal([[1_612_539_000L], [1_636_263_000L], [1_636_266_600L]], await run.QueryAsync("warehouse", "SELECT EXTRACT(epoch FROM at)::bigint FROM t ORDER BY id"));
    }

    private async Task<string[]> LinesAsync(TaskRun run)
    {
        await run.ExecuteAsync(new SqlToS3Operator { Query = "SELECT * FROM t ORDER BY id", SqlConnectionId = "db", Uri = _folder.Uri("t.csv"), Replace = true, Header = false });
        return await File.ReadAllLinesAsync(_folder["t.csv"]);
    }
}
