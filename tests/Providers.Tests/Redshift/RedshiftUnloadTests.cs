using Sluice.Authoring.Extraction;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Objects;
using Sluice.Authoring.Operators;
using Sluice.Providers.Aws.Operators;
using Sluice.Providers.Aws.S3;
using Sluice.Services;

namespace Sluice.Providers.Tests.Redshift;

/// <summary>Redshift as a source that writes by itself: RedshiftToS3Operator.</summary>
public sealed class RedshiftUnloadTests : IAsyncLifetime
{
    private RedshiftRoad _road = null!;

    public async Task InitializeAsync()
    {
        _road = await RedshiftRoad.StartAsync();
        await _road.ExecuteAsync("CREATE TABLE t (id bigint, price decimal(18, 4), name varchar(100), ok boolean, day date, at timestamp)");
        await _road.ExecuteAsync(
            """
            INSERT INTO t VALUES (1, 12345678901234.5678, '새 "값", ok|\\N;
            next line', true, '2021-02-05', '2021-02-05 10:11:12.5'), (2, -0.5, '', false, NULL, NULL), (3, NULL, NULL, NULL, '1999-12-31', '1999-12-31 23:59:59')
            """);
    }

    public async Task DisposeAsync() => await _road.DisposeAsync();

    [Theory]
    [InlineData("rows.csv.gz", ",", true, "\\N")]
    [InlineData("새 폴더/rows.csv", "|", false, "<null>")]
    [InlineData("rows.tsv", "\\t", true, "\\N")]
    public async Task Rows_leave_as_they_are_and_prove_themselves_in_the_next_databases(string key, string delimiter, bool header, string marker)
    {
        _road.Run.With("target", await (await PostgresServer.StartSharedAsync()).CreateDatabaseUriAsync());
        await _road.Run.ExecuteSqlAsync("target", "CREATE TABLE copy (id bigint, price numeric(18, 4), name text, ok boolean, day date, at timestamp)");
        await _road.ExecuteAsync("CREATE TABLE copy (id bigint, price decimal(18, 4), name varchar(100), ok boolean, day date, at timestamp)");

        var wrote = await UnloadAsync(unload => (unload.Table, unload.S3Key, unload.Delimiter, unload.Header, unload.NullMarker, unload.Reconcile) = ("t", key, delimiter, header, marker, Reconciliation.Counts));
        await _road.Run.ExecuteAsync(new S3ToPostgresOperator
        {
            Table = "copy", Uri = wrote.Uri, AwsConnectionId = "s3", PostgresConnectionId = "target", Method = LoadMethod.Replace, Reconcile = Reconciliation.Counts,
        });
        await _road.OperateAsync(key, LoadMethod.Replace, load => (load.Table, load.Reconcile) = ("copy", Reconciliation.Counts));

        Assert.Equal((3L, $"s3://{_road.Bucket}/{key}.manifest"), (wrote.Rows, wrote.Uri));
        Assert.Equal(
            [
                [1L, 12345678901234.5678m, "새 \"값\", ok|\\N;\nnext line", true, new DateTime(2021, 2, 5, 10, 11, 12, 500)],
                [2L, -0.5m, "", false, null],
                [3L, null, null, null, new DateTime(1999, 12, 31, 23, 59, 59)],
            ],
            await _road.Run.QueryAsync("target", "SELECT id, price, name, ok, at FROM copy ORDER BY id"));
        Assert.Equal("0", await _road.ReadAsync("SELECT COUNT(*) FROM (SELECT * FROM t EXCEPT SELECT * FROM copy) d"));
        var manifest = await ManifestAsync(key);
        Assert.Equal((3L, 2), (manifest.Meta.RecordCount, manifest.Entries.Count)); // of two slices
        Assert.Equal(["bigint", "numeric", "character varying", "boolean", "date", "timestamp without time zone"], manifest.Meta.Sluice!.Columns.Select(column => column.Type.Split('(')[0]));
        Assert.Equal((3L, 1L), (manifest.Meta.Sluice.Evidence!.Rows, manifest.Meta.Sluice.Evidence.Columns[2].Nulls));
        Assert.Equal(3, (await _road.KeysAsync()).Count); // Redshift's own list is gone
    }

