using Sluice.Authoring.Extraction;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Loading;
using Sluice.Authoring.Operators;
using Sluice.Providers.Aws.Operators;
using Sluice.Services;

namespace Sluice.Providers.Tests.Redshift;

/// <summary>What Redshift remembers of loads, how they meet changed columns, and how they prove what they did.</summary>
public sealed class RedshiftLedgerTests : IAsyncLifetime
{
    private RedshiftRoad _road = null!;

    public async Task InitializeAsync() => _road = await RedshiftRoad.StartAsync();

    public async Task DisposeAsync() => await _road.DisposeAsync();

    [Fact]
    public async Task An_interval_is_appended_once_however_often_the_task_runs()
    {
        await _road.ExecuteAsync("CREATE TABLE t (id int, v varchar)");
        await _road.PutAsync("f.csv", "id,v\n1,a\n2,b\n");

        Assert.Equal(new(2, 2), await AppendAsync(attempt: 1));
        Assert.Equal(new(2, 2), await AppendAsync(attempt: 2));
        Assert.Equal("2", await CountAsync());
        Assert.Single(_road.Server.Statements, statement => statement.StartsWith("COPY", StringComparison.Ordinal));

        await _road.PutAsync("f.csv", "id,v\n3,c\n");
        Assert.Contains("from other objects than these", (await Assert.ThrowsAsync<TaskFailedException>(() => AppendAsync(attempt: 3))).Message, StringComparison.Ordinal);
        await AppendAsync(attempt: 4, set: load => load.AppendAgain = true);
        await AppendAsync(attempt: 1, day: 6);
        Assert.Equal("4", await CountAsync());
        Assert.Equal("4|1\n1|1", await _road.ReadAsync("SELECT attempt, rows_loaded FROM sluice_loads ORDER BY interval_start"));
    }

    [Theory]
    [InlineData("^COMMIT")]
    [InlineData("^INSERT INTO \"public\".\"t\"")]
    [InlineData("^DELETE FROM \"public\".\"sluice_loads\"")]
    [InlineData("^LOCK")]
    public async Task An_append_that_is_remembered_is_tried_again_even_when_its_commit_was_not_answered(string statement)
    {
        await _road.ExecuteAsync("CREATE TABLE t (id int, v varchar)");
        await _road.PutAsync("f.csv", "id,v\n1,a\n2,b\n");
        foreach (var day in new[] { 1, 2 })
        {
            var (fault, rows) = day == 1 ? ((Action<string, int>)_road.Server.Faults.DropBefore, "2") : (_road.Server.Faults.DropAfter, "4");
            fault(statement, 1);

            await AppendAsync(attempt: 1, day: day);

            Assert.Equal(rows, await CountAsync());
            Assert.Equal(0, _road.Server.Faults.Left);
        }
    }

    [Fact]
    public async Task Attempts_at_once_go_one_after_the_other_and_the_later_one_wins()
    {
        await _road.ExecuteAsync("CREATE TABLE t (id int PRIMARY KEY, v varchar)");
        await _road.PutAsync("old.csv", "id,v\n1,old\n");
        await _road.PutAsync("new.csv", "id,v\n1,new\n");

        // The early attempt is held up before its merge until the late one has committed.
        var pause = _road.Server.Faults.Pause("^BEGIN");
        var early = _road.OperateAsync("old.csv", LoadMethod.Replace, run: _road.Run.As(attempt: 1));
        await pause.Reached.WaitAsync(TimeSpan.FromSeconds(120));
        await _road.OperateAsync("new.csv", LoadMethod.Replace, run: _road.Run.As(attempt: 2));
        pause.Release();

        Assert.Contains("this is attempt 1, which was held up", (await Assert.ThrowsAsync<TaskFailedException>(() => early)).Message, StringComparison.Ordinal);
        Assert.Equal("1|new", await _road.ReadAsync("SELECT * FROM t"));
    }

    [Fact]
    public async Task Two_appends_of_one_interval_at_once_append_it_once()
    {
        await _road.ExecuteAsync("CREATE TABLE t (id int, v varchar)");
        await _road.PutAsync("f.csv", "id,v\n1,a\n");

        await Task.WhenAll(Enumerable.Range(1, 4).Select(attempt => AppendAsync(attempt: 1, key: attempt)));

        Assert.Equal("1", await CountAsync());
    }

    [Fact]
    public async Task A_snapshot_is_replaced_and_the_others_stay()
    {
        await _road.ExecuteAsync("CREATE TABLE t (id int, snap date NOT NULL, v varchar)");
        foreach (var (day, rows) in new[] { (5, "1,a\n2,b\n"), (6, "1,c\n"), (5, "1,d\n") })
        {
            await _road.PutAsync("f.csv", "id,v\n" + rows);
            await _road.OperateAsync("f.csv", LoadMethod.Replace, load => (load.SnapshotColumn, load.SnapshotValue) = ("SNAP", $"2021-02-0{day}"), _road.Run.As(attempt: 1, key: day, day: day));
        }

        Assert.Equal("1|2021-02-05|d\n1|2021-02-06|c", await _road.ReadAsync("SELECT * FROM t ORDER BY snap"));
        await Assert.ThrowsAsync<TaskFailedException>(() => _road.OperateAsync("f.csv", LoadMethod.Append, load => load.SnapshotColumn = "snap"));
    }

