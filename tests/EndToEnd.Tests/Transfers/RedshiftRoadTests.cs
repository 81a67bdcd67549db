using Sluice.EndToEnd.Tests.Nodes;
using Sluice.Services;
using Sluice.Services.Redshift;

namespace Sluice.EndToEnd.Tests.Transfers;

/// <summary>MySQL to S3 to Redshift on a cluster, by Redshift's own COPY.</summary>
[Collection(SharedClusterTests.Name)]
public sealed class RedshiftRoadTests(SharedCluster shared) : IAsyncLifetime
{
    private const string Role = "arn:aws:iam::123456789012:role/load";

    private RedshiftServer _redshift = null!;
    private string _warehouse = "";

    public async Task InitializeAsync()
    {
        _redshift = await RedshiftServer.StartAsync();
        _redshift.Settings.Attach(Role);
        _warehouse = await _redshift.CreateDatabaseAsync();
    }

    public async Task DisposeAsync() => await _redshift.DisposeAsync();

    [Fact]
    public async Task A_backfill_carries_every_row_through_conflicts_and_broken_connections_and_a_second_one_changes_nothing()
    {
        var api = shared.Api;
        var mysql = await MariaDbServer.StartSharedAsync();
        var s3 = await S3Server.StartSharedAsync();
        var database = new Uri(await mysql.CreateDatabaseAsync()).AbsolutePath.Trim('/');
        await mysql.QueryAsync(
            """
            CREATE TABLE nps (id BIGINT PRIMARY KEY, score DECIMAL(20,4), comment TEXT CHARACTER SET utf8mb4, created_at DATETIME NOT NULL);
            INSERT INTO nps VALUES
                (1, 1234567890123456.7891, '아주 "좋아요", 정말\n최고 👍', '2021-02-05 10:11:12'), (2, -0.5, '', '2021-02-05 23:59:59'), (3, NULL, NULL, '2021-02-06'),
                (4, 0, 'it''s \\N, \t and \\', '2021-02-06'), (5, 7, 'NULL', '2021-02-07 12:00:00')
            """,
            database);
        await api.SetConnectionAsync("road_redshift", _redshift.Uri(_warehouse, $"iam_role={Role}"));
        await api.SetConnectionAsync("road_mysql", mysql.Uri(database));
        await api.SetConnectionAsync("road_s3", S3Uri.Of(s3));
        await shared.Cluster.AddDagAsync(
            "redshift_road",
            $$"""
            Dag.Define("redshift_road", dag =>
            {
                dag.Schedule = Schedule.Daily;
                dag.StartDate = Date.Of(2021, 2, 5);
                dag.Catchup = CatchupMode.None;
                var bucket = dag.Variable("road_bucket", "{{await s3.CreateBucketAsync()}}");
                const string Key = "nps/{{"{{ ds }}"}}.csv.gz";

                var extract = dag.Add("extract", new SqlToS3Operator
                {
                    Query = "SELECT created_at, id, comment, score FROM nps WHERE DATE(created_at) = '{{"{{ ds }}"}}'",
                    SqlConnectionId = "road_mysql", S3Bucket = bucket, S3Key = Key, AwsConnectionId = "road_s3", Replace = true, NullMarker = "\\N",
                });
                var load = dag.Add("load", new S3ToRedshiftOperator
                {
                    S3Bucket = bucket, S3Key = Key, AwsConnectionId = "road_s3", RedshiftConnectionId = "road_redshift", NullMarker = "\\N",
                    Table = "nps", Method = LoadMethod.Upsert,
                });
                extract.Then(load);
            });
            """);
        await CreateAsync(
            """
            CREATE TABLE nps (id bigint ENCODE az64, score decimal(20,4), comment varchar(max), created_at timestamp SORTKEY, loaded_by varchar NOT NULL DEFAULT 'sluice', PRIMARY KEY (id))
            DISTSTYLE EVEN
            """);
        _redshift.Faults.Conflict("^INSERT", times: 2);
        _redshift.Faults.DropAfter("^DELETE");
        _redshift.Faults.DropAtRow(1);

        await SucceedsAsync("completed");
        Assert.Equal(0, _redshift.Faults.Left);
        const string Expected =
            "1|1234567890123456.7891|아주 \"좋아요\", 정말\n최고 👍|2021-02-05 10:11:12|sluice;2|-0.5000||2021-02-05 23:59:59|sluice;3|~|~|2021-02-06 00:00:00|sluice;"
            + "4|0.0000|it's \\N, \t and \\|2021-02-06 00:00:00|sluice;5|7.0000|NULL|2021-02-07 12:00:00|sluice";
        Assert.Equal(Expected, await TableAsync());

        await Database.AskAsync(_warehouse, "DELETE FROM nps WHERE id = 4; UPDATE nps SET comment = 'spoilt' WHERE id = 1");
        await SucceedsAsync("completed");
        Assert.Equal(Expected, await TableAsync());

        async Task SucceedsAsync(string reprocess)
        {
            var backfill = await api.BackfillAsync("redshift_road", "2021-02-05", "2021-02-08", maxActiveRuns: 3, reprocess: reprocess);
            foreach (var run in backfill.Runs.Where(run => run.State != "success"))
            {
                Assert.Fail(ClusterApi.Describe(await api.ShowAsync(run.DagId, run.RunId)));
            }

            Assert.Equal(3, backfill.Backfill.Succeeded);
        }
    }

