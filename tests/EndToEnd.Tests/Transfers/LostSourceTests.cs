using Sluice.EndToEnd.Tests.Nodes;
using Sluice.Services;

namespace Sluice.EndToEnd.Tests.Transfers;

/// <summary>The source goes away in the middle of a long extract.</summary>
[Collection(SharedClusterTests.Name)]
public sealed class LostSourceTests(SharedCluster shared)
{
    private const int Rows = 3000;
    private const int LongText = 20_000;

    [Fact]
    public async Task An_extract_that_its_database_broke_off_leaves_no_object_and_its_retry_brings_all_rows()
    {
        await using var mysql = await MariaDbServer.StartAsync();
        var s3 = await S3Server.StartSharedAsync();
        var bucket = await s3.CreateBucketAsync();
        await mysql.QueryAsync("CREATE DATABASE prod");
        await mysql.QueryAsync($"CREATE TABLE nps (id INT PRIMARY KEY, comment LONGTEXT) SELECT seq AS id, REPEAT('x', {LongText}) AS comment FROM seq_1_to_{Rows}", "prod");
        await mysql.QueryAsync("CREATE TABLE gate (seconds DOUBLE) SELECT 0.006 AS seconds", "prod");
        var target = Path.Combine(shared.Cluster.Folder, "lost-source.csv");
        await shared.Api.SetConnectionAsync("lost_mysql", mysql.Uri("prod"));
        await shared.Api.SetConnectionAsync("lost_s3", S3Uri.Of(s3));

        // Each row takes long while the gate is shut, so that the extract is met in its middle: 60 MB in 20 s.
        const string Query = "SELECT id, comment FROM nps WHERE SLEEP((SELECT seconds FROM gate)) = 0 ORDER BY id";
        await shared.Cluster.AddDagAsync(
            "lost_extract",
            $$"""
            Dag.Define("lost_extract", dag =>
            {
                dag.Defaults.Retries = 300;
                dag.Defaults.RetryDelay = TimeSpan.FromSeconds(1);
                dag.Add("to_s3", new SqlToS3Operator
                {
                    Query = "{{Query}}", SqlConnectionId = "lost_mysql", Uri = "s3://{{bucket}}/nps.csv", AwsConnectionId = "lost_s3", Replace = true,
                });
                dag.Add("to_folder", new SqlToS3Operator { Query = "{{Query}}", SqlConnectionId = "lost_mysql", Uri = "file://{{target}}", Replace = true });
            });
            """);
        await shared.Api.TriggerAsync("lost_extract");
        await Until.TrueAsync(async () => await BytesSentAsync(mysql) > 2_000_000, "both extracts are under way", () => shared.Cluster.Logs);

        await mysql.KillAsync();
        foreach (var task in (string[])["to_s3", "to_folder"])
        {
            await Until.TrueAsync(
                async () => (await shared.Api.TaskStateAsync("lost_extract", task)).Attempts[0].State is not "running", $"the first attempt of {task} has ended", () => shared.Cluster.Logs);
            var broken = (await shared.Api.TaskStateAsync("lost_extract", task)).Attempts[0];
            Assert.NotNull(broken.Error);
            Assert.DoesNotContain('\n', broken.Error);
            Assert.DoesNotContain(mysql.Password, broken.Error, StringComparison.Ordinal);
        }

        Assert.False(File.Exists(target));
        Assert.Empty(Objects(s3, bucket));

        await mysql.StartAgainAsync();
        await mysql.QueryAsync("UPDATE gate SET seconds = 0", "prod");
        await shared.Api.SucceededAsync("lost_extract");
        await AssertWholeAsync(target);
        await AssertWholeAsync(Assert.Single(Objects(s3, bucket)));
    }

    private static async Task<long> BytesSentAsync(MariaDbServer mysql) =>
        long.Parse((await mysql.QueryAsync("SHOW GLOBAL STATUS LIKE 'Bytes_sent'")).Trim().Split('\t')[1]);

    /// <summary>Files of s3rver that hold an object of the bucket; parts of an upload that was not completed are none.</summary>
    private static string[] Objects(S3Server s3, string bucket) => Directory.GetFiles(Path.Combine(s3.Folder, "buckets", bucket), "nps.csv._S3rver_object");

    private static async Task AssertWholeAsync(string file)
    {
        var lines = await File.ReadAllLinesAsync(file);
        Assert.Equal("id,comment", lines[0]);
        Assert.Equal(Enumerable.Range(1, Rows), lines.Skip(1).Select(line => int.Parse(line.Split(',')[0])));
        Assert.All(lines.Skip(1), line => Assert.Equal(LongText, line.Split(',')[1].Length));
    }
}