    [Fact]
    public async Task A_query_says_what_it_says_and_options_go_along()
    {
        await UnloadAsync(unload =>
        {
            unload.Query = "SELECT id, 'it''s \\\\ \"x\"' AS said FROM t WHERE name <> 'a''b; \\\\' ORDER BY id -- the last\n;\n";
            (unload.UnloadOptions, unload.Delimiter) = (["PARALLEL OFF"], ";");
        });

        Assert.Equal("id;said\n1;\"it's \\ \"\"x\"\"\"\n2;\"it's \\ \"\"x\"\"\"\n", await _road.GetAsync(ObjectUri.Key(Assert.Single((await ManifestAsync("rows.csv")).Entries).Uri)));
        Assert.Contains(_road.Run.Log, line => line.StartsWith("UNLOAD (", StringComparison.Ordinal) && line.EndsWith("MANIFEST VERBOSE\nPARALLEL OFF", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_may_not_leave_is_left_out_by_the_statement_itself()
    {
        await UnloadAsync(unload =>
        {
            (unload.Table, unload.UnloadOptions, unload.Reconcile) = ("t", ["parallel off"], Reconciliation.Counts);
            (unload.Exclude, unload.PersonalColumns) = (["price", "AT", "day"], ["t.name", "price"]);
            unload.Mask = new() { ["name"] = "null" };
        });

        var manifest = await ManifestAsync("rows.csv");
        Assert.Equal("id,name,ok\n1,\\N,t\n2,\\N,f\n3,\\N,\\N\n", await _road.GetAsync(ObjectUri.Key(Assert.Single(manifest.Entries).Uri)));
        Assert.Equal(3, manifest.Meta.Sluice!.Evidence!.Columns.Single(column => column.Name == "name").Nulls);
        Assert.DoesNotContain("price", Assert.Single(_road.Server.Statements, sql => sql.StartsWith("UNLOAD", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    public static TheoryData<string, Action<RedshiftToS3Operator>, string> Refused => new()
    {
        { "both", unload => unload.Query = "SELECT 1", "either Query or Table" },
        { "neither", unload => unload.Table = "", "either Query or Table" },
        { "a query that is none", unload => (unload.Table, unload.Query) = (null, "SELEC 1"), "syntax error" },
        { "two queries", unload => (unload.Table, unload.Query) = (null, "SELECT 1; SELECT 2"), "cannot insert multiple commands" },
        { "no such table", unload => unload.Table = "nothing", "\"nothing\" does not exist" },
        { "no such column", unload => unload.Columns = ["nothing"], "\"nothing\" does not exist" },
        { "a role that is not attached", unload => unload.RedshiftConnectionId = "stranger", "not authorized to assume IAM Role arn:aws:iam::123456789012:role/other" },
        { "keys that are wrong", unload => (unload.RedshiftConnectionId, unload.AwsConnectionId) = ("keys", "wrong"), "SignatureDoesNotMatch" },
        { "no role and no keys", unload => (unload.RedshiftConnectionId, unload.AwsConnectionId) = ("keys", "nobody"), "this worker has no AWS profile 'nobody'" },
        { "another database", unload => unload.RedshiftConnectionId = "postgres", "reads from Redshift; connection 'postgres' is of type postgres" },
        { "a folder", unload => (unload.S3Bucket, unload.S3Key, unload.Uri) = (null, null, "file:///tmp/sluice-unload.csv"), "Redshift unloads into S3 only" },
        { "checksums", unload => unload.Reconcile = Reconciliation.Checksums, "nothing to hash" },
        { "a hash", unload => unload.Mask = new() { ["name"] = "hash" }, "cannot be masked by 'hash'" },
        { "a partial mask", unload => unload.Mask = new() { ["name"] = "partial:2" }, "cannot be masked by 'partial:2'" },
        { "a mask of what is not there", unload => unload.Mask = new() { ["nothing"] = "null" }, "no such column" },
        { "a personal column", unload => unload.PersonalColumns = ["t.name"], "tagged as personal" },
        { "a personal column behind an alias", unload => (unload.Table, unload.Query, unload.PersonalColumns) = (null, "SELECT name AS n FROM t", ["name"]), "Nobody can tell where n" },
        { "an option of the format", unload => unload.UnloadOptions = ["FORMAT PARQUET"], "'FORMAT PARQUET' is no option" },
        { "an option that ends the statement", unload => unload.UnloadOptions = ["PARALLEL OFF; DROP TABLE t"], "is no option" },
        { "an option that hides the rest", unload => unload.UnloadOptions = ["ENCRYPTED --"], "is no option" },
    };

    [Theory, MemberData(nameof(Refused))]
    public async Task What_cannot_be_unloaded_is_told_and_leaves_nothing(string what, Action<RedshiftToS3Operator> set, string told)
    {
        _road.Run.With("stranger", _road.Uri2("iam_role=arn:aws:iam::123456789012:role/other")).With("keys", _road.Uri2()).With("wrong", _road.S3Uri("wr0ng-s3cr3t"))
            .With("nobody", "s3:///?profile=nobody").With("postgres", await (await PostgresServer.StartSharedAsync()).CreateDatabaseUriAsync());

        var e = await Assert.ThrowsAnyAsync<Exception>(() => UnloadAsync(unload =>
        {
            unload.Table = "t";
            set(unload);
        }));

        Assert.True(e is TaskFailedException or TaskErrorException or SqlHookException, $"{what}: {e}");
        Assert.Contains(told, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wr0ng-s3cr3t", $"{e}\n{string.Join('\n', _road.Run.Log)}", StringComparison.Ordinal);
        Assert.Empty(await _road.KeysAsync());
    }

    [Fact]
    public async Task Keys_are_told_to_Redshift_and_to_nobody_else()
    {
        _road.Run.With("keys", _road.Uri2());
        await UnloadAsync(unload => (unload.Table, unload.RedshiftConnectionId) = ("t", "keys"));

        Assert.Equal(3, (await ManifestAsync("rows.csv")).Meta.RecordCount);
        Assert.Contains(_road.Run.Log, line => line.Contains("SECRET_ACCESS_KEY '***'", StringComparison.Ordinal));

        // Not even where Redshift says them again.
        _road.Run.With("wrong", _road.S3Uri("wr0ng-s3cr3t"));
        _road.Server.Faults.Fail("^UNLOAD", "syntax error in SECRET_ACCESS_KEY 'wr0ng-s3cr3t'", "42601", "near wr0ng-s3cr3t");
        var e = await Assert.ThrowsAsync<SqlHookException>(() => UnloadAsync(unload => (unload.Table, unload.RedshiftConnectionId, unload.AwsConnectionId, unload.S3Key) = ("t", "keys", "wrong", "other.csv")));
        Assert.Contains("syntax error in SECRET_ACCESS_KEY '***'", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wr0ng-s3cr3t", $"{e}\n{string.Join('\n', _road.Run.Log)}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_rows_are_published_too_and_empty_the_target(bool withoutHeaders)
    {
        _road.Server.Settings.LeavesEmptyUnloadsEmpty = withoutHeaders;
        await _road.ExecuteAsync("CREATE TABLE copy (id bigint); INSERT INTO copy VALUES (9)");

        var wrote = await UnloadAsync(unload => (unload.Query, unload.S3Key, unload.Reconcile) = ("SELECT id FROM t WHERE id > 3", "none.csv.gz", Reconciliation.Counts));
        await _road.OperateAsync("none.csv.gz", LoadMethod.Replace, load => (load.Table, load.Reconcile) = ("copy", Reconciliation.Counts));

        Assert.Equal(0, wrote.Rows);
        Assert.Equal("0", await _road.ReadAsync("SELECT COUNT(*) FROM copy"));
    }

    [Fact]
    public async Task What_is_there_is_replaced_only_when_it_may_be()
    {
        await UnloadAsync(unload => unload.Table = "t", _road.Run.As(attempt: 1, key: 1));
        var first = await ManifestAsync("rows.csv");

        await Assert.ThrowsAsync<ObjectExistsException>(() => UnloadAsync(unload => unload.Table = "t", _road.Run.As(attempt: 1, key: 2)));
        Assert.Equal(first.Entries, (await ManifestAsync("rows.csv")).Entries);
        await UnloadAsync(unload => (unload.Query, unload.Replace) = ("SELECT id FROM t WHERE id = 1", true), _road.Run.As(attempt: 1, key: 2));

        var second = await ManifestAsync("rows.csv");
        Assert.Equal(1, second.Meta.RecordCount);
        Assert.Equal(["rows.csv.manifest", .. second.Entries.Select(entry => ObjectUri.Key(entry.Uri))], (await _road.KeysAsync()).Order(StringComparer.Ordinal)); // the former rows are gone
    }

    [Fact]
    public async Task An_attempt_that_was_held_up_cannot_undo_what_a_later_one_published()
    {
        var pause = _road.Server.Faults.Pause("^UNLOAD");
        var held = UnloadAsync(unload => (unload.Query, unload.Replace) = ("SELECT 1 AS id", true), _road.Run.As(attempt: 1));
        await pause.Reached.WaitAsync(TimeSpan.FromSeconds(120));
        await UnloadAsync(unload => (unload.Query, unload.Replace) = ("SELECT 2 AS id", true), _road.Run.As(attempt: 2));
        var keys = await _road.KeysAsync();
        pause.Release();

        var e = await Assert.ThrowsAsync<ObjectChangedException>(() => held);
        Assert.Contains("theirs stays", e.Message, StringComparison.Ordinal);
        Assert.Equal(keys, await _road.KeysAsync()); // what the first one wrote is gone
        await _road.ExecuteAsync("CREATE TABLE copy (id bigint)");
        await _road.OperateAsync("rows.csv", LoadMethod.Replace, load => load.Table = "copy");
        Assert.Equal("2", await _road.ReadAsync("SELECT id FROM copy"));
    }

    [Theory]
    [InlineData("^BEGIN")]
    [InlineData("^SELECT \\* FROM \\(")]
    [InlineData("^UNLOAD")]
    [InlineData("^SELECT pg_last_unload_count")]
    [InlineData("^SELECT COUNT")]
    [InlineData("^COMMIT")]
    public async Task A_connection_that_breaks_leaves_what_was_published(string statement)
    {
        await UnloadAsync(unload => (unload.Table, unload.Replace) = ("t", true));
        var keys = await _road.KeysAsync();
        foreach (var isAfter in (bool[])[false, true])
        {
            if (isAfter)
            {
                _road.Server.Faults.DropAfter(statement);
            }
            else
            {
                _road.Server.Faults.DropBefore(statement);
            }

            var e = await Assert.ThrowsAsync<SqlHookException>(
                () => UnloadAsync(unload => (unload.Query, unload.Replace, unload.Reconcile) = ("SELECT id FROM t WHERE id = 1", true, Reconciliation.Counts)));

            Assert.True(e.IsTransient);
            Assert.Equal(0, _road.Server.Faults.Left);
            Assert.Equal(keys, await _road.KeysAsync());
        }
    }

    [Theory]
    [InlineData("\"record_count\":3", "\"record_count\":2", "Redshift says that it unloaded 3 rows, and its objects have 2")]
    [InlineData("0000_part_00", "0007_part_00", "and it is not there")]
    [InlineData("{", "", "is no manifest")]
    public async Task What_Redshift_tells_of_its_objects_must_hold(string said, string lie, string told)
    {
        var pause = _road.Server.Faults.Pause("^SELECT pg_last_unload_count");
        var unloading = UnloadAsync(unload => (unload.Table, unload.UnloadOptions) = ("t", []));
        await pause.Reached.WaitAsync(TimeSpan.FromSeconds(120));
        var list = Assert.Single(await _road.KeysAsync(), key => key.EndsWith("/manifest", StringComparison.Ordinal));
        await _road.PutAsync(list, (await _road.GetAsync(list)).Replace(said, lie, StringComparison.Ordinal));
        pause.Release();

        var e = await Assert.ThrowsAnyAsync<Exception>(() => unloading);

        Assert.Contains(told, e.Message, StringComparison.Ordinal);
        Assert.Empty(await _road.KeysAsync());
    }

    [Fact]
    public async Task Rows_that_Redshift_counts_otherwise_are_not_published()
    {
        await _road.ReadAsync("CREATE SEQUENCE s");

        var e = await Assert.ThrowsAsync<TaskFailedException>(
            () => UnloadAsync(unload => (unload.Query, unload.Reconcile) = ("SELECT i FROM generate_series(1, nextval('s')) i", Reconciliation.Counts)));

        Assert.Contains("What arrived is not what left: the source has", e.Message, StringComparison.Ordinal);
        Assert.Empty(await _road.KeysAsync());
    }

    private async Task<ObjectManifest> ManifestAsync(string key)
    {
        await using var store = new S3ObjectStore(_road.Run.Connection("s3"));
        return await ObjectManifest.ReadAsync(store, _road.Object($"{key}.manifest"), CancellationToken.None);
    }

    private async Task<SqlToS3Result> UnloadAsync(Action<RedshiftToS3Operator> set, TaskRun? run = null)
    {
        var unload = new RedshiftToS3Operator { RedshiftConnectionId = "db", S3Bucket = _road.Bucket, S3Key = "rows.csv", AwsConnectionId = "s3" };
        set(unload);
        return await (run ?? _road.Run).ExecuteAsync<SqlToS3Result>(unload);
    }
}
