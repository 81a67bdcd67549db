using Sluice.Authoring.Hooks;
using Sluice.Authoring.Loading;
using Sluice.Authoring.Operators;
using Sluice.Providers.Aws.Operators;
using Sluice.Providers.Tests.Redshift;
using Sluice.Services;

namespace Sluice.Providers.Tests.Loading;

/// <summary>Tables that change, that views depend on, and whose names are anything.</summary>
public sealed class OddTableTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("postgres", DriftPolicy.Fail)]
    [InlineData("postgres", DriftPolicy.Ignore)]
    [InlineData("postgres", DriftPolicy.AddColumns)]
    [InlineData("sqlite", DriftPolicy.Fail)]
    [InlineData("sqlite", DriftPolicy.Ignore)]
    [InlineData("sqlite", DriftPolicy.AddColumns)]
    [InlineData("redshift", DriftPolicy.Fail)]
    [InlineData("redshift", DriftPolicy.Ignore)]
    [InlineData("redshift", DriftPolicy.AddColumns)]
    public async Task A_column_of_the_source_that_is_dropped_between_two_runs_is_told_and_gets_its_default(string kind, DriftPolicy drift)
    {
        await using var road = kind == "redshift" ? await RedshiftRoad.StartAsync() : null;
        var run = (road?.Run ?? await TargetAsync(kind)).With("source", await (await MariaDbServer.StartSharedAsync()).CreateDatabaseAsync());
        var (uri, store) = road is null ? (_folder.Uri("s.csv"), null) : ($"s3://{road.Bucket}/s.csv", "s3");
        await run.ExecuteSqlAsync("source", "CREATE TABLE s (id INT PRIMARY KEY, v VARCHAR(10), n INT); INSERT INTO s VALUES (1, 'a', 5), (2, 'b', 6)");
        await run.ExecuteSqlAsync("db", "CREATE TABLE t (id int PRIMARY KEY, v varchar(10) DEFAULT 'gone', n int)");
        var extract = new SqlToS3Operator { Table = "s", SqlConnectionId = "source", Uri = uri, AwsConnectionId = store, Replace = true };
        var load = new S3ToRedshiftOperator { Table = "t", Uri = uri, AwsConnectionId = store, RedshiftConnectionId = "db", Method = LoadMethod.Upsert, Drift = drift };
        await run.ExecuteAsync(extract);
        await run.ExecuteAsync(load);
        Assert.DoesNotContain(run.Log, line => line.StartsWith("The objects do not have", StringComparison.Ordinal));

        await run.ExecuteSqlAsync("source", "ALTER TABLE s DROP v; DELETE FROM s WHERE id = 2");
        await run.ExecuteAsync(extract);
        await run.ExecuteAsync(load);

        Assert.Contains("The objects do not have 'v' of table t; the rows get the defaults there.", run.Log);
        Assert.Equal("1|gone|5 2|b|6", await RowsAsync(run, "SELECT id, v, n FROM t ORDER BY id"));

        // A query or a list of columns that names it fails in the source's own words.
        extract.Columns = ["id", "v"];
        Assert.Contains("'v'", (await Assert.ThrowsAsync<SqlHookException>(() => run.ExecuteAsync(extract))).Message, StringComparison.Ordinal);

        // And one that the table cannot do without fails the load, and leaves the table as it was.
        await run.ExecuteSqlAsync("db", "DROP TABLE t; CREATE TABLE t (id int PRIMARY KEY, v varchar(10) NOT NULL); INSERT INTO t VALUES (1, 'old')");
        load.Drift = drift == DriftPolicy.Fail ? DriftPolicy.Ignore : drift; // n is one more than the table has
        var e = await Assert.ThrowsAsync<TaskFailedException>(() => run.ExecuteAsync(load));
        Assert.Contains("Table t needs 'v', which takes no NULL and has no default, and the objects do not have it.", e.Message, StringComparison.Ordinal);
        Assert.Equal("1|old", await RowsAsync(run, "SELECT * FROM t"));
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task Names_are_names_whatever_they_hold(string kind)
    {
        var run = (await TargetAsync(kind)).With("source", await (await MariaDbServer.StartSharedAsync()).CreateDatabaseAsync());
        await run.ExecuteSqlAsync("db", "CREATE TABLE t (id int); INSERT INTO t VALUES (1)");
        foreach (var (table, column) in new[]
            { ("or.der", "group"), ("표.\"이름\"", "열 \"하나\", 둘"), ("t\"; DELETE FROM t; --", "v\" int); --"), ("select", "s'; DROP TABLE t; --"), ("`tick`", "%_\\") })
        {
            var (t, c) = (SqlNames.Quote(table), SqlNames.Quote(column));
            await run.ExecuteSqlAsync("db", $"CREATE TABLE {t} (id int PRIMARY KEY, {c} varchar(10))");
            await run.ExecuteSqlAsync("source", $"CREATE TABLE {SqlNames.Quote(table, "mysql")} (id INT, {SqlNames.Quote(column, "mysql")} VARCHAR(10))");
            await run.ExecuteSqlAsync("source", $"INSERT INTO {SqlNames.Quote(table, "mysql")} VALUES (1, 'a'), (2, 'b')");
            var wrote = await run.ExecuteAsync<SqlToS3Result>(new SqlToS3Operator { Table = table, Columns = [column, "id"], SqlConnectionId = "source", Uri = _folder.Uri("n.csv"), Replace = true });
            foreach (var method in new[] { LoadMethod.Append, LoadMethod.Upsert, LoadMethod.Replace })
            {
                await run.ExecuteAsync(new S3ToRedshiftOperator { Table = table, Uri = wrote.Uri, RedshiftConnectionId = "db", Method = method, OrderColumn = method == LoadMethod.Upsert ? column : null });
                Assert.Equal("1|a 2|b", await RowsAsync(run, $"SELECT id, {c} FROM {t} ORDER BY id"));
            }
        }

        Assert.Equal("1", await RowsAsync(run, "SELECT * FROM t")); // and nothing in them was run
    }

    [Theory]
    [InlineData("postgres", LoadMethod.Append, "3|9")]
    [InlineData("postgres", LoadMethod.Replace, "2|2")]
    [InlineData("postgres", LoadMethod.Upsert, "3|9")]
    [InlineData("sqlite", LoadMethod.Append, "3|9")]
    [InlineData("sqlite", LoadMethod.Replace, "2|2")]
    [InlineData("sqlite", LoadMethod.Upsert, "3|9")]
    [InlineData("redshift", LoadMethod.Append, "3|9")]
    [InlineData("redshift", LoadMethod.Replace, "2|2")]
    [InlineData("redshift", LoadMethod.Upsert, "3|9")]
    public async Task A_table_that_views_depend_on_is_loaded_and_gets_columns(string kind, LoadMethod method, string after)
    {
        await using var road = kind == "redshift" ? await RedshiftRoad.StartAsync() : null;
        var run = road?.Run ?? await TargetAsync(kind);
        await run.ExecuteSqlAsync("db", "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (9); CREATE VIEW v AS SELECT COUNT(*) AS n, MAX(id) AS latest FROM t; CREATE VIEW w AS SELECT * FROM t");
        await LoadAsync("id\n1\n2\n", DriftPolicy.Fail);
        Assert.Equal(after, await RowsAsync(run, "SELECT n, latest FROM v"));
        await run.ExecuteSqlAsync("db", "DELETE FROM t WHERE id < 9");

        await LoadAsync("id,extra\n1,x\n2,y\n", DriftPolicy.AddColumns);

        Assert.Equal(method == LoadMethod.Replace ? "2|2" : after, await RowsAsync(run, "SELECT n, latest FROM v"));
        Assert.Equal("x y", await RowsAsync(run, "SELECT extra FROM t WHERE id < 9 ORDER BY id"));
        Assert.Equal("1 2", await RowsAsync(run, "SELECT id FROM w WHERE id < 9 ORDER BY id"));

        async Task LoadAsync(string text, DriftPolicy drift)
        {
            await File.WriteAllTextAsync(_folder["f.csv"], text);
            var uri = road is null ? _folder.Uri("f.csv") : (await road.PutAsync("f.csv", text)).ToString();
            await run.ExecuteAsync(new S3ToRedshiftOperator { Table = "t", Uri = uri, AwsConnectionId = road is null ? null : "s3", RedshiftConnectionId = "db", Method = method, Drift = drift });
        }
    }

    private async Task<TaskRun> TargetAsync(string kind) => new TaskRun().With("db", kind == "postgres"
        ? await (await PostgresServer.StartSharedAsync()).CreateDatabaseUriAsync()
        : _folder.SqliteUri("t.db"));

    private static async Task<string> RowsAsync(TaskRun run, string sql) =>
        string.Join(' ', (await run.QueryAsync("db", sql)).Select(row => string.Join('|', row)));
}
