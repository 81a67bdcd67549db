using Sluice.EndToEnd.Tests.Nodes;
using Sluice.Services;
using Sluice.Services.Redshift;

namespace Sluice.EndToEnd.Tests.Transfers;

/// <summary>The road of docs/guides/mysql-to-redshift.md, with its own DAGs and its own table.</summary>
[Collection(SharedClusterTests.Name)]
public sealed class GuideTests(SharedCluster shared)
{
    private const string Role = "arn:aws:iam::123456789012:role/load";

    [Fact]
    public async Task All_of_the_table_then_what_changed_then_three_days_at_once()
    {
        var api = shared.Api;
        await using var mysql = await MariaDbServer.StartAsync();
        await using var redshift = await RedshiftServer.StartAsync();
        redshift.Settings.Attach(Role);
        var warehouse = await redshift.CreateDatabaseAsync();
        var s3 = await S3Server.StartSharedAsync();
        var examples = Path.Combine(Repository.Root, "examples", "nps");
        await mysql.QueryAsync("SET @rows = 3000;\n" + await File.ReadAllTextAsync(Path.Combine(examples, "nps.sql")));
        await Database.AskAsync(
            warehouse,
            """
            CREATE SCHEMA raw_data;
            CREATE TABLE raw_data.nps (
                id bigint PRIMARY KEY, user_id integer, score smallint, amount decimal(12, 2), channel varchar(20), comment varchar(800), created_at timestamp, updated_at timestamp)
            """);
        await api.SetConnectionAsync("shop", mysql.Uri("prod"));
        await api.SetConnectionAsync("lake", S3Uri.Of(s3));
        await api.SetConnectionAsync("warehouse", redshift.Uri(warehouse, $"iam_role={Role}"));
        await api.SetVariableAsync("nps_bucket", await s3.CreateBucketAsync());
        foreach (var file in Directory.GetFiles(Path.Combine(examples, "dags")))
        {
            File.Copy(file, Path.Combine(shared.Cluster.DagFolder, Path.GetFileName(file)));
        }

        foreach (var dag in (string[])["nps_full_refresh", "nps_incremental"])
        {
            await Until.ValueAsync(async () => (await api.DagsAsync()).FirstOrDefault(one => one.DagId == dag), $"{dag} is imported");
        }

        await api.TriggerAsync("nps_full_refresh");
        await api.SucceededAsync("nps_full_refresh");
        var whole = await mysql.QueryAsync("SELECT COUNT(*), SUM(score), SUM(amount), COUNT(comment), SUM(comment = '') FROM prod.nps");
        Assert.Equal(whole.Trim().Replace('\t', '|'), await SeeAsync());

        // Rows of the first day change; the days around it are carried too, and change nothing.
        await mysql.QueryAsync("UPDATE prod.nps SET score = 10, comment = '바뀜', updated_at = '2021-02-02 12:00:00' WHERE id % 3 = 0");
        var backfill = await api.BackfillAsync("nps_incremental", "2021-02-01", "2021-02-04", maxActiveRuns: 2);
        Assert.Equal((3, 3), (backfill.Backfill.Succeeded, backfill.Runs.Count));
        whole = await mysql.QueryAsync("SELECT COUNT(*), SUM(score), SUM(amount), COUNT(comment), SUM(comment = '') FROM prod.nps");
        Assert.Equal(whole.Trim().Replace('\t', '|'), await SeeAsync());

        async Task<string> SeeAsync() =>
            ((string)(await Database.AskAsync(warehouse, "SELECT COUNT(*)::text || '|' || SUM(score) || '|' || SUM(amount) || '|' || COUNT(comment) || '|' || COUNT(CASE WHEN comment = '' THEN 1 END) FROM raw_data.nps"))!).Trim();
    }
}
