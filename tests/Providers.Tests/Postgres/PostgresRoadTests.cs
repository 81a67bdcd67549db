using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Providers.Aws.Operators;
using Sluice.Services;

namespace Sluice.Providers.Tests.Postgres;

public sealed class PostgresRoadTests : IAsyncLifetime, IDisposable
{
    private const string Columns = """"
        id bigint PRIMARY KEY, "이름 ""x""" text, price numeric(20,4), ratio double precision, born date, seen timestamp, zoned timestamptz,
        at time, ok boolean, raw bytea, doc jsonb, tags text[]
        """";

    private readonly TestFolder _folder = new();
    private readonly TaskRun _run = new();

    public async Task InitializeAsync()
    {
        var server = await PostgresServer.StartSharedAsync();
        _run.With("db", await server.CreateDatabaseUriAsync());
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("by copy.csv.gz", false)]
    [InlineData("by reader.csv", true)]
    public async Task Rows_arrive_as_they_were(string name, bool withParameters)
    {
        await _run.ExecuteSqlAsync(
            "db",
            $$"""
              CREATE SCHEMA "select"; CREATE TABLE "select"."order" ({{Columns}}); CREATE TABLE "select"."복사" (LIKE "select"."order" INCLUDING ALL);
              INSERT INTO "select"."order" VALUES
                  (1, E'김치, "매운"\n\t\\찌개', 1234567890123456.7891, 0.1, '2021-02-05', '2021-02-05 10:11:12.123456', '2021-02-05 10:11:12+09', '23:59:59.5',
                   true, '\x00ff', '{"a": [1, "b\n"]}', '{"x,y","",NULL}'),
                  (2, '', -3, 1e300, NULL, NULL, NULL, NULL, false, '', '{}', '{}'),
                  (3, NULL, NULL, 'NaN', 'infinity', '-infinity', NULL, NULL, NULL, NULL, NULL, NULL),
                  (4, '\N', NULL, 'Infinity', '0001-01-01 BC', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
                  (5, '\.', 0, -0.0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
              """);

        for (var time = 0; time < 2; time++)
        {
            var wrote = await _run.ExecuteAsync<SqlToS3Result>(new SqlToS3Operator
            {
                Query = withParameters ? "SELECT * FROM \"select\".\"order\" WHERE id >= @from" : "SELECT * FROM \"select\".\"order\" -- all",
                Parameters = withParameters ? new() { ["from"] = "1" } : [],
                SqlConnectionId = "db",
                Uri = _folder.Uri(name),
                Replace = true,
            });
            Assert.Equal(5, wrote.Rows);
            Assert.Equal(new LoadResult(5, 5), await LoadAsync(name, LoadMethod.Replace, load =>
            {
                load.Schema = "select";
                load.Table = "복사";
            }));
        }

        Assert.Equal([[0L]], await _run.QueryAsync("db", "SELECT COUNT(*) FROM (TABLE \"select\".\"order\" EXCEPT TABLE \"select\".\"복사\") d"));
        Assert.Equal([[5L]], await _run.QueryAsync("db", "SELECT COUNT(*) FROM \"select\".\"복사\""));
    }

    [Fact]
    public async Task Rows_go_from_postgres_to_sqlite_in_the_common_form()
    {
        _run.With("warehouse", _folder.SqliteUri("w.db"));
        await _run.ExecuteSqlAsync("warehouse", "CREATE TABLE copy (b BOOLEAN, r BLOB, t TEXT, d DATE, n INTEGER)");

        await _run.ExecuteAsync(new SqlToS3Operator
        {
            Query = "SELECT true AS b, '\\x00ff'::bytea AS r, timestamptz '2021-02-05 09:00+09' AS t, date '2021-02-05' AS d, NULL::int AS n",
            SqlConnectionId = "db",
            Uri = _folder.Uri("t.csv"),
        });
        await LoadAsync("t.csv", LoadMethod.Append, load => load.RedshiftConnectionId = "warehouse");

        Assert.Equal(
            [[1L, "X'00FF'", "2021-02-05 00:00:00+00", "2021-02-05", null]],
            await _run.QueryAsync("warehouse", "SELECT b, quote(r), t, d, n FROM copy"));
    }

    [Fact]
    public async Task A_hundred_thousand_rows_stream_through()
    {
        await _run.ExecuteSqlAsync("db", "CREATE TABLE copy (i int, t text)");

        var wrote = await _run.ExecuteAsync<SqlToS3Result>(new SqlToS3Operator
        {
            Query = "SELECT i, repeat('가' || i, 10) || E'\\n' AS t FROM generate_series(1, 100000) i",
            SqlConnectionId = "db",
            Uri = _folder.Uri("t.csv.gz"),
        });
        var loaded = await LoadAsync("t.csv.gz", LoadMethod.Append);

        Assert.Equal((100_000, new LoadResult(100_000, 100_000)), (wrote.Rows, loaded));
        Assert.Equal([[100_000L]], await _run.QueryAsync("db", "SELECT COUNT(*) FROM copy WHERE t = repeat('가' || i, 10) || E'\\n'"));
    }

    [Fact]
    public async Task Upsert_replaces_by_the_primary_key_fills_defaults_and_keeps_the_last_of_duplicates()
    {
        await _run.ExecuteSqlAsync(
            "db",
            """
            CREATE TABLE copy (a int, b text, v text, n int DEFAULT 7, twice int GENERATED ALWAYS AS (a * 2) STORED, serial int GENERATED ALWAYS AS IDENTITY,
                PRIMARY KEY (b, a));
            INSERT INTO copy (a, b, v) VALUES (1, 'x', 'old'), (2, 'x', 'stays')
            """);
        await File.WriteAllTextAsync(_folder["t.csv"], "v,B,a\nfirst,x,1\nlast,x,1\nnew,y,1\n");

        for (var time = 0; time < 2; time++)
        {
            Assert.Equal(new LoadResult(3, 2), await LoadAsync("t.csv", LoadMethod.Upsert));
            Assert.Equal(
                [[1, "x", "last", 7, 2], [2, "x", "stays", 7, 4], [1, "y", "new", 7, 2]],
                await _run.QueryAsync("db", "SELECT a, b, v, n, twice FROM copy ORDER BY b, a"));
        }
    }

    [Fact]
    public async Task Upsert_by_an_order_column_prefers_any_value_to_null()
    {
        await _run.ExecuteSqlAsync("db", "CREATE TABLE copy (k text, at timestamp, v text)");
        await File.WriteAllTextAsync(_folder["t.csv"], "k,at,v\na,2021-02-05,late\na,2021-02-04,early\na,,none\n");

        await LoadAsync("t.csv", LoadMethod.Upsert, load =>
        {
            load.UpsertKeys = ["k"];
            load.OrderColumn = "at";
        });

        Assert.Equal([["late"]], await _run.QueryAsync("db", "SELECT v FROM copy"));
    }

    [Theory]
    [InlineData(LoadMethod.Append, "id,v\n2,a\n3,b\nx,c\n", "x")]
    [InlineData(LoadMethod.Replace, "id,v\n2,a\n3,b\n4,\n", "not-null")]
    [InlineData(LoadMethod.Upsert, "id,v\n1,a\n3,b\n4,\n", "not-null")]
    [InlineData(LoadMethod.Upsert, "id,v\n1,a\n3\n", "missing data")]
    public async Task A_load_that_fails_at_its_last_row_leaves_the_table_as_it_was(LoadMethod method, string csv, string expected)
    {
        await _run.ExecuteSqlAsync("db", "CREATE TABLE copy (id int PRIMARY KEY, v text NOT NULL); INSERT INTO copy VALUES (1, 'old')");
        await File.WriteAllTextAsync(_folder["t.csv"], csv);

        var e = await Assert.ThrowsAsync<SqlHookException>(() => LoadAsync("t.csv", method));

        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.False(e.IsTransient);
        Assert.Equal([[1, "old"]], await _run.QueryAsync("db", "SELECT * FROM copy"));
    }

    [Fact]
    public async Task A_reader_sees_all_of_the_old_rows_until_all_of_the_new_are_there()
    {
        await _run.ExecuteSqlAsync("db", "CREATE TABLE copy (i int); INSERT INTO copy SELECT generate_series(1, 1000)");
        await File.WriteAllTextAsync(_folder["t.csv"], "i\n" + string.Concat(Enumerable.Range(0, 50_000).Select(i => $"{i}\n")));

        var load = LoadAsync("t.csv", LoadMethod.Replace);
        var counts = new HashSet<object?>();
        do
        {
            counts.Add((await _run.QueryAsync("db", "SELECT COUNT(*) FROM copy"))[0][0]);
        }
        while (!load.IsCompleted);

        Assert.Equal(new(50_000, 50_000), await load);
        Assert.Subset(new HashSet<object?> { 1000L, 50_000L }, counts);
    }

    [Fact]
    public async Task Two_replaces_at_once_leave_the_rows_of_one()
    {
        await _run.ExecuteSqlAsync("db", "CREATE TABLE copy (i int)");
        await File.WriteAllTextAsync(_folder["t.csv"], "i\n" + string.Concat(Enumerable.Range(0, 20_000).Select(i => $"{i}\n")));

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => LoadAsync("t.csv", LoadMethod.Replace)));

        Assert.Equal([[20_000L]], await _run.QueryAsync("db", "SELECT COUNT(*) FROM copy"));
    }

    [Fact]
    public async Task No_rows_no_table_no_key_and_an_unknown_column_are_told_apart()
    {
        await _run.ExecuteSqlAsync("db", "CREATE TABLE copy (a int); INSERT INTO copy VALUES (1)");
        await File.WriteAllTextAsync(_folder["none.csv"], "a\n");
        await File.WriteAllTextAsync(_folder["wide.csv"], "a,b\n1,2\n");
        await File.WriteAllTextAsync(_folder["empty.csv"], "");

        Assert.Contains("no table \"missing\"", (await RefusedAsync("none.csv", LoadMethod.Append, load => load.Table = "missing")).Message, StringComparison.Ordinal);
        Assert.Contains("needs UpsertKeys", (await RefusedAsync("none.csv", LoadMethod.Upsert)).Message, StringComparison.Ordinal);
        Assert.Contains("no column 'b'", (await RefusedAsync("wide.csv", LoadMethod.Append)).Message, StringComparison.Ordinal);
        Assert.Contains("CopyOptions", (await RefusedAsync("none.csv", LoadMethod.Append, load => load.CopyOptions = ["GZIP"])).Message, StringComparison.Ordinal);
        Assert.Equal(new(0, 0), await LoadAsync("empty.csv", LoadMethod.Append));
        Assert.Equal(new(0, 0), await LoadAsync("none.csv", LoadMethod.Replace));
        Assert.Empty(await _run.QueryAsync("db", "SELECT * FROM copy"));
    }

    [Fact]
    public async Task A_wrong_password_and_a_closed_port_are_told_without_the_password()
    {
        var server = await PostgresServer.StartSharedAsync();
        _run.With("wrong", $"postgres://{server.User}:hunter2@{server.Host}:{server.Port}/postgres").With("closed", "postgres://u:hunter2@127.0.0.1:1/db");

        var wrong = await Assert.ThrowsAsync<SqlHookException>(() => _run.QueryAsync("wrong", "SELECT 1"));
        var closed = await Assert.ThrowsAsync<SqlHookException>(() => _run.QueryAsync("closed", "SELECT 1"));

        Assert.Contains("password authentication failed", wrong.Message, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1:1", closed.Message, StringComparison.Ordinal);
        Assert.True(closed.IsTransient);
        Assert.DoesNotContain("hunter2", wrong.Message + closed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelling_stops_the_statement_on_the_server()
    {
        using var cancel = new CancellationTokenSource();
        var extract = _run.ExecuteAsync(
            new SqlToS3Operator { Query = "SELECT i, pg_sleep(0.001) /* slow one */ FROM generate_series(1, 1000000) i", SqlConnectionId = "db", Uri = _folder.Uri("t.csv") },
            cancel.Token);
        await UntilRunningAsync(1);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => extract);
        await UntilRunningAsync(0);
        Assert.Empty(_folder.AllFiles());
    }

    [Fact]
    public async Task A_database_that_goes_away_in_the_middle_of_a_load_leaves_the_table_as_it_was()
    {
        await using var server = await PostgresServer.StartAsync(durable: true);
        _run.With("own", await server.CreateDatabaseUriAsync());
        await _run.ExecuteSqlAsync(
            "own",
            """
            CREATE TABLE copy (i int); INSERT INTO copy VALUES (1);
            CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.01); RETURN NEW; END';
            CREATE TRIGGER slow BEFORE INSERT ON copy FOR EACH ROW EXECUTE FUNCTION slow()
            """);
        await File.WriteAllTextAsync(_folder["t.csv"], "i\n" + string.Concat(Enumerable.Range(0, 200_000).Select(i => $"{i}\n"))); // it would take half an hour

        var load = LoadAsync("t.csv", LoadMethod.Replace, l => l.RedshiftConnectionId = "own");
        await Until.TrueAsync(
            async () => (await _run.QueryAsync("own", "SELECT COUNT(*) FROM pg_stat_activity WHERE query LIKE 'COPY%' AND state = 'active' AND pid <> pg_backend_pid()"))[0][0] is 1L, "it copies");
        await server.KillAsync();

        var e = await Assert.ThrowsAsync<SqlHookException>(() => load);
        Assert.True(e.IsTransient);
        await server.StartAgainAsync();
        Assert.Equal([[1]], await _run.QueryAsync("own", "SELECT * FROM copy"));
    }

    [Fact]
    public async Task Statements_are_counted_by_the_last_and_other_commands_can_be_extracted()
    {
        await using var hook = await _run.Context().SqlAsync("db", CancellationToken.None);

        Assert.Equal(2, await hook.ExecuteAsync("CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2), (3); DELETE FROM t WHERE a > 1", null, CancellationToken.None));
        Assert.Equal(-1, await hook.ExecuteAsync("SET work_mem TO '8MB'", null, CancellationToken.None));
        Assert.Equal(1, (await _run.ExecuteAsync<SqlToS3Result>(
            new SqlToS3Operator { Query = "SHOW server_version", SqlConnectionId = "db", Uri = _folder.Uri("t.csv") })).Rows);
    }

    private async Task<TaskFailedException> RefusedAsync(string name, LoadMethod method, Action<S3ToRedshiftOperator>? set = null) =>
        await Assert.ThrowsAsync<TaskFailedException>(() => LoadAsync(name, method, set));

    private Task<LoadResult> LoadAsync(string name, LoadMethod method, Action<S3ToRedshiftOperator>? set = null)
    {
        var load = new S3ToRedshiftOperator { Table = "copy", Uri = _folder.Uri(name), RedshiftConnectionId = "db", Method = method };
        set?.Invoke(load);
        return _run.ExecuteAsync<LoadResult>(load);
    }

    private Task UntilRunningAsync(long count) => Until.TrueAsync(async () =>
        (await _run.QueryAsync(
            "db", "SELECT COUNT(*) FROM pg_stat_activity WHERE query LIKE '%slow one%' AND state = 'active' AND query LIKE 'COPY%' AND datname = current_database()"))[0][0]
        is long running && running == count, $"{count} of them run");
}