    [Theory]
    [InlineData(LoadMethod.Append)]
    [InlineData(LoadMethod.Replace)]
    [InlineData(LoadMethod.Upsert)]
    public async Task Columns_that_the_table_lacks_are_refused_added_or_passed_over(LoadMethod method)
    {
        await _road.ExecuteAsync("CREATE TABLE t (id int PRIMARY KEY, v varchar)");
        await _road.PutAsync("f.csv", "New,id,v\nx,1,a\n");

        Assert.Contains("no column 'New'", (await Assert.ThrowsAsync<TaskFailedException>(() => LoadAsync(DriftPolicy.Fail))).Message, StringComparison.Ordinal);
        await LoadAsync(DriftPolicy.Ignore);
        Assert.Equal("1|a", await _road.ReadAsync("SELECT * FROM t"));
        await LoadAsync(DriftPolicy.AddColumns, dryRun: true);
        Assert.Contains(_road.Run.Log, line => line == "Dry run: would run ALTER TABLE \"public\".\"t\" ADD COLUMN \"new\" varchar(65535)");
        Assert.Equal("1|a", await _road.ReadAsync("SELECT * FROM t"));
        await _road.ExecuteAsync("DELETE FROM t");

        await LoadAsync(DriftPolicy.AddColumns);

        Assert.Equal("1|a|x", await _road.ReadAsync("SELECT id, v, new FROM t"));
        Task LoadAsync(DriftPolicy drift, bool dryRun = false) => _road.OperateAsync("f.csv", method, load => (load.Drift, load.DryRun) = (drift, dryRun));
    }

    [Fact]
    public async Task Of_two_loads_that_add_the_same_column_at_once_both_are_right()
    {
        await _road.ExecuteAsync("CREATE TABLE t (id int)");
        await _road.PutAsync("f.csv", "id,v\n1,new\n");
        await _road.PutAsync("g.csv", "id,v\n2,other\n");
        var pause = _road.Server.Faults.Pause("^LOCK");
        var late = _road.OperateAsync("f.csv", LoadMethod.Append, Add, _road.Run.As(attempt: 1));
        await pause.Reached.WaitAsync(Until.Patience);
        await _road.OperateAsync("g.csv", LoadMethod.Append, Add, _road.Run.As(attempt: 1, day: 6));
        pause.Release();

        Assert.Equal(1, (await late).RowsInTable);

        Assert.Equal("1|new\n2|other", await _road.ReadAsync("SELECT id, v FROM t ORDER BY id"));

        static void Add(S3ToRedshiftOperator load) => load.Drift = DriftPolicy.AddColumns;
    }

    [Fact]
    public async Task Rows_that_do_not_fit_go_to_quarantine_up_to_a_limit()
    {
        await _road.ExecuteAsync("CREATE TABLE t (id int PRIMARY KEY, v varchar(3)); INSERT INTO t VALUES (9, 'old')");
        await _road.PutAsync("f.csv", "id,v\n1,a\nx,b\n3,long\n4,d\n");
        var quarantine = $"s3://{_road.Bucket}/refused.jsonl";

        var result = await _road.OperateAsync("f.csv", LoadMethod.Upsert, load => (load.Quarantine, load.MaxRejected) = (quarantine, 2));

        Assert.Equal((2, 2, 2), (result.RowsLoaded, result.RowsInTable, result.RowsRejected));
        Assert.Equal("1|a\n4|d\n9|old", await _road.ReadAsync("SELECT * FROM t ORDER BY id"));
        var lines = (await _road.GetAsync("refused.jsonl")).TrimEnd().Split('\n');
        Assert.Equal(2, lines.Length);
        Assert.Contains("\"record\":3,\"reason\":\"Invalid digit, Value 'x', Pos 0, Type: Integer (error 1207)\",\"row\":\"x,b\"", lines[0], StringComparison.Ordinal);

        var e = await Assert.ThrowsAsync<TaskFailedException>(() => _road.OperateAsync("f.csv", LoadMethod.Upsert, load => (load.Quarantine, load.MaxRejected) = (quarantine, 1)));
        Assert.Contains("2 rows were refused, and 1 may be", e.Message, StringComparison.Ordinal);
        Assert.Equal(2, (await _road.GetAsync("refused.jsonl")).TrimEnd().Split('\n').Length);
        await Assert.ThrowsAsync<TaskFailedException>(() => _road.OperateAsync("f.csv", LoadMethod.Upsert, load => (load.Quarantine, load.CopyOptions) = (quarantine, ["MAXERROR 5"])));
    }

