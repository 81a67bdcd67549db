using Npgsql;
using Sluice.Cluster.Api;
using Sluice.EndToEnd.Tests.Nodes;
using Sluice.Services;

namespace Sluice.EndToEnd.Tests.Transfers;

/// <summary>The classic: MySQL to S3 to the warehouse, a month of it, on a cluster.</summary>
[Collection(SharedClusterTests.Name)]
public sealed class MainRoadTests(SharedCluster shared)
{
    private static readonly Row[] Rows =
    [
        new(1, 1234567890123456.7891m, "아주 \"좋아요\", 정말\n최고 👍", true, new(2021, 2, 5, 10, 11, 12)),
        new(2, -0.5m, "", false, new(2021, 2, 5, 23, 59, 59)),
        new(3, null, null, null, new(2021, 2, 5)),
        new(4, 0m, "it's \\N, \\t and \\", true, new(2021, 2, 6)),
        new(5, 99999.9999m, "NULL", null, new(2021, 2, 6, 12, 0, 0)),
        new(6, 7m, "\"\"", false, new(2021, 2, 7, 1, 2, 3)),
        new(7, 7.5m, " kept ", true, new(2021, 2, 8, 1, 2, 3)),
        new(8, 8m, "줄\r\n바꿈\t탭,쉼표;", true, new(2021, 2, 9, 1, 2, 3)),
        new(9, 9m, "after the backfill", true, new(2021, 2, 10)),
    ];

    [Fact]
    public async Task A_backfill_carries_every_row_and_a_second_one_changes_nothing()
    {
        var api = shared.Api;
        var mysql = await MariaDbServer.StartSharedAsync();
        var postgres = await PostgresServer.StartSharedAsync();
        var s3 = await S3Server.StartSharedAsync();
        var warehouse = await postgres.CreateDatabaseAsync();
        await mysql.QueryAsync("CREATE DATABASE prod");
        await mysql.QueryAsync(
            """
            CREATE TABLE nps (id BIGINT PRIMARY KEY, score DECIMAL(20,4), comment TEXT CHARACTER SET utf8mb4, ok BOOLEAN, created_at DATETIME NOT NULL, day DATE NOT NULL)
            """,
            "prod");
        foreach (var row in Rows)
        {
            await mysql.QueryAsync($"INSERT INTO nps VALUES ({row.Id}, {row.Score?.ToString() ?? "NULL"}, {Hex(row.Comment)}, {row.Ok?.ToString() ?? "NULL"}, '{row.CreatedAt:s}', '{row.CreatedAt:yyyy-MM-dd}')", "prod");
        }

        await Database.AskAsync(
            warehouse,
            """
            CREATE SCHEMA raw_data;
            CREATE TABLE raw_data.nps (id bigint PRIMARY KEY, score numeric(20,4), comment text, ok smallint, created_at timestamp NOT NULL, day date NOT NULL);
            INSERT INTO raw_data.nps VALUES (2, 99, 'an old version', 1, '2021-02-05', '2021-02-05'), (100, 1, 'of another source', 1, '2020-01-01', '2020-01-01')
            """);
        await api.SetConnectionAsync("nps_mysql", mysql.Uri("prod"));
        await api.SetConnectionAsync("nps_warehouse", postgres.UriOf(warehouse));
        await api.SetConnectionAsync("nps_s3", S3Uri.Of(s3));
        await api.SetVariableAsync("nps_bucket", await s3.CreateBucketAsync());
        await shared.Cluster.AddDagAsync(
            "mysql_to_redshift_v2",
            """
            Dag.Define("mysql_to_redshift_v2", dag =>
            {
                dag.Schedule = Schedule.Daily;
                dag.StartDate = Date.Of(2021, 2, 5);
                dag.Catchup = CatchupMode.None;
                dag.MaxActiveRuns = 1;
                var bucket = dag.Variable("nps_bucket");
                const string Key = "nps/nps-{{ ds }}.csv";

                var extract = dag.Add("mysql_nps_to_s3", new SqlToS3Operator
                {
                    Query = "SELECT * FROM prod.nps WHERE DATE(created_at) = DATE('{{ execution_date }}')",
                    SqlConnectionId = "nps_mysql", S3Bucket = bucket, S3Key = Key, AwsConnectionId = "nps_s3", Replace = true,
                });
                var load = dag.Add("s3_nps_to_redshift", new S3ToRedshiftOperator
                {
                    S3Bucket = bucket, S3Key = Key, AwsConnectionId = "nps_s3", RedshiftConnectionId = "nps_warehouse",
                    Schema = "raw_data", Table = "nps", Method = LoadMethod.Upsert, UpsertKeys = ["id"],
                });
                extract.Then(load);
            });
            """);

        var first = await api.BackfillAsync("mysql_to_redshift_v2", "2021-02-05", "2021-02-10", maxActiveRuns: 2);

        Row[] expected = [.. Rows.Where(row => row.Id < 9), new(100, 1, "of another source", true, new(2020, 1, 1))];
        await AssertSucceededAsync(first);
        Assert.Equal(expected, await WarehouseAsync(warehouse));
        Assert.True(MostAtOnce(first.Runs) <= 2, "max_active_runs is 2");

        await Database.AskAsync(warehouse, "DELETE FROM raw_data.nps WHERE id = 4; UPDATE raw_data.nps SET comment = 'spoilt' WHERE id = 7");
        await AssertSucceededAsync(await api.BackfillAsync("mysql_to_redshift_v2", "2021-02-05", "2021-02-10", maxActiveRuns: 2, reprocess: "completed"));
        Assert.Equal(expected, await WarehouseAsync(warehouse));
    }

    private async Task AssertSucceededAsync(BackfillDetails backfill)
    {
        foreach (var run in backfill.Runs.Where(run => run.State != "success"))
        {
            Assert.Fail(ClusterApi.Describe(await shared.Api.ShowAsync(run.DagId, run.RunId)));
        }

        Assert.Equal((5, 5, 0), (backfill.Backfill.Total, backfill.Backfill.Succeeded, backfill.Backfill.Failed));
        Assert.Equal(
            ["2021-02-05", "2021-02-06", "2021-02-07", "2021-02-08", "2021-02-09"],
            backfill.Runs.Select(run => run.LogicalDate.ToString("yyyy-MM-dd")).Order());
    }

    private static int MostAtOnce(IReadOnlyList<RunSummary> runs) =>
        runs.Max(one => runs.Count(other => other.StartedAt <= one.StartedAt && other.EndedAt > one.StartedAt));

    private static string Hex(string? text) =>
        text is null ? "NULL" : text.Length == 0 ? "''" : $"CONVERT(0x{Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(text))} USING utf8mb4)";

    private static async Task<List<Row>> WarehouseAsync(string warehouse)
    {
        await using var source = NpgsqlDataSource.Create(warehouse);
        await using var command = source.CreateCommand("SELECT id, score, comment, ok, created_at, day FROM raw_data.nps ORDER BY id");
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<Row>();
        while (await reader.ReadAsync())
        {
            rows.Add(new(
                reader.GetInt64(0),
                reader.IsDBNull(1) ? null : reader.GetDecimal(1),
                reader.IsDBNull(2) ? null : reader.GetString(2),
                reader.IsDBNull(3) ? null : reader.GetInt16(3) == 1,
                reader.GetDateTime(4)));
            Assert.Equal(reader.GetDateTime(4).Date, reader.GetDateTime(5));
        }

        return rows;
    }

    private sealed record Row(long Id, decimal? Score, string? Comment, bool? Ok, DateTime CreatedAt);
}
