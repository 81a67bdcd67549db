using Sluice.EndToEnd.Tests.Nodes;
using Sluice.Services;
using Sluice.Services.Redshift;

namespace Sluice.EndToEnd.Tests.Transfers;

/// <summary>Workers are killed in the middle of loads into Redshift.</summary>
public sealed class KilledLoadTests
{
    private const string Role = "arn:aws:iam::123456789012:role/load";
    private const string Before = "1=old 9=old";
    private const string Upserted = "1=new 2=new 9=old";
    private const string Appended = "1=new 1=old 2=new 9=old";

    // Long enough that a busy machine loses no worker that lives.
    private static readonly string[] Patience = ["--lease-duration", "5s", "--heartbeat-every", "500ms", "--fence-after", "8s", "--lost-after", "12s"];

    [Fact]
    public async Task A_worker_that_is_killed_at_a_statement_leaves_the_table_before_or_after_and_the_next_one_makes_it_right()
    {
        await using var redshift = await RedshiftServer.StartAsync();
        redshift.Settings.Attach(Role);
        var warehouse = await redshift.CreateDatabaseAsync();
        await Database.AskAsync(redshift.ConnectionString(warehouse), "CREATE TABLE t (id int PRIMARY KEY, v varchar)");
        await using var cluster = await TestCluster.CreateAsync(null, Patience);
        await cluster.StartSeedAsync();
        await cluster.StartSchedulerAsync("scheduler");
        var worker = await cluster.StartWorkerAsync("worker_0");
        await cluster.ReadyAsync();
        var s3 = await S3Server.StartSharedAsync();
        await cluster.Api.SetConnectionAsync("redshift", redshift.Uri(warehouse, $"iam_role={Role}"));
        await cluster.Api.SetConnectionAsync("mysql", (await MariaDbServer.StartSharedAsync()).Uri("mysql"));
        await cluster.Api.SetConnectionAsync("s3", S3Uri.Of(s3));
        await AddDagAsync(cluster, "killed_Upsert", "Upsert", await s3.CreateBucketAsync());
        await AddDagAsync(cluster, "killed_Append", "Append", await s3.CreateBucketAsync());
        var kills = new (string Method, string Statement, string After)[]
        {
            ("Upsert", "^COPY", Upserted), ("Upsert", "^INSERT INTO \"public\"", Upserted), ("Append", "^INSERT INTO \"public\".\"sluice_loads\"", Appended), ("Append", "^COMMIT", Appended),
        };
        foreach (var (method, statement, after) in kills)
        {
            var (dag, run) = ($"killed_{method}", $"run_{worker.Name}");
            await Database.AskAsync(warehouse, "DELETE FROM t; INSERT INTO t VALUES (1, 'old'), (9, 'old')");
            var pause = redshift.Faults.Pause(statement);
            await cluster.Api.TriggerAsync(dag, run);
            await pause.Reached.WaitAsync(Until.Patience);
            var next = await cluster.StartWorkerAsync($"{worker.Name}x");
            await Until.TrueAsync(() => next.Log.Contains("Linked to", StringComparison.Ordinal), "the next worker has joined");

            await worker.KillAsync();
            var again = redshift.Faults.Pause("^SELECT pg_backend_pid"); // the next attempt begins when the table has been looked at
            pause.Release();
            worker = next;

            // What was sent is done by the server, and nothing after it.
            Assert.Contains(await TableAsync(), statement == "^COMMIT" ? [Before, after] : new[] { Before });
            again.Release();
            await cluster.Api.SucceededAsync(dag, run);
            Assert.Equal(after, await TableAsync());
        }

        async Task<string> TableAsync() => (string)(await Database.AskAsync(warehouse, "SELECT string_agg(id || '=' || v, ' ' ORDER BY id, v) FROM t"))!;
    }

    private static Task AddDagAsync(TestCluster cluster, string dag, string method, string bucket) => cluster.AddDagAsync(
        dag,
        $$"""
        Dag.Define("{{dag}}", dag =>
        {
            var extract = dag.Add("extract", new SqlToS3Operator
            {
                Query = "SELECT 'new' AS v, 1 AS id UNION ALL SELECT 'new', 2", SqlConnectionId = "mysql", S3Bucket = "{{bucket}}", S3Key = "rows.csv", AwsConnectionId = "s3", Replace = true,
            });
            extract.Then(dag.Add("load", new S3ToRedshiftOperator
            {
                S3Bucket = "{{bucket}}", S3Key = "rows.csv", AwsConnectionId = "s3", RedshiftConnectionId = "redshift", Table = "t", Method = LoadMethod.{{method}},
            }));
        });
        """);
}