    // What is too long for a type whose length only the catalog knows is refused row by row, too. LIKE would want the identity.
    [Fact]
    public async Task A_quarantine_keeps_rows_by_the_exact_types_of_the_target()
    {
        await _road.ExecuteAsync("CREATE TABLE t (id int, digest varbyte(2), at timetz, code char(3), amount decimal(6, 2), note varchar(4), n int identity(1, 1))");
        await _road.PutAsync("f.csv", "id,digest,at,code,amount,note\n1,00ff,10:11:12+09,abc,1.25,a\n2,00ff01,10:11:12+09,abc,1.25,a\n3,xy,10:11:12+09,abc,1.25,a\n4,00,25:00,abc,1.25,a\n5,00,10:11:12,abcd,1.25,a\n6,00,10:11:12,abc,1.25,abcde\n");

        var result = await _road.OperateAsync("f.csv", LoadMethod.Upsert, load => (load.Quarantine, load.MaxRejected, load.UpsertKeys) = ($"s3://{_road.Bucket}/refused.jsonl", 5, ["id"]));

        Assert.Equal((1, 5), (result.RowsInTable, result.RowsRejected));
        Assert.Equal("1|\\x00ff|10:11:12+09|abc|1.25|a", await _road.ReadAsync("SELECT id, digest, at, code, amount, note FROM t"));
        Assert.Equal(
            """CREATE TEMP TABLE "#sluice_staging" ("id" integer, "digest" varbyte(2), "at" time with time zone, "code" character(3), "amount" numeric(6,2), "note" character varying(4))""",
            Assert.Single(_road.Server.Statements, sql => sql.StartsWith("CREATE TEMP TABLE", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(LoadMethod.Append, Reconciliation.Counts)]
    [InlineData(LoadMethod.Append, Reconciliation.Checksums)]
    [InlineData(LoadMethod.Replace, Reconciliation.Counts)]
    [InlineData(LoadMethod.Replace, Reconciliation.Checksums)]
    [InlineData(LoadMethod.Upsert, Reconciliation.Counts)]
    [InlineData(LoadMethod.Upsert, Reconciliation.Checksums)]
    public async Task What_arrived_is_compared_with_what_left_before_the_commit(LoadMethod method, Reconciliation reconcile)
    {
        var mysql = await MariaDbServer.StartSharedAsync();
        _road.Run.With("prod", await mysql.CreateDatabaseAsync());
        await _road.Run.ExecuteSqlAsync(
            "prod",
            """
            CREATE TABLE nps (id BIGINT PRIMARY KEY, score DECIMAL(20,4), comment TEXT CHARACTER SET utf8mb4, ok BOOLEAN, at DATETIME(6), day DATE, ratio DOUBLE);
            INSERT INTO nps VALUES (1, 1234567890123456.7891, '아주 "좋아요",\n👍', 1, '2021-02-05 10:11:12.123456', '2021-02-05', 0.1), (2, -0.5, '', 0, '2021-02-05 23:59:59', NULL, 1e300), (3, NULL, NULL, NULL, NULL, NULL, NULL)
            """);
        await _road.ExecuteAsync(
            """
            CREATE TABLE t (id bigint PRIMARY KEY, score decimal(20,4), comment varchar(200), ok smallint, at timestamp, day date, ratio double precision);
            INSERT INTO t (id, comment) VALUES (2, 'old'), (9, 'old')
            """);
        await _road.Run.ExecuteAsync(new SqlToS3Operator
        {
            Query = "SELECT at, id, score, comment, ok, day, ratio FROM nps", SqlConnectionId = "prod", S3Bucket = _road.Bucket, S3Key = "nps.csv.gz", AwsConnectionId = "s3", NullMarker = "\\N",
            Reconcile = reconcile,
        });

        await _road.OperateAsync("nps.csv.gz", method, load => load.Reconcile = reconcile);
        var rows = method switch { LoadMethod.Append => "5", LoadMethod.Replace => "3", _ => "4" };
        Assert.Equal(rows, await CountAsync());

        // What the cluster makes less of than it was: two digits fewer, which COPY cuts off without a word.
        await _road.ExecuteAsync("ALTER TABLE t RENAME TO whole; CREATE TABLE t (id bigint PRIMARY KEY, score decimal(20,2), comment varchar(200), ok smallint, at timestamp, day date, ratio double precision)");
        var e = await Assert.ThrowsAsync<TaskFailedException>(() => _road.OperateAsync("nps.csv.gz", method, load => load.Reconcile = reconcile));
        Assert.Contains("score", e.Message, StringComparison.Ordinal);
        Assert.Equal("0", await CountAsync());
    }

    private Task<LoadResult> AppendAsync(int attempt, long key = 1, int day = 5, Action<S3ToRedshiftOperator>? set = null) =>
        _road.OperateAsync("f.csv", LoadMethod.Append, set, _road.Run.As(attempt, key, day));

    private Task<string> CountAsync() => _road.ReadAsync("SELECT COUNT(*) FROM t");
}
