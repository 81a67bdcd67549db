using System.Text.Json;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Loading;
using Sluice.Authoring.Operators;
using Sluice.Providers.Aws.Operators;
using Sluice.Providers.Tests.Redshift;
using Sluice.Services;

namespace Sluice.Providers.Tests.Loading;

/// <summary>Which rows that a table refuses go to the quarantine one by one, and which fail the load, by target and method.</summary>
public sealed class QuarantineTests : IDisposable
{
    private const string Table = "CREATE TABLE t (id int PRIMARY KEY, v varchar(10) DEFAULT 'none' NOT NULL, n int CHECK (n < 100), day date); INSERT INTO t (id, v, n) VALUES (9, 'old', 9)";

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("postgres", "append")]
    [InlineData("postgres", "replace")]
    [InlineData("postgres", "upsert")]
    [InlineData("postgres", "snapshot")]
    [InlineData("sqlite", "append")]
    [InlineData("sqlite", "replace")]
    public async Task Null_and_what_a_check_refuses_are_kept(string kind, string method)
    {
        var run = await TargetAsync(kind, Table);
        File("id,v,n\n1,a,1\n2,,2\n3,c,100\n4,d,4\n");

        var result = await run.ExecuteAsync<LoadResult>(Load(method));

        Assert.Equal((2, 2), (result.RowsLoaded, result.RowsRejected));
        Assert.Equal(method == "replace" ? "1a 4d" : "1a 4d 9old", await RowsAsync(run));
        Assert.Equal("2,,2 3,c,100", Kept());
    }

    [Fact]
    public async Task Sqlite_keeps_what_any_rule_refuses_where_rows_go_straight_into_the_table()
    {
        var run = await TargetAsync("sqlite", $"CREATE TABLE other (id int PRIMARY KEY); INSERT INTO other VALUES (1); {Table.Replace("day date", "day date, UNIQUE (v), FOREIGN KEY (n) REFERENCES other (id)", StringComparison.Ordinal).Replace("'old', 9", "'old', 1", StringComparison.Ordinal)}");
        File("id,v,n\n1,old,1\n2,x,2\n3,y,1\n");

        Assert.Equal(2, (await run.ExecuteAsync<LoadResult>(Load("append"))).RowsRejected);

        Assert.Equal("3y 9old", await RowsAsync(run));
        Assert.Equal("1,old,1 2,x,2", Kept());
    }

    [Theory]
    [InlineData("upsert")]
    [InlineData("snapshot")]
    public async Task Sqlite_keeps_null_and_fails_by_a_check_where_rows_are_staged(string method)
    {
        var run = await TargetAsync("sqlite", Table);
        File("id,v,n\n1,a,1\n2,,2\n4,d,4\n");

        Assert.Equal(1, (await run.ExecuteAsync<LoadResult>(Load(method))).RowsRejected);

        Assert.Equal("1a 4d 9old", await RowsAsync(run));
        Assert.Equal("2,,2", Kept());
        File("id,v,n\n5,a,1\n6,c,100\n");
        Assert.Contains("CHECK constraint failed", (await Assert.ThrowsAsync<SqlHookException>(() => run.ExecuteAsync(Load(method)))).Message, StringComparison.Ordinal);
        Assert.Equal("1a 4d 9old", await RowsAsync(run));
    }

    [Theory]
    [InlineData("add")]
    [InlineData("ignore")]
    [InlineData("snapshot")]
    [InlineData("identity")]
    public async Task Redshift_keeps_null_however_the_rows_are_staged(string way)
    {
        await using var road = await RedshiftRoad.StartAsync();
        await road.ExecuteAsync(
            $"CREATE TABLE t ({(way == "identity" ? "i bigint IDENTITY(1, 1), " : "")}id int NOT NULL, v varchar(10) DEFAULT 'none' NOT NULL, price decimal(10,2), day date NOT NULL DEFAULT '2021-02-05')");
        await road.PutAsync("f.csv", way is "add" or "ignore" ? "id,v,price,new\n1,a,1.25,x\n2,\\N,2.5,y\n3,c,\\N,z\n" : "id,v,price\n1,a,1.25\n2,\\N,2.5\n3,c,\\N\n");

        var result = await road.OperateAsync("f.csv", way == "snapshot" ? LoadMethod.Replace : LoadMethod.Append, load =>
        {
            (load.Quarantine, load.MaxRejected) = ($"s3://{road.Bucket}/refused.jsonl", 1);
            load.Drift = way switch { "add" => DriftPolicy.AddColumns, "ignore" => DriftPolicy.Ignore, _ => DriftPolicy.Fail };
            (load.SnapshotColumn, load.SnapshotValue) = way == "snapshot" ? ("day", "2021-02-05") : (null, null!);
        });

        Assert.Equal((2, 2, 1), (result.RowsLoaded, result.RowsInTable, result.RowsRejected));
        Assert.Equal("1|a|1.25|2021-02-05\n3|c|~|2021-02-05", await road.ReadAsync("SELECT id, v, price, day FROM t ORDER BY id"));
        Assert.Contains("Missing data for not-null field", await road.GetAsync("refused.jsonl"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("UNIQUE (v)", "duplicate key value")]
    [InlineData("FOREIGN KEY (n) REFERENCES other (id)", "violates foreign key")]
    public async Task What_needs_other_rows_to_be_told_fails_a_load_into_postgres(string rule, string told)
    {
        var run = await TargetAsync("postgres", $"CREATE TABLE other (id int PRIMARY KEY); INSERT INTO other VALUES (1), (9); {Table}; ALTER TABLE t ADD {rule}");
        File("id,v,n\n1,old,2\n2,x,1\n");

        foreach (var method in new[] { "append", "upsert" })
        {
            Assert.Contains(told, (await Assert.ThrowsAsync<SqlHookException>(() => run.ExecuteAsync(Load(method)))).Message, StringComparison.Ordinal);
            Assert.Equal("9old", await RowsAsync(run));
        }
    }

    [Fact]
    public async Task A_check_that_looks_at_columns_which_the_objects_lack_is_left_to_the_table()
    {
        var run = await TargetAsync("postgres", "CREATE TABLE t (id int PRIMARY KEY, v text NOT NULL, n int DEFAULT 5, CONSTRAINT \"odd \"\"name\" CHECK (n > id), CHECK (length(v) < 3 AND id > 0))");
        File("id,v\n1,a\n2,long\n-1,b\n");

        Assert.Equal(2, (await run.ExecuteAsync<LoadResult>(Load("append"))).RowsRejected);
        Assert.Equal("2,long -1,b", Kept());

        File("id,v\n7,a\n");
        Assert.Contains("odd \"name", (await Assert.ThrowsAsync<SqlHookException>(() => run.ExecuteAsync(Load("append")))).Message, StringComparison.Ordinal);
        File("id,v,n\n7,a,6\n3,b,4\n");
        Assert.Equal(1, (await run.ExecuteAsync<LoadResult>(Load("append"))).RowsRejected);
        Assert.Equal("1a 3b", await RowsAsync(run));
    }

    private void File(string text) => System.IO.File.WriteAllText(_folder["f.csv"], text);

    private S3ToRedshiftOperator Load(string method) => new()
    {
        Table = "t", Uri = _folder.Uri("f.csv"), RedshiftConnectionId = "db", Quarantine = _folder.Uri("refused.jsonl"), MaxRejected = 2,
        Method = method switch { "append" => LoadMethod.Append, "upsert" => LoadMethod.Upsert, _ => LoadMethod.Replace },
        SnapshotColumn = method == "snapshot" ? "day" : null, SnapshotValue = "2021-02-05",
    };

    private string Kept() => string.Join(' ', System.IO.File.ReadLines(_folder["refused.jsonl"])
        .Select(line => JsonDocument.Parse(line).RootElement).OrderBy(row => row.GetProperty("record").GetInt64()).Select(row => row.GetProperty("row").GetString()));

    private async Task<TaskRun> TargetAsync(string kind, string ddl)
    {
        var run = new TaskRun().With("db", kind == "postgres"
            ? await (await PostgresServer.StartSharedAsync()).CreateDatabaseUriAsync()
            : _folder.SqliteUri("t.db"));
        await run.ExecuteSqlAsync("db", ddl);
        return run;
    }

    private static async Task<string> RowsAsync(TaskRun run) =>
        string.Join(' ', (await run.QueryAsync("db", "SELECT id, v FROM t ORDER BY id")).Select(row => $"{row[0]}{row[1]}"));
}
