using Sluice.EndToEnd.Tests.Nodes;
using Sluice.Services;

namespace Sluice.EndToEnd.Tests.Transfers;

/// <summary>What people mistype: names, passwords, rows.</summary>
[Collection(SharedClusterTests.Name)]
public sealed class BadDataTests(SharedCluster shared)
{
    private const string WrongPassword = "wr0ng-p4ss/@word";

    [Fact]
    public async Task Each_mistake_is_one_clear_message_and_nothing_is_half_loaded()
    {
        var api = shared.Api;
        var mysql = await MariaDbServer.StartSharedAsync();
        var postgres = await PostgresServer.StartSharedAsync();
        var s3 = await S3Server.StartSharedAsync();
        var warehouse = await postgres.CreateDatabaseAsync();
        await Database.AskAsync(warehouse, "CREATE TABLE nps (id int PRIMARY KEY, score numeric(5,2)); INSERT INTO nps VALUES (1, 1)");
        var rows = Path.Combine(shared.Cluster.Folder, "bad.csv");
        await File.WriteAllLinesAsync(rows, ["id,score", "2,2.5", "3,not a number", "4,4"]);
        await api.SetConnectionAsync("bad_mysql", mysql.Uri("mysql"));
        await api.SetConnectionAsync("bad_mysql_password", mysql.Uri("mysql").Replace(Uri.EscapeDataString(mysql.Password), Uri.EscapeDataString(WrongPassword), StringComparison.Ordinal));
        await api.SetConnectionAsync("bad_postgres", postgres.UriOf(warehouse));
        await api.SetConnectionAsync("bad_postgres_password", postgres.UriOf(warehouse).Replace(Uri.EscapeDataString(postgres.Password), Uri.EscapeDataString(WrongPassword), StringComparison.Ordinal));
        await api.SetConnectionAsync("bad_s3", S3Uri.Of(s3));
        await shared.Cluster.AddDagAsync(
            "bad_data",
            $$"""
            Dag.Define("bad_data", dag =>
            {
                var bucket = dag.Variable("bad_bucket", "{{await s3.CreateBucketAsync()}}");
                SqlToS3Operator Extract(string query, string connection, string bucket) => new()
                {
                    Query = query, SqlConnectionId = connection, S3Bucket = bucket, S3Key = "x.csv", AwsConnectionId = "bad_s3", Replace = true,
                };
                S3ToRedshiftOperator Load(string table, LoadMethod method) => new()
                {
                    Uri = "file://{{rows}}", RedshiftConnectionId = "bad_postgres", Table = table, Method = method,
                };

                dag.Add("no_connection", new SqlOperator { Sql = "SELECT 1", ConnectionId = "nowhere" });
                dag.Add("mysql_password", Extract("SELECT 1", "bad_mysql_password", bucket));
                dag.Add("postgres_password", new SqlOperator { Sql = "SELECT 1", ConnectionId = "bad_postgres_password" });
                dag.Add("no_bucket", Extract("SELECT 1 AS one", "bad_mysql", "there-is-no-such-bucket"));
                dag.Add("no_source", Extract("SELECT * FROM prod_2.nps", "bad_mysql", bucket));
                dag.Add("no_target", Load("no_such_table", LoadMethod.Append));
                dag.Add("unknown_name", new SqlOperator { Sql = "SELECT '{{"{{ nobody_knows }}"}}'", ConnectionId = "bad_postgres" });
                dag.Add("unknown_variable", new SqlOperator { Sql = "SELECT '{{"{{ var.value.never_set }}"}}'", ConnectionId = "bad_postgres" });
                dag.Add("append", Load("nps", LoadMethod.Append));
                dag.Add("replace", Load("nps", LoadMethod.Replace));
                dag.Add("upsert", Load("nps", LoadMethod.Upsert));
                dag.Run("tells", async ctx =>
                {
                    var connection = await ctx.ConnectionAsync("bad_postgres");
                    ctx.Log($"the password is {connection.Password}");
                    Console.WriteLine($"on the console: {connection.Password}");
                    throw new InvalidOperationException($"cannot log in with {connection.Password}");
                });
                dag.Add("good", new SqlOperator { Sql = "SELECT 1", ConnectionId = "bad_postgres" });
            });
            """);
        await api.TriggerAsync("bad_data");

        var run = await api.EndedAsync("bad_data");

        await SaysAsync("no_connection", "There is no connection 'nowhere'");
        await SaysAsync("mysql_password", "Access denied");
        await SaysAsync("postgres_password", "password authentication failed");
        await SaysAsync("no_bucket", "there-is-no-such-bucket");
        await SaysAsync("no_source", "prod_2");
        await SaysAsync("no_target", "no_such_table");
        await SaysAsync("unknown_name", "nobody_knows", "sql", "column 12");
        await SaysAsync("unknown_variable", "never_set", "sql");
        await SaysAsync("append", "not a number");
        await SaysAsync("replace", "not a number");
        await SaysAsync("upsert", "not a number");
        await SaysAsync("tells", "cannot log in with ***");
        Assert.Contains("the password is ***", await api.LogAsync("bad_data", "tells"), StringComparison.Ordinal);
        Assert.Contains("on the console: ***", await api.LogAsync("bad_data", "tells"), StringComparison.Ordinal);
        Assert.Equal("success", run.Tasks.Single(task => task.TaskId == "good").State);
        Assert.Equal("1=1.00", await Database.AskAsync(warehouse, "SELECT string_agg(id || '=' || score, ',') FROM nps"));
        Assert.Equal(
            0L, await Database.AskAsync(warehouse, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'"));

        async Task SaysAsync(string task, params string[] words)
        {
            var attempt = run.Tasks.Single(attempt => attempt.TaskId == task);
            Assert.True(attempt is { State: "failed", Error: not null }, $"{task} is {attempt.State}: {attempt.Error}");
            Assert.All(words, word => Assert.Contains(word, attempt.Error, StringComparison.Ordinal));
            Assert.DoesNotContain('\n', attempt.Error);
            var log = await api.LogAsync("bad_data", task);
            Assert.All(
                [WrongPassword, Uri.EscapeDataString(WrongPassword), mysql.Password, postgres.Password, Uri.EscapeDataString(postgres.Password)],
                secret => Assert.DoesNotContain(secret, attempt.Error + log, StringComparison.Ordinal));
        }
    }
}