    [Fact]
    public async Task A_row_that_does_not_fit_is_the_tasks_error_and_secrets_are_in_no_log()
    {
        var api = shared.Api;
        var s3 = await S3Server.StartSharedAsync();
        await api.SetConnectionAsync("bad_redshift", _redshift.Uri(_warehouse));
        await api.SetConnectionAsync("bad_redshift_s3", S3Uri.Of(s3).Replace($":{s3.SecretKey}@", ":an0ther-s3cret@", StringComparison.Ordinal));
        await api.SetConnectionAsync("good_redshift_s3", S3Uri.Of(s3));
        await api.SetConnectionAsync("bad_redshift_source", (await MariaDbServer.StartSharedAsync()).Uri("mysql"));
        await Database.AskAsync(_warehouse, "CREATE TABLE bad (id int, score numeric(5,2)); INSERT INTO bad VALUES (1, 1)");
        await shared.Cluster.AddDagAsync(
            "bad_redshift",
            $$"""
            Dag.Define("bad_redshift", dag =>
            {
                var bucket = dag.Variable("bad_redshift_bucket", "{{await s3.CreateBucketAsync()}}");
                var extract = dag.Add("extract", new SqlToS3Operator
                {
                    Query = "SELECT 2 AS id, '2.5' AS score UNION ALL SELECT 3, 'many'", SqlConnectionId = "bad_redshift_source", S3Bucket = bucket, S3Key = "bad.csv", AwsConnectionId = "good_redshift_s3",
                });
                S3ToRedshiftOperator Load(string s3) => new()
                {
                    S3Bucket = bucket, S3Key = "bad.csv", AwsConnectionId = s3, RedshiftConnectionId = "bad_redshift", Table = "bad", Method = LoadMethod.Replace,
                };
                extract.Then(dag.Add("row", Load("good_redshift_s3")));
                extract.Then(dag.Add("secret", Load("bad_redshift_s3")));
            });
            """);
        await api.TriggerAsync("bad_redshift");

        var run = await api.EndedAsync("bad_redshift");

        var row = run.Tasks.Single(task => task.TaskId == "row");
        Assert.True(row.State == "failed", ClusterApi.Describe(run));
        Assert.Contains("bad.csv, line 3, column 'score' (numeric 5), value 'many': Invalid digit, Value 'm', Pos 0, Type: Decimal (error 1207)", row.Error, StringComparison.Ordinal);
        var secret = run.Tasks.Single(task => task.TaskId == "secret");
        Assert.Contains("SignatureDoesNotMatch", secret.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("an0ther", secret.Error + await api.LogAsync("bad_redshift", "secret"), StringComparison.Ordinal);
        Assert.Contains("SECRET_ACCESS_KEY '***'", await api.LogAsync("bad_redshift", "secret"), StringComparison.Ordinal);
        Assert.Equal("1=1.00", await Database.AskAsync(_warehouse, "SELECT string_agg(id || '=' || score, ',') FROM bad"));
    }

    [Fact]
    public async Task Redshift_writes_into_S3_by_a_Dag_in_YAML_and_PostgreSQL_has_every_row()
    {
        const string Dag = "redshift_unload";
        var api = shared.Api;
        var s3 = await S3Server.StartSharedAsync();
        var bucket = await s3.CreateBucketAsync();
        var target = await _redshift.CreateDatabaseAsync();
        await api.SetConnectionAsync("unload_redshift", _redshift.Uri(_warehouse, $"iam_role={Role}"));
        await api.SetConnectionAsync("unload_postgres", (await PostgresServer.StartSharedAsync()).UriOf(target));
        await api.SetConnectionAsync("unload_s3", S3Uri.Of(s3));
        await Database.AskAsync(_warehouse, "CREATE TABLE unloaded (id int, score numeric(5,2), name text); INSERT INTO unloaded VALUES (1, 1.5, 'a, \"b\"'), (2, NULL, ''), (3, 3, NULL), (9, 9, 'not this one')");
        await Database.AskAsync(target, "CREATE TABLE copied (id int, score numeric(5,2), name text)");
        await shared.Cluster.WriteDagFileAsync(
            $"{Dag}.yaml",
            $$$"""
            dag_id: {{{Dag}}}
            params: { most: 3 }
            tasks:
              - id: unload
                operator: RedshiftToS3Operator
                query: SELECT id, score, name FROM unloaded WHERE id <= {{ params.most }}
                redshift_connection_id: unload_redshift
                uri: s3://{{{bucket}}}/{{ dag.dag_id }}.csv.gz
                aws_connection_id: unload_s3
                replace: true
                reconcile: counts
              - id: load
                operator: S3ToPostgresOperator
                table: copied
                uri: s3://{{{bucket}}}/{{ dag.dag_id }}.csv.gz
                postgres_connection_id: unload_postgres
                aws_connection_id: unload_s3
                method: replace
                reconcile: counts
                depends_on: unload
            """);
        await Until.TrueAsync(async () => (await api.DagsAsync()).Any(dag => dag.DagId == Dag), "the Dag is there", () => shared.Cluster.Logs);
        await api.TriggerAsync(Dag);

        var run = await api.EndedAsync(Dag);

        Assert.True(run.Tasks.All(task => task.State == "success"), ClusterApi.Describe(run));
        Assert.Equal("1|1.50|a, \"b\";2|~|;3|3.00|~", await Database.AskAsync(target, "SELECT string_agg(concat_ws('|', id, coalesce(score::text, '~'), coalesce(name, '~')), ';' ORDER BY id) FROM copied"));
        Assert.Contains("Wrote 3 rows", await api.LogAsync(Dag, "unload"), StringComparison.Ordinal);
    }

    private async Task CreateAsync(string sql) => await Database.AskAsync(_redshift.ConnectionString(_warehouse), sql);

    private async Task<string> TableAsync() => (string)(await Database.AskAsync(
        _warehouse,
        "SELECT string_agg(concat_ws('|', id, coalesce(score::text, '~'), coalesce(comment, '~'), created_at, loaded_by), ';' ORDER BY id) FROM nps"))!;
}
