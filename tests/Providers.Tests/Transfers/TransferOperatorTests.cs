using Sluice.Authoring.Evidence;
using Sluice.Authoring.Execution;
using Sluice.Authoring.Extraction;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Objects;
using Sluice.Authoring.Operators;
using Sluice.Providers.All;
using Sluice.Providers.Aws.Operators;
using Sluice.Providers.Files.Objects;
using Sluice.Services;

namespace Sluice.Providers.Tests.Transfers;

/// <summary>Extract and load in one task, side by side, between real databases.</summary>
public sealed class TransferOperatorTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("postgres", LoadMethod.Replace)]
    [InlineData("postgres", LoadMethod.Append)]
    [InlineData("postgres", LoadMethod.Upsert)]
    [InlineData("sqlite", LoadMethod.Upsert)]
    public async Task What_left_the_source_is_in_the_table_and_again_without_a_change(string kind, LoadMethod method)
    {
        var run = await RoadAsync(kind, rows: 1000);
        for (var attempt = 1; attempt <= 2; attempt++)
        {
            var moved = await run.As(attempt).ExecuteAsync<TransferResult>(Transfer(kind, method));
            Assert.Equal((1000, 1000, 1000), (moved.Rows, moved.RowsLoaded, moved.RowsInTable));
            Assert.Equal(10, (await ObjectManifest.ReadAsync(new FileObjectStore(), ObjectUri.Parse(moved.Uri), CancellationToken.None)).Entries.Count);
            Assert.Equal([[1000L, 500_500L]], await run.QueryAsync("target", "SELECT COUNT(*), CAST(SUM(id) AS bigint) FROM t"));
        }

        Assert.Equal(11, _folder.AllFiles().Count(file => file.Contains("rows.csv", StringComparison.Ordinal)));
        if (method == LoadMethod.Append)
        {
            Assert.Contains(run.Log, line => line.Contains("appended to t already: 1000 rows", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Where_the_author_says_nothing_the_first_object_is_small_so_that_the_load_begins_at_once()
    {
        var run = await RoadAsync("postgres", rows: 60_000);

        var moved = await run.ExecuteAsync<TransferResult>(Transfer("postgres", LoadMethod.Append, transfer => transfer.Extract!.MaxRowsPerFile = null));

        var manifest = await ObjectManifest.ReadAsync(new FileObjectStore(), ObjectUri.Parse(moved.Uri), CancellationToken.None);
        Assert.Equal([25_000L, 31_250L, 3_750L], manifest.Entries.Select(entry => entry.Meta!.RecordCount));
        Assert.Equal([[60_000L]], await run.QueryAsync("target", "SELECT COUNT(*) FROM t"));
    }

    [Fact]
    public async Task The_first_objects_are_copied_while_the_last_ones_are_written_and_readers_see_nothing_of_it()
    {
        var run = await RoadAsync("postgres", rows: 1000);
        await run.ExecuteSqlAsync("target", "INSERT INTO t (id) VALUES (7)");
        await using var holder = await run.Context().SqlAsync("source");
        await holder.QueryAsync("SELECT GET_LOCK('hold_transfer', 0)", null, 1, CancellationToken.None);
        var transfer = Transfer("postgres", LoadMethod.Replace);
        transfer.Extract!.Query = "SELECT id, REPEAT('x', 2000) AS name, IF(id = 600, GET_LOCK('hold_transfer', 120), 1) AS held FROM t ORDER BY id";
        transfer.Extract.Reconcile = Reconciliation.None; // the source's own counts would come after the lock
        transfer.Load!.Reconcile = Reconciliation.None;
        transfer.Load.Drift = Authoring.Loading.DriftPolicy.Ignore;

        var moving = run.ExecuteAsync<TransferResult>(transfer);
        await UntilAsync(() => run.Log.Count(line => line.StartsWith("Copied 100 rows", StringComparison.Ordinal)) >= 4, moving);

        Assert.False(moving.IsCompleted);
        Assert.Equal([[7L]], await run.QueryAsync("target", "SELECT id FROM t"));
        Assert.DoesNotContain(_folder.AllFiles(), file => file.EndsWith(".manifest", StringComparison.Ordinal));
        await holder.QueryAsync("SELECT RELEASE_LOCK('hold_transfer')", null, 1, CancellationToken.None);
        Assert.Equal(1000, (await moving).RowsInTable);
        Assert.Equal([[1000L]], await run.QueryAsync("target", "SELECT COUNT(*) FROM t"));
    }

    [Fact]
    public async Task When_the_source_fails_half_way_the_table_is_as_it_was_and_nothing_is_left_in_the_store()
    {
        var run = await RoadAsync("postgres", rows: 1000);
        await run.ExecuteSqlAsync("target", "INSERT INTO t (id) VALUES (7)");
        var transfer = Transfer("postgres", LoadMethod.Replace);
        transfer.Extract!.Query = "SELECT id, IF(id = 900, (SELECT id FROM t), name) AS name FROM t ORDER BY id";
        transfer.Extract.Reconcile = transfer.Load!.Reconcile = Reconciliation.None;

        var e = await Assert.ThrowsAsync<SqlHookException>(() => run.ExecuteAsync(transfer));

        Assert.Contains("more than 1 row", e.Message, StringComparison.Ordinal);
        Assert.Equal([[7L]], await run.QueryAsync("target", "SELECT id FROM t"));
        Assert.Empty(_folder.AllFiles());
    }

    [Fact]
    public async Task When_the_table_refuses_a_row_the_extract_stops_and_publishes_nothing()
    {
        var run = await RoadAsync("postgres", rows: 1000);
        await run.ExecuteSqlAsync("target", "ALTER TABLE t ADD CHECK (id <> 150)");
        await using var holder = await run.Context().SqlAsync("source");
        await holder.QueryAsync("SELECT GET_LOCK('hold_refused', 0)", null, 1, CancellationToken.None);
        var transfer = Transfer("postgres", LoadMethod.Append);
        transfer.Extract!.Query = "SELECT id, CONCAT(REPEAT('x', 2000), IF(id = 600, GET_LOCK('hold_refused', 120), 1)) AS name FROM t ORDER BY id"; // never released: only a stop ends it
        transfer.Extract.Reconcile = transfer.Load!.Reconcile = Reconciliation.None;
        transfer.Load.Ledger = false;

        var e = await Assert.ThrowsAsync<SqlHookException>(() => run.ExecuteAsync(transfer));

        Assert.Contains("violates check constraint", e.Message, StringComparison.Ordinal);
        Assert.Equal([[0L]], await run.QueryAsync("target", "SELECT COUNT(*) FROM t"));
        Assert.Empty(_folder.AllFiles());
    }

    [Fact]
    public async Task What_arrived_is_compared_with_what_left_before_the_commit()
    {
        var run = await RoadAsync("postgres", rows: 300);
        await run.ExecuteSqlAsync(
            "target",
            """
            CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.id = 250 THEN NEW.name := 'spoiled'; END IF; RETURN NEW; END $$;
            CREATE TRIGGER spoil BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION spoil()
            """);

        var e = await Assert.ThrowsAsync<TaskFailedException>(() => run.ExecuteAsync(Transfer("postgres", LoadMethod.Append)));

        Assert.Contains("What arrived is not what left", e.Message, StringComparison.Ordinal);
        Assert.Equal([[0L]], await run.QueryAsync("target", "SELECT COUNT(*) FROM t"));
        await run.ExecuteSqlAsync("target", "DROP TRIGGER spoil ON t");
        var context = run.Context();
        await Transfer("postgres", LoadMethod.Append).ExecuteAsync(context, CancellationToken.None);
        Assert.Contains(context.Pushed, pushed => pushed.Key == "evidence" && pushed.Value.Contains("\"rows\":300", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task An_empty_source_empties_the_table_that_is_replaced()
    {
        var run = await RoadAsync("postgres", rows: 0);
        await run.ExecuteSqlAsync("target", "INSERT INTO t (id) VALUES (7)");

        await run.ExecuteAsync(Transfer("postgres", LoadMethod.Replace));

        Assert.Equal([[0L]], await run.QueryAsync("target", "SELECT COUNT(*) FROM t"));
    }

    [Fact]
    public async Task Its_parts_are_written_as_data_and_their_templates_rendered()
    {
        var op = (TransferOperator)new OperatorFactory(BuiltInProviders.Catalog()).Create("TransferOperator", Arguments);

        Assert.IsType<S3ToPostgresOperator>(op.Load);
        Assert.Equal(LoadMethod.Upsert, op.Load.Method);
        Assert.Equal(
            """{"extract":{"uri":"s3://lake/{{ ds }}.csv.gz","table":"nps","replace":true,"sql_connection_id":"shop"},"load":{"operator":"S3ToPostgresOperator","postgres_connection_id":"warehouse","table":"nps_{{ ds_nodash }}","method":"upsert"}}""",
            OperatorArguments.Write(op, strict: true));
        Assert.True(await TemplateFields.RenderAsync(op, new TaskRun().Context(), CancellationToken.None));
        Assert.Equal(("s3://lake/2021-02-05.csv.gz", "nps_20210205"), (op.Extract!.Uri, op.Load.Table));
        op.Load.Table = "{{ nothing_like_it }}";
        var e = await Assert.ThrowsAsync<TemplateFieldException>(async () => await TemplateFields.RenderAsync(op, new TaskRun().Context(), CancellationToken.None));
        Assert.Contains("load.table", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"load": {"table": "t"}}""", "'operator' is missing; use one of S3ToPostgresOperator, S3ToRedshiftOperator, S3ToSqliteOperator.")]
    [InlineData("""{"load": {"operator": "SqlToS3Operator"}}""", "There is no operator 'SqlToS3Operator' here; use one of S3ToPostgres")]
    [InlineData("""{"extract": {"tabel": "t"}}""", "SqlToS3Operator has no argument 'tabel'; it knows: s3_bucket, s3_key, uri,")]
    [InlineData("""{"extract": {"readers": "two"}}""", "Argument 'readers' of SqlToS3Operator cannot be \"two\": use a number.")]
    [InlineData("""{"extract": "table t"}""", "Argument 'extract' of TransferOperator cannot be \"table t\"")]
    public void A_part_that_cannot_be_is_named(string arguments, string wrong)
    {
        var e = Assert.Throws<OperatorArgumentException>(() => new OperatorFactory(BuiltInProviders.Catalog()).Create("TransferOperator", arguments));

        Assert.Contains(wrong, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_that_contradict_each_other_are_told()
    {
        var run = await RoadAsync("postgres", rows: 1);
        await RefusedAsync(new(), "needs Extract and Load");
        await RefusedAsync(new() { Extract = new() { Table = "t" }, Load = new S3ToPostgresOperator() }, "needs Replace, and CSV");
        await RefusedAsync(Transfer("postgres", LoadMethod.Append, transfer => transfer.Load!.Uri = "s3://other/key"), "leave out its Uri");
        await RefusedAsync(Transfer("postgres", LoadMethod.Append, transfer => transfer.Load = new S3ToSqliteOperator { Table = "t", SqliteConnectionId = "target" }), "loads into SQLite; connection 'target' is of type postgres");
        await RefusedAsync(Transfer("postgres", LoadMethod.Append, transfer => transfer.Extract!.SqlConnectionId = "nowhere"), "There is no connection 'nowhere'");
        await RefusedAsync(Transfer("postgres", LoadMethod.Append, transfer => transfer.Extract!.Reconcile = Reconciliation.Counts), "needs Reconcile checksums in its Extract");
        await RefusedAsync(Transfer("postgres", LoadMethod.Replace, transfer => transfer.Load!.DryRun = true), "cannot be a DryRun");
        Assert.Empty(_folder.AllFiles());

        async Task RefusedAsync(TransferOperator transfer, string why) =>
            Assert.Contains(why, (await Assert.ThrowsAsync<TaskFailedException>(() => run.ExecuteAsync(transfer))).Message, StringComparison.Ordinal);
    }

    private const string Arguments =
        """
        {"extract": {"table": "nps", "sql_connection_id": "shop", "uri": "s3://lake/{{ ds }}.csv.gz", "replace": true},
         "load": {"table": "nps_{{ ds_nodash }}", "operator": "S3ToPostgresOperator", "postgres_connection_id": "warehouse", "method": "upsert"}}
        """;

    private TransferOperator Transfer(string kind, LoadMethod method, Action<TransferOperator>? set = null)
    {
        S3ToTableOperator load = kind == "postgres" ? new S3ToPostgresOperator { PostgresConnectionId = "target" } : new S3ToSqliteOperator { SqliteConnectionId = "target" };
        (load.Table, load.Method, load.Reconcile) = ("t", method, Reconciliation.Checksums);
        var transfer = new TransferOperator
        {
            Extract = new()
            {
                Query = "SELECT * FROM t ORDER BY id", SqlConnectionId = "source", Uri = _folder.Uri("rows.csv.gz"), Replace = true, MaxRowsPerFile = 100, Reconcile = Reconciliation.Checksums,
            },
            Load = load,
        };
        set?.Invoke(transfer);
        return transfer;
    }

    private async Task<TaskRun> RoadAsync(string kind, int rows)
    {
        var run = new TaskRun()
            .With("source", await (await MariaDbServer.StartSharedAsync()).CreateDatabaseAsync())
            .With("target", kind == "postgres" ? await (await PostgresServer.StartSharedAsync()).CreateDatabaseUriAsync() : _folder.SqliteUri("t.db"));
        await run.ExecuteSqlAsync("source", "CREATE TABLE t (id BIGINT PRIMARY KEY, name VARCHAR(100))");
        if (rows > 0)
        {
            await run.ExecuteSqlAsync("source", $"INSERT INTO t SELECT seq, IF(seq % 3 = 0, NULL, CONCAT('row ', seq)) FROM seq_1_to_{rows}");
        }

        await run.ExecuteSqlAsync("target", "CREATE TABLE t (id bigint PRIMARY KEY, name text)");
        return run;
    }

    private static async Task UntilAsync(Func<bool> condition, Task running)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(180));
        while (!condition())
        {
            if (running.IsCompleted)
            {
                await running;
            }

            await Task.Delay(20, deadline.Token);
        }
    }
}
