using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Providers.Aws.Operators;

namespace Sluice.Providers.Tests.Sqlite;

public sealed class SqliteRoadTests : IDisposable
{
    private const string Columns = "id INTEGER PRIMARY KEY, \"이름\" TEXT, price DECIMAL(10,2), ratio REAL, born DATE, seen DATETIME, ok BOOLEAN, raw BLOB";

    private readonly TestFolder _folder = new();
    private readonly TaskRun _run;

    public SqliteRoadTests() => _run = new TaskRun().With("source", _folder.SqliteUri("source.db")).With("warehouse", _folder.SqliteUri("warehouse.db"));

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("rows.csv")]
    [InlineData("deep/er/행 1%.csv.gz")]
    public async Task Rows_arrive_as_they_were(string name)
    {
        await _run.ExecuteSqlAsync(
            "source",
            $"""
             CREATE TABLE "order" ({Columns});
             INSERT INTO "order" VALUES
                 (1, '김치, "매운"' || char(10) || '찌개', 12.5, 0.1, '2021-02-05', '2021-02-05 10:11:12.123456', 1, x'00ff'),
                 (2, '', -3, 1e300, NULL, NULL, 0, x''),
                 (3, NULL, NULL, NULL, '1999-12-31', NULL, NULL, NULL),
                 (9223372036854775807, '\N', 0.1, -0.0, NULL, NULL, NULL, NULL),
                 (5, '\.', 99999999.99, 3.141592653589793, NULL, NULL, NULL, NULL)
             """);
        await _run.ExecuteSqlAsync("warehouse", $"CREATE TABLE copy ({Columns})");

        for (var time = 0; time < 2; time++)
        {
            var wrote = await _run.ExecuteAsync<SqlToS3Result>(new SqlToS3Operator { Table = "order", SqlConnectionId = "source", Uri = _folder.Uri(name), Replace = true });
            Assert.Equal((5, new FileInfo(_folder[name]).Length), (wrote.Rows, wrote.Bytes));
            Assert.Equal(new LoadResult(5, 5), await LoadAsync(name, LoadMethod.Replace));
        }

        const string all = "SELECT *, typeof(price), typeof(ok), typeof(raw), typeof(\"이름\") FROM";
        Assert.Equal(await _run.QueryAsync("source", $"{all} \"order\" ORDER BY id"), await _run.QueryAsync("warehouse", $"{all} copy ORDER BY id"));
        Assert.Single(_folder.AllFiles(), file => file.Contains(".csv", StringComparison.Ordinal) || file.EndsWith(".partial", StringComparison.Ordinal));
    }

    [Fact]
    public async Task No_rows_give_a_header_and_replace_empties_the_table()
    {
        await _run.ExecuteSqlAsync("source", "CREATE TABLE t (a, b)");
        await _run.ExecuteSqlAsync("warehouse", "CREATE TABLE copy (a, b); INSERT INTO copy VALUES (1, 2)");

        await _run.ExecuteAsync(new SqlToS3Operator { Query = "SELECT b, a FROM t", SqlConnectionId = "source", Uri = _folder.Uri("t.csv") });
        var result = await LoadAsync("t.csv", LoadMethod.Replace);

        Assert.Equal("b,a\n", await File.ReadAllTextAsync(_folder["t.csv"]));
        Assert.Equal(new(0, 0), result);
        Assert.Empty(await _run.QueryAsync("warehouse", "SELECT * FROM copy"));
    }

    [Fact]
    public async Task Parameters_are_values_and_never_sql()
    {
        await _run.ExecuteSqlAsync("source", "CREATE TABLE t (day TEXT, n INTEGER); INSERT INTO t VALUES ('2021-02-05', 1), ('2021-02-06', 2)");

        var wrote = await _run.ExecuteAsync<SqlToS3Result>(new SqlToS3Operator
        {
            Query = "SELECT n FROM t WHERE day = @day AND day <> @evil",
            Parameters = new() { ["day"] = "2021-02-06", ["evil"] = "x' OR 1=1 --" },
            SqlConnectionId = "source",
            Uri = _folder.Uri("t.csv"),
        });

        Assert.Equal(1, wrote.Rows);
        Assert.Equal("n\n2\n", await File.ReadAllTextAsync(_folder["t.csv"]));
    }

    [Fact]
    public async Task An_object_that_exists_is_kept_unless_replace_is_set()
    {
        await File.WriteAllTextAsync(_folder["t.csv"], "mine");

        await Assert.ThrowsAsync<ObjectExistsException>(
            () => _run.ExecuteAsync(new SqlToS3Operator { Query = "SELECT 1 AS a", SqlConnectionId = "source", Uri = _folder.Uri("t.csv") }));

        Assert.Equal("mine", await File.ReadAllTextAsync(_folder["t.csv"]));
        Assert.DoesNotContain(_folder.AllFiles(), file => file.EndsWith(".partial", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_query_that_fails_leaves_no_object()
    {
        await Assert.ThrowsAsync<SqlHookException>(
            () => _run.ExecuteAsync(new SqlToS3Operator { Query = "SELECT * FROM missing", SqlConnectionId = "source", Uri = _folder.Uri("t.csv") }));

        Assert.DoesNotContain(_folder.AllFiles(), file => !file.Contains(".db", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Upsert_replaces_by_key_and_keeps_the_last_of_duplicates()
    {
        await _run.ExecuteSqlAsync("warehouse", "CREATE TABLE copy (id INTEGER PRIMARY KEY, v TEXT, n INTEGER DEFAULT 7); INSERT INTO copy VALUES (1, 'old', 1), (2, 'stays', 2)");
        await File.WriteAllTextAsync(_folder["t.csv"], "v,ID\nfirst,1\nlast,1\nnew,3\n");

        for (var time = 0; time < 2; time++)
        {
            Assert.Equal(new LoadResult(3, 2), await LoadAsync("t.csv", LoadMethod.Upsert));
            Assert.Equal(
                [[1L, "last", 7L], [2L, "stays", 2L], [3L, "new", 7L]],
                await _run.QueryAsync("warehouse", "SELECT * FROM copy ORDER BY id"));
        }
    }

    [Fact]
    public async Task Upsert_by_given_keys_keeps_the_row_that_is_highest_by_the_order_column()
    {
        await _run.ExecuteSqlAsync("warehouse", "CREATE TABLE copy (a TEXT, b TEXT, at INTEGER, v TEXT)");
        await File.WriteAllTextAsync(_folder["t.csv"], "a,b,at,v\nx,y,10,ten\nx,y,9,nine\nx,z,1,other\nx,y,,none\n");

        var result = await LoadAsync("t.csv", LoadMethod.Upsert, load =>
        {
            load.UpsertKeys = ["a", "b"];
            load.OrderColumn = "at";
        });

        Assert.Equal(new(4, 2), result);
        Assert.Equal([["ten"], ["other"]], await _run.QueryAsync("warehouse", "SELECT v FROM copy ORDER BY b"));
    }

    [Theory]
    [InlineData(LoadMethod.Append)]
    [InlineData(LoadMethod.Replace)]
    [InlineData(LoadMethod.Upsert)]
    public async Task A_load_that_fails_at_its_last_row_leaves_the_table_as_it_was(LoadMethod method)
    {
        await _run.ExecuteSqlAsync("warehouse", "CREATE TABLE copy (id INTEGER PRIMARY KEY, v TEXT NOT NULL); INSERT INTO copy VALUES (1, 'old')");
        await File.WriteAllTextAsync(_folder["t.csv"], "id,v\n2,a\n3,b\n1,\n");

        var e = await Assert.ThrowsAsync<SqlHookException>(() => LoadAsync("t.csv", method));

        Assert.Contains("NOT NULL", e.Message, StringComparison.Ordinal);
        Assert.Equal([[1L, "old"]], await _run.QueryAsync("warehouse", "SELECT * FROM copy"));
    }

    [Theory]
    [InlineData("id,w,v\n1,2,3\n", "Table copy has no column 'w' that the objects have; its columns are 'id', 'v'.")]
    [InlineData("id,ID\n1,2\n", "The objects have the column 'id' of table copy more than once.")]
    [InlineData("v\n1\n", "UPSERT into copy goes by 'id', but the file has no column 'id'.")]
    [InlineData("id,v\n1,2,3\n", "has 3 fields, but there are 2 columns.")]
    [InlineData("id,v\n,2\n", "NULL in the key (id)")]
    public async Task A_file_that_does_not_fit_is_refused_in_one_sentence(string csv, string expected)
    {
        await _run.ExecuteSqlAsync("warehouse", "CREATE TABLE copy (id INTEGER PRIMARY KEY, v TEXT)");
        await File.WriteAllTextAsync(_folder["t.csv"], csv);

        var e = await Assert.ThrowsAsync<TaskFailedException>(() => LoadAsync("t.csv", LoadMethod.Upsert));

        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_table_a_missing_object_and_a_missing_folder_are_named()
    {
        await File.WriteAllTextAsync(_folder["t.csv"], "a\n1\n");
        var table = await Assert.ThrowsAsync<TaskFailedException>(() => LoadAsync("t.csv", LoadMethod.Append));
        Assert.Contains("no table 'copy'", table.Message, StringComparison.Ordinal);

        var missing = await Assert.ThrowsAsync<TaskErrorException>(() => LoadAsync("u.csv", LoadMethod.Append));
        Assert.Contains("u.csv", missing.Message, StringComparison.Ordinal);

        _run.With("nowhere", _folder.SqliteUri("none/x.db"));
        var folder = await Assert.ThrowsAsync<SqlHookException>(() => _run.QueryAsync("nowhere", "SELECT 1"));
        Assert.Contains("folder", folder.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_objects_under_a_prefix_load_together_whatever_the_order_of_their_columns()
    {
        await _run.ExecuteSqlAsync("warehouse", "CREATE TABLE copy (a INTEGER, b TEXT)");
        Directory.CreateDirectory(_folder["day"]);
        await File.WriteAllTextAsync(_folder["day/1.csv"], "a,b\n1,x\n");
        await File.WriteAllTextAsync(_folder["day/2.csv"], "b,a\ny,2\n");
        await File.WriteAllTextAsync(_folder["day/3.csv"], "");

        Assert.Equal(new(2, 2), await LoadAsync("day/", LoadMethod.Replace));
        Assert.Equal([[1L, "x"], [2L, "y"]], await _run.QueryAsync("warehouse", "SELECT * FROM copy ORDER BY a"));
    }

    [Fact]
    public async Task A_long_statement_stops_when_cancelled()
    {
        using var cancel = new CancellationTokenSource();
        await using var hook = await _run.Context().SqlAsync("source", CancellationToken.None);
        var query = hook.QueryAsync(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT MAX(i) FROM n", null, 1, cancel.Token).AsTask();
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => query);
    }

    [Fact]
    public async Task The_sql_operator_runs_statements_and_returns_rows()
    {
        await _run.ExecuteAsync(new SqlOperator { Sql = "CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1), (2)", ConnectionId = "source" });
        Assert.Contains("Done; the last statement affected 2 rows.", _run.Log);

        var rows = await _run.ExecuteAsync(new SqlOperator
        {
            Sql = "SELECT a FROM t WHERE a >= @from",
            ConnectionId = "source",
            Parameters = new() { ["from"] = "2" },
            ReturnRows = true,
        });

        Assert.Equal([[2L]], Assert.IsAssignableFrom<IReadOnlyList<IReadOnlyList<object?>>>(rows));
    }

    private Task<LoadResult> LoadAsync(string name, LoadMethod method, Action<S3ToRedshiftOperator>? set = null)
    {
        var load = new S3ToRedshiftOperator { Table = "copy", Uri = _folder.Uri(name), RedshiftConnectionId = "warehouse", Method = method };
        set?.Invoke(load);
        return _run.ExecuteAsync<LoadResult>(load);
    }
}
