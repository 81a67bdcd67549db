using Sluice.Authoring.Extraction;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Providers.Aws.Operators;
using Sluice.Services;

namespace Sluice.Providers.Tests.Loading;

/// <summary>Rows of a target that a load must not touch: newer ones, and those of other tables.</summary>
public sealed class KeptRowsTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Targets => ["postgres", "sqlite"];

    [Theory, MemberData(nameof(Targets))]
    public async Task A_day_that_runs_again_does_not_bring_older_rows_back(string kind)
    {
        var run = await TargetAsync(kind, "CREATE TABLE t (id int, v text, at timestamp)");
        await run.ExecuteSqlAsync("db", "CREATE TABLE s (id int, v text, at timestamp, d int)");
        await run.ExecuteSqlAsync(
            "db",
            """
            INSERT INTO s VALUES (1, 'one', '2021-02-05 10:00:00', 1), (2, 'two', '2021-02-05 10:00:00', 1), (3, 'three', NULL, 1), (4, 'four', '2021-02-05 10:00:00', 1),
                (1, 'newer', '2021-02-06 10:00:00', 2), (3, 'known', '2021-02-06 10:00:00', 2), (4, 'same', '2021-02-05 10:00:00', 2), (5, 'five', NULL, 2)
            """);
        await DayAsync(1);
        await DayAsync(2);
        string?[][] expected = [["1", "newer"], ["2", "two"], ["3", "known"], ["4", "same"], ["5", "five"]];
        Assert.Equal(expected, await RowsAsync(run, "SELECT id, v FROM t ORDER BY id"));

        // Equal ones are written again; NULL is older than any value, and as old as NULL.
        var again = await DayAsync(1);

        expected[3][1] = "four";
        Assert.Equal(expected, await RowsAsync(run, "SELECT id, v FROM t ORDER BY id"));
        Assert.Equal((4, 2, 2), (again.RowsLoaded, again.RowsInTable, again.Evidence!.Rows));
        Assert.Contains(run.Log, line => line.Contains("2 rows are older by at than those of t, which stay", StringComparison.Ordinal));

        async Task<LoadResult> DayAsync(int day)
        {
            var wrote = await run.ExecuteAsync<SqlToS3Result>(new SqlToS3Operator
            {
                Query = $"SELECT id, v, at FROM s WHERE d = {day}", SqlConnectionId = "db", Uri = _folder.Uri($"{day}.csv"), Replace = true, Reconcile = Reconciliation.Checksums,
            });
            return await LoadAsync(run, wrote.Uri, LoadMethod.Upsert, load =>
            {
                load.UpsertKeys = ["id"];
                load.OrderColumn = "AT";
                load.Reconcile = Reconciliation.Checksums;
            });
        }
    }

    [Theory, MemberData(nameof(Targets))]
    public async Task Rows_of_other_tables_that_would_go_with_deleted_ones_are_not_lost(string kind)
    {
        var run = await TargetAsync(
            kind,
            """
            CREATE TABLE t (id int PRIMARY KEY, v text, status text DEFAULT 'new');
            CREATE TABLE child (id int REFERENCES t (id) ON DELETE CASCADE);
            INSERT INTO t VALUES (1, 'old', 'changed'), (2, 'old', 'changed'); INSERT INTO child VALUES (1)
            """);
        File("a.csv", "id,v\n1,new\n");

        var e = await Assert.ThrowsAsync<TaskFailedException>(() => LoadAsync(run, _folder.Uri("a.csv"), LoadMethod.Replace));
        Assert.Contains("child (ON DELETE CASCADE) lost", e.Message, StringComparison.Ordinal);
        if (kind == "postgres")
        {
            await LoadAsync(run, _folder.Uri("a.csv"), LoadMethod.Upsert);
            Assert.Equal([["1", "new", "new"], ["2", "old", "changed"]], await RowsAsync(run, "SELECT * FROM t ORDER BY id")); // replaced whole
        }
        else
        {
            await Assert.ThrowsAsync<TaskFailedException>(() => LoadAsync(run, _folder.Uri("a.csv"), LoadMethod.Upsert));
        }

        Assert.Equal([["1"]], await RowsAsync(run, "SELECT id FROM child"));
    }

    [Fact]
    public async Task An_upsert_keeps_the_number_that_the_table_gave_a_row_and_resets_what_the_objects_lack()
    {
        var run = await TargetAsync(
            "postgres",
            """
            CREATE TABLE t (a int UNIQUE, v text, n int DEFAULT 7, i int GENERATED ALWAYS AS IDENTITY, s serial);
            INSERT INTO t (a, v, n) VALUES (1, 'old', 8), (2, 'old', 9)
            """);
        File("a.csv", "a,v\n2,new\n3,new\n");

        await LoadAsync(run, _folder.Uri("a.csv"), LoadMethod.Upsert, load => load.UpsertKeys = ["a"]);

        Assert.Equal([["1", "old", "8", "1"], ["2", "new", "7", "2"]], await RowsAsync(run, "SELECT a, v, n, i FROM t WHERE a < 3 AND i = s ORDER BY a"));
        Assert.Equal([["3", "new", "7"]], await RowsAsync(run, "SELECT a, v, n FROM t WHERE a = 3"));
    }

    // PostgreSQL's statistics look at 300 of the rows, and find all keys different, which they are not.
    [Theory]
    [InlineData("10,late", "")]
    [InlineData("10,late", "CHECK (v <> 'early')")]
    [InlineData("30000,late", "")]
    public async Task Two_rows_of_one_key_that_the_statistics_do_not_see_leave_the_latest(string twice, string check)
    {
        var run = await TargetAsync("postgres", $"CREATE TABLE t (id int PRIMARY KEY, v text {check}); INSERT INTO t VALUES (3, 'old'), (0, 'other')");
        await run.ExecuteSqlAsync("db", "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_statistics_target = 1', current_database()); END $$");
        var id = twice.Split(',')[0];
        File("a.csv", $"id,v\n{id},early\n{string.Concat(Enumerable.Range(1, 20_000).Select(n => $"{n},row {n}\n"))}{twice}\n");

        var loaded = await LoadAsync(run, _folder.Uri("a.csv"), LoadMethod.Upsert);

        var rows = id == "10" ? 20_000 : 20_001;
        Assert.Equal(new LoadResult(20_002, rows), loaded);
        Assert.Equal([["0", "other"], ["3", "row 3"], [id, "late"]], await RowsAsync(run, $"SELECT id, v FROM t WHERE id IN (0, 3, {id}) ORDER BY id"));
        Assert.Equal([[$"{rows + 1}", $"{rows - 1}"]], await RowsAsync(run, "SELECT COUNT(*), COUNT(*) FILTER (WHERE v = 'row ' || id) FROM t"));
    }

    [Fact]
    public async Task A_row_that_the_table_refuses_fails_an_upsert_of_different_keys()
    {
        var run = await TargetAsync("postgres", "CREATE TABLE t (id int PRIMARY KEY, v text CHECK (v <> 'wrong')); INSERT INTO t VALUES (1, 'old')");
        File("a.csv", "id,v\n1,new\n2,wrong\n");

        var e = await Assert.ThrowsAsync<SqlHookException>(() => LoadAsync(run, _folder.Uri("a.csv"), LoadMethod.Upsert));

        Assert.Contains("violates check constraint", e.Message, StringComparison.Ordinal);
        Assert.Equal([["1", "old"]], await RowsAsync(run, "SELECT id, v FROM t"));
    }

    [Theory, MemberData(nameof(Targets))]
    public async Task Objects_without_a_byte_are_compared_with_the_evidence_too(string kind)
    {
        var run = await TargetAsync(kind, "CREATE TABLE t (id int); INSERT INTO t VALUES (9); CREATE TABLE s (id int); INSERT INTO s VALUES (1)");
        var extract = new SqlToS3Operator { Table = "s", SqlConnectionId = "db", Uri = _folder.Uri("s.csv"), Replace = true, Reconcile = Reconciliation.Checksums };
        var wrote = await run.ExecuteAsync<SqlToS3Result>(extract);
        foreach (var part in _folder.AllFiles().Where(file => file.EndsWith("-0000.csv", StringComparison.Ordinal)))
        {
            await System.IO.File.WriteAllTextAsync(part, "");
        }

        var e = await Assert.ThrowsAsync<TaskFailedException>(() => LoadAsync(run, wrote.Uri, LoadMethod.Replace, Prove));
        Assert.Contains("the extract wrote 1 rows, and all objects are empty", e.Message, StringComparison.Ordinal);
        File("none.csv", "");
        e = await Assert.ThrowsAsync<TaskFailedException>(() => LoadAsync(run, _folder.Uri("none.csv"), LoadMethod.Replace, Prove));
        Assert.Contains("these objects have none", e.Message, StringComparison.Ordinal);
        Assert.Equal([["9"]], await RowsAsync(run, "SELECT id FROM t"));

        await run.ExecuteSqlAsync("db", "DELETE FROM s");
        wrote = await run.ExecuteAsync<SqlToS3Result>(extract);
        var nothing = await LoadAsync(run, wrote.Uri, LoadMethod.Replace, Prove);
        Assert.Equal((0, 0), (nothing.RowsInTable, nothing.Evidence!.Rows));
        Assert.Empty(await RowsAsync(run, "SELECT id FROM t"));

        static void Prove(S3ToRedshiftOperator load) => load.Reconcile = Reconciliation.Checksums;
    }

    [Fact]
    public async Task Rows_of_a_partitioned_table_are_counted()
    {
        var run = await TargetAsync(
            "postgres",
            """
            CREATE TABLE t (id int, v text) PARTITION BY RANGE (id); CREATE TABLE t_low PARTITION OF t FOR VALUES FROM (0) TO (10);
            CREATE TABLE t_high PARTITION OF t FOR VALUES FROM (10) TO (100) PARTITION BY RANGE (id); CREATE TABLE t_rest PARTITION OF t_high DEFAULT
            """);
        File("a.csv", "id,v\n1,a\n2,b\n50,c\n");

        Assert.Equal(new LoadResult(3, 3), await LoadAsync(run, _folder.Uri("a.csv"), LoadMethod.Append));
        Assert.Equal(new LoadResult(3, 3), await LoadAsync(run, _folder.Uri("a.csv"), LoadMethod.Replace));
    }

    [Theory]
    [InlineData(PartitionMethod.Modulus)]
    [InlineData(PartitionMethod.Range)]
    public async Task Numbers_with_fractions_are_in_one_part_each(PartitionMethod method)
    {
        var run = await TargetAsync("postgres", "CREATE TABLE s (k numeric); INSERT INTO s VALUES (0), (1), (1.5), (2.25), (-1), (-1.5), (-2.25), (3), (4), (NULL), (-5), (9)");

        Assert.Equal(12, (await run.ExecuteAsync<SqlToS3Result>(new SqlToS3Operator
        {
            Table = "s", SqlConnectionId = "db", Uri = _folder.Uri("k.csv"), Readers = 3, PartitionBy = "k", PartitionMethod = method,
        })).Rows);
    }

    private static Task<LoadResult> LoadAsync(TaskRun run, string uri, LoadMethod method, Action<S3ToRedshiftOperator>? set = null)
    {
        var load = new S3ToRedshiftOperator { Table = "t", Uri = uri, RedshiftConnectionId = "db", Method = method };
        set?.Invoke(load);
        return run.ExecuteAsync<LoadResult>(load);
    }

    private void File(string name, string text) => System.IO.File.WriteAllText(_folder[name], text);

    private async Task<TaskRun> TargetAsync(string kind, string ddl)
    {
        var run = new TaskRun().With("db", kind == "postgres"
            ? await (await PostgresServer.StartSharedAsync()).CreateDatabaseUriAsync()
            : _folder.SqliteUri("t.db"));
        await run.ExecuteSqlAsync("db", ddl);
        return run;
    }

    private static async Task<List<string?[]>> RowsAsync(TaskRun run, string query)
    {
        await using var sql = await run.Context().SqlAsync("db");
        var rows = new MySql.RowList();
        await sql.ExtractAsync(query, null, rows, CancellationToken.None);
        return rows.Rows;
    }
}
