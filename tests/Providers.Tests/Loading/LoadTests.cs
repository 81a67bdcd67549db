using System.Text.Json;
using Sluice.Authoring.Extraction;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Loading;
using Sluice.Authoring.Objects;
using Sluice.Authoring.Operators;
using Sluice.Core.TaskInstances;
using Sluice.Providers.Aws.Operators;
using Sluice.Providers.Files.Objects;
using Sluice.Services;

namespace Sluice.Providers.Tests.Loading;

/// <summary>Loads into real databases: what they remember, how they meet changed columns, and how they prove what they did.</summary>
public sealed class LoadTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Targets => ["postgres", "sqlite"];

    [Theory, MemberData(nameof(Targets))]
    public async Task An_interval_is_appended_once_however_often_the_task_runs(string kind)
    {
        var run = await TargetAsync(kind, "CREATE TABLE t (id int, name text)");
        File("a.csv", "id,name\n1,a\n2,b\n");
        var load = Load("a.csv", LoadMethod.Append);

        Assert.Equal(new LoadResult(2, 2), await run.As(attempt: 1).ExecuteAsync<LoadResult>(load));
        Assert.Equal(new LoadResult(2, 2), await run.As(attempt: 2).ExecuteAsync<LoadResult>(load));
        Assert.Equal(2L, await CountAsync(run));
        Assert.Contains(run.Log, line => line.Contains("appended to t already: 2 rows", StringComparison.Ordinal));

        File("a.csv", "id,name\n1,a\n2,b\n3,c\n");
        var e = await Assert.ThrowsAsync<TaskFailedException>(() => run.As(attempt: 3).ExecuteAsync(load));
        Assert.Contains("from other objects than these", e.Message, StringComparison.Ordinal);
        Assert.Equal(2L, await CountAsync(run));
        load.AppendAgain = true;
        await run.As(attempt: 4).ExecuteAsync(load);
        Assert.Equal(5L, await CountAsync(run));
        load.AppendAgain = false;
        await run.As(attempt: 1, key: 2, day: 6).ExecuteAsync(load); // another interval
        Assert.Equal(8L, await CountAsync(run));
    }

    [Theory, MemberData(nameof(Targets))]
    public async Task An_attempt_that_was_held_up_changes_nothing_after_a_later_one(string kind)
    {
        var run = await TargetAsync(kind, "CREATE TABLE t (id int PRIMARY KEY, name text)");
        foreach (var method in new[] { LoadMethod.Replace, LoadMethod.Upsert })
        {
            File("new.csv", "id,name\n1,new\n");
            File("old.csv", "id,name\n1,old\n");
            await run.As(attempt: 2, key: (long)method + 1).ExecuteAsync(Load("new.csv", method));

            var e = await Assert.ThrowsAsync<TaskFailedException>(() => run.As(attempt: 1, key: (long)method + 1).ExecuteAsync(Load("old.csv", method)));

            Assert.Contains("this is attempt 1, which was held up", e.Message, StringComparison.Ordinal);
            Assert.Equal([["1", "new"]], await RowsAsync(run));
        }
    }

    [Fact]
    public async Task Two_attempts_at_once_go_one_after_the_other_and_the_later_one_wins()
    {
        var run = await TargetAsync("postgres", "CREATE TABLE t (id int PRIMARY KEY, name text)");
        File("new.csv", "id,name\n1,new\n");
        File("old.csv", "id,name\n1,old\n");
        for (var round = 1; round <= 5; round++)
        {
            var early = run.As(attempt: 1, key: round).ExecuteAsync(Load("old.csv", LoadMethod.Replace));
            var late = run.As(attempt: 2, key: round).ExecuteAsync(Load("new.csv", LoadMethod.Replace));
            await Task.WhenAll(late, early.ContinueWith(_ => { }, TaskScheduler.Default));

            // Whichever came first: if the later one did, the early one was refused.
            Assert.Equal([["1", "new"]], await RowsAsync(run));
            await run.ExecuteSqlAsync("db", "DELETE FROM t");
        }
    }

    [Theory, MemberData(nameof(Targets))]
    public async Task Columns_that_the_table_lacks_fail_the_load_or_are_added_or_passed_over(string kind)
    {
        var run = await TargetAsync(kind, "CREATE TABLE t (name text, id int NOT NULL DEFAULT 7)");
        File("a.csv", "ID,\"new \"\"col\"\"\",name\n1,x,a\n2,,b\n");
        var load = Load("a.csv", LoadMethod.Append);

        var e = await Assert.ThrowsAsync<TaskFailedException>(() => run.ExecuteAsync(load));
        Assert.Contains("no column 'new \"col\"'", e.Message, StringComparison.Ordinal);
        Assert.Equal(0L, await CountAsync(run));

        load.Drift = DriftPolicy.AddColumns;
        load.DryRun = true;
        await run.ExecuteAsync(load);
        Assert.Contains(run.Log, line => line.Contains("Dry run: would run ALTER TABLE \"t\" ADD COLUMN \"new \"\"col\"\"\" text", StringComparison.OrdinalIgnoreCase));
        Assert.Equal(0L, await CountAsync(run));

        load.DryRun = false;
        load.Drift = DriftPolicy.Ignore;
        Assert.Equal(new LoadResult(2, 2), await run.ExecuteAsync<LoadResult>(load));
        Assert.Equal([["a", "1"], ["b", "2"]], await RowsAsync(run));

        load.Drift = DriftPolicy.AddColumns;
        load.Method = LoadMethod.Replace;
        Assert.Equal(new LoadResult(2, 2), await run.ExecuteAsync<LoadResult>(load));
        Assert.Equal([["a", "1", "x"], ["b", "2", null]], await RowsAsync(run));
    }

    [Theory, MemberData(nameof(Targets))]
    public async Task Columns_that_the_objects_lack_get_their_defaults_unless_they_must_be_given(string kind)
    {
        var run = await TargetAsync(kind, "CREATE TABLE t (id int PRIMARY KEY, status text NOT NULL DEFAULT 'new', owner text NOT NULL)");
        File("a.csv", "owner,id\nkim,1\n");
        File("b.csv", "id,status\n1,x\n");

        await run.ExecuteAsync(Load("a.csv", LoadMethod.Upsert));
        await run.ExecuteSqlAsync("db", "UPDATE t SET status = 'changed'");
        await run.ExecuteAsync(Load("a.csv", LoadMethod.Upsert));

        Assert.Equal([["1", "new", "kim"]], await RowsAsync(run)); // replaced whole
        var e = await Assert.ThrowsAsync<TaskFailedException>(() => run.ExecuteAsync(Load("b.csv", LoadMethod.Upsert)));
        Assert.Contains("needs 'owner', which takes no NULL and has no default", e.Message, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Targets))]
    public async Task A_snapshot_table_gets_one_day_replaced_and_keeps_the_others(string kind)
    {
        var run = await TargetAsync(kind, "CREATE TABLE t (id int, snapshot_date date)");
        File("a.csv", "id\n1\n2\n");
        await run.ExecuteAsync(Snapshot("2021-02-05"));
        await run.ExecuteAsync(Snapshot("2021-02-06"));
        File("a.csv", "id\n3\n");

        await run.ExecuteAsync(Snapshot("2021-02-05"));

        Assert.Equal([["1", "2021-02-06"], ["2", "2021-02-06"], ["3", "2021-02-05"]], await RowsAsync(run));

        S3ToRedshiftOperator Snapshot(string day)
        {
            var load = Load("a.csv", LoadMethod.Replace);
            load.SnapshotColumn = "Snapshot_Date";
            load.SnapshotValue = day;
            return load;
        }
    }

    [Theory, MemberData(nameof(Targets))]
    public async Task Rows_that_are_refused_go_to_quarantine_with_their_reason_and_no_more_than_may(string kind)
    {
        var run = await TargetAsync(kind, kind == "postgres"
            ? "CREATE TABLE t (id int NOT NULL, born date)"
            : "CREATE TABLE t (id int NOT NULL CHECK (typeof(id) = 'integer'), born text CHECK (born IS NULL OR born LIKE '____-__-__'))");
        var good = string.Concat(Enumerable.Range(10, 5000).Select(i => $"{i},2021-02-05\n"));
        File("a.csv", $"id,born\nx,2021-02-05\n{good}2,no date\n,2021-02-05\n3,2021-02-05,more\n4,\n");
        var load = Load("a.csv", LoadMethod.Append);
        load.Quarantine = _folder.Uri("bad.jsonl");
        load.MaxRejected = 4;

        var result = await run.ExecuteAsync<LoadResult>(load);

        Assert.Equal((5001, 5001, 4), (result.RowsLoaded, result.RowsInTable, result.RowsRejected));
        Assert.Equal(5001L, await CountAsync(run));
        var rejects = System.IO.File.ReadLines(_folder["bad.jsonl"]).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(["x,2021-02-05", "2,no date", ",2021-02-05", "3,2021-02-05,more"], rejects.OrderBy(r => r.GetProperty("record").GetInt64()).Select(r => r.GetProperty("row").GetString()));
        Assert.Equal([2, 5003, 5004, 5005], rejects.Select(r => r.GetProperty("record").GetInt64()).Order());
        Assert.All(rejects, r => Assert.NotEmpty(r.GetProperty("reason").GetString()!));

        load.MaxRejected = 3;
        load.Method = LoadMethod.Replace;
        var e = await Assert.ThrowsAsync<TaskFailedException>(() => run.ExecuteAsync(load));
        Assert.Contains("4 rows were refused, and 3 may be", e.Message, StringComparison.Ordinal);
        Assert.Equal(5001L, await CountAsync(run));
        Assert.Equal(4, System.IO.File.ReadLines(_folder["bad.jsonl"]).Count());
    }

    [Theory, MemberData(nameof(Targets))]
    public async Task Refused_rows_stay_when_the_load_is_passed_over_or_was_held_up(string kind)
    {
        var run = await TargetAsync(kind, kind == "postgres" ? "CREATE TABLE t (id int NOT NULL)" : "CREATE TABLE t (id int NOT NULL CHECK (typeof(id) = 'integer'))");
        File("a.csv", "id\n1\nx\n");
        var load = Load("a.csv", LoadMethod.Append);
        load.Quarantine = _folder.Uri("bad.jsonl");
        load.MaxRejected = 1;
        await run.As(attempt: 2).ExecuteAsync(load);

        Assert.Equal(1, (await run.As(attempt: 3).ExecuteAsync<LoadResult>(load)).RowsInTable);
        await Assert.ThrowsAsync<TaskFailedException>(() => run.As(attempt: 1).ExecuteAsync(load));
        load.DryRun = true;
        await run.As(attempt: 4).ExecuteAsync(load);

        Assert.Single(System.IO.File.ReadLines(_folder["bad.jsonl"]));
    }

    [Theory]
    [InlineData("postgres", LoadMethod.Replace, Reconciliation.Checksums)]
    [InlineData("postgres", LoadMethod.Append, Reconciliation.Checksums)]
    [InlineData("postgres", LoadMethod.Upsert, Reconciliation.Checksums)]
    [InlineData("postgres", LoadMethod.Upsert, Reconciliation.Counts)]
    [InlineData("postgres", LoadMethod.Replace, Reconciliation.Counts)]
    [InlineData("postgres", LoadMethod.Append, Reconciliation.Counts)]
    [InlineData("sqlite", LoadMethod.Upsert, Reconciliation.Counts)]
    [InlineData("sqlite", LoadMethod.Replace, Reconciliation.Counts)]
    [InlineData("sqlite", LoadMethod.Replace, Reconciliation.Checksums)]
    [InlineData("sqlite", LoadMethod.Append, Reconciliation.Checksums)]
    [InlineData("sqlite", LoadMethod.Upsert, Reconciliation.Checksums)]
    public async Task What_arrives_is_compared_with_what_left_before_the_commit(string kind, LoadMethod method, Reconciliation reconcile)
    {
        var run = await TargetAsync(kind, "CREATE TABLE t (id int PRIMARY KEY, price numeric(10,4), at timestamp, note text, ok int)");
        run.With("source", await (await MariaDbServer.StartSharedAsync()).CreateDatabaseAsync());
        await run.ExecuteSqlAsync(
            "source",
            """
            CREATE TABLE s (id INT PRIMARY KEY, price DECIMAL(10,2), at DATETIME(6), note VARCHAR(100), ok BOOLEAN);
            INSERT INTO s VALUES (1, 10.50, '2021-02-05 00:00:00', '김치 "x"', 1), (2, -0.10, '2021-02-05 10:00:00.120', '', 0), (3, NULL, NULL, NULL, NULL)
            """);
        await run.ExecuteSqlAsync("db", "INSERT INTO t (id, note) VALUES (9, 'was here')");
        var wrote = await run.ExecuteAsync<SqlToS3Result>(new SqlToS3Operator
        {
            Table = "s", SqlConnectionId = "source", Uri = _folder.Uri("s.csv.gz"), Readers = 2, PartitionBy = "id", Reconcile = reconcile,
        });
        var load = Load("s.csv.gz", method);
        load.Reconcile = reconcile;
        load.Uri = wrote.Uri;

        var result = await run.ExecuteAsync<LoadResult>(load);

        Assert.Equal(3, result.RowsInTable);
        Assert.Equal((3, 1), (result.Evidence!.Rows, result.Evidence.Columns[1].Nulls));
        Assert.Equal("-0.1", result.Evidence.Columns[1].Min);

        // A target that changes what it is given is found out, and the commit does not happen.
        if (kind == "postgres")
        {
            await run.ExecuteSqlAsync(
                "db",
                """
                CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF NEW.id = 2 THEN NEW.price := 0.2; END IF; RETURN NEW; END';
                CREATE TRIGGER spoil BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION spoil();
                DELETE FROM t WHERE id < 9
                """);
        }
        else
        {
            await run.ExecuteSqlAsync("db", "CREATE TRIGGER spoil AFTER INSERT ON t WHEN NEW.id = 2 BEGIN UPDATE t SET price = 0.2 WHERE id = 2; END; DELETE FROM t WHERE id < 9");
        }

        var e = await Assert.ThrowsAsync<TaskFailedException>(() => run.ExecuteAsync(load));
        Assert.Contains("What arrived is not what left", e.Message, StringComparison.Ordinal);
        Assert.Equal(method == LoadMethod.Replace ? 0L : 1L, await CountAsync(run)); // REPLACE had taken the row of 9 away before
    }

    [Fact]
    public async Task An_object_that_is_not_what_the_manifest_says_is_not_loaded()
    {
        var run = await TargetAsync("postgres", "CREATE TABLE t (id int)");
        await run.ExecuteSqlAsync("db", "CREATE TABLE s (id int); INSERT INTO s VALUES (1), (2)");
        var wrote = await run.ExecuteAsync<SqlToS3Result>(new SqlToS3Operator
        {
            Table = "s", SqlConnectionId = "db", Uri = _folder.Uri("s.csv"), Reconcile = Reconciliation.Checksums,
        });
        var load = Load("s.csv", LoadMethod.Append);
        load.Reconcile = Reconciliation.Checksums;
        var manifest = await ObjectManifest.ReadAsync(new FileObjectStore(), ObjectUri.Parse(wrote.Uri), CancellationToken.None);
        var part = "/" + ObjectUri.Key(manifest.Entries[0].Uri);
        await System.IO.File.WriteAllTextAsync(part, "id\n1\n3\n"); // as many bytes and rows

        Assert.Contains("What arrived is not what left", (await Assert.ThrowsAsync<TaskFailedException>(() => run.ExecuteAsync(load))).Message, StringComparison.Ordinal);
        await System.IO.File.WriteAllTextAsync(part, "id\n1\n");
        Assert.Contains("and 7 by its manifest", (await Assert.ThrowsAsync<TaskErrorException>(() => run.As(attempt: 1).ExecuteAsync(load))).Message, StringComparison.Ordinal);
        System.IO.File.Delete(part);
        Assert.Contains("There is no object", (await Assert.ThrowsAsync<TaskErrorException>(() => run.As(attempt: 1).ExecuteAsync(load))).Message, StringComparison.Ordinal);
        Assert.Equal(0L, await CountAsync(run));
    }

    [Fact]
    public async Task A_table_with_views_is_replaced_while_readers_read()
    {
        var run = await TargetAsync("postgres", "CREATE TABLE t (id int); INSERT INTO t SELECT 1 FROM generate_series(1, 1000); CREATE VIEW v AS SELECT COUNT(*) AS n FROM t");
        File("a.csv", "id\n" + string.Concat(Enumerable.Repeat("2\n", 50_000)));
        using var stop = new CancellationTokenSource();
        var seen = ReadAsync();

        await run.As(attempt: 1).ExecuteAsync(Load("a.csv", LoadMethod.Replace));

        await stop.CancelAsync();
        Assert.Subset(new HashSet<long> { 1000, 50_000 }, (await seen).ToHashSet());
        Assert.Equal(50_000L, (await run.QueryAsync("db", "SELECT n FROM v"))[0][0]);

        async Task<List<long>> ReadAsync()
        {
            var counts = new List<long>();
            while (!stop.IsCancellationRequested)
            {
                counts.Add((long)(await run.QueryAsync("db", "SELECT n FROM v"))[0][0]!);
            }

            return counts;
        }
    }

    private void File(string name, string text) => System.IO.File.WriteAllText(_folder[name], text);

    private S3ToRedshiftOperator Load(string name, LoadMethod method) =>
        new() { Table = "t", Uri = _folder.Uri(name), RedshiftConnectionId = "db", Method = method, SnapshotValue = "" };

    private async Task<TaskRun> TargetAsync(string kind, string ddl)
    {
        var run = new TaskRun().With("db", kind == "postgres"
            ? await (await PostgresServer.StartSharedAsync()).CreateDatabaseUriAsync()
            : _folder.SqliteUri("t.db"));
        await run.ExecuteSqlAsync("db", ddl);
        return run;
    }

    private static async Task<long> CountAsync(TaskRun run) => (long)(await run.QueryAsync("db", "SELECT COUNT(*) FROM t"))[0][0]!;

    private static async Task<List<string?[]>> RowsAsync(TaskRun run)
    {
        await using var sql = await run.Context().SqlAsync("db");
        var rows = new MySql.RowList();
        await sql.ExtractAsync("SELECT * FROM t ORDER BY 1, 2", null, rows, CancellationToken.None);
        return rows.Rows;
    }
}
