using Sluice.Authoring.Extraction;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Objects;
using Sluice.Authoring.Operators;
using Sluice.Providers.Aws.Operators;
using Sluice.Providers.Aws.Sensors;
using Sluice.Providers.Files.Objects;

namespace Sluice.Providers.Tests.Loading;

/// <summary>No argument is passed over in silence: what means nothing beside another is refused, with what to do, and nothing has changed.</summary>
public sealed class LoadArgumentTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_load_refuses_what_would_mean_nothing()
    {
        var run = await RoadAsync();
        (Action<S3ToSqliteOperator> Set, string Says)[] wrong =
        [
            (load => load.MaxRejected = 5, "only where Quarantine names the object"),
            (load => (load.AppendAgain, load.Ledger) = (true, false), "AppendAgain is for APPEND with its ledger"),
            (load => (load.AppendAgain, load.Method) = (true, LoadMethod.Upsert), "AppendAgain is for APPEND"),
            (load => load.OrderColumn = "id", "Method is APPEND"),
            (load => (load.OrderColumn, load.Method) = ("id", LoadMethod.Replace), "Method is REPLACE"),
            (load => load.Quarantine = load.Uri, "it is what is to be loaded"),
            (load => load.Quarantine = "s3://elsewhere/rejects.jsonl", "refused rows are kept in the store that the objects are in"),
        ];
        foreach (var (set, says) in wrong)
        {
            var load = Load();
            set(load);
            Assert.Contains(says, (await Assert.ThrowsAsync<TaskFailedException>(() => run.ExecuteAsync(load))).Message, StringComparison.Ordinal);
        }

        Assert.Equal([[0L]], await run.QueryAsync("target", "SELECT COUNT(*) FROM t"));
    }

    [Fact]
    public async Task Without_its_ledger_a_load_appends_as_often_as_it_runs()
    {
        var run = (await RoadAsync()).As(1);
        var load = Load();
        load.Ledger = false;

        await run.ExecuteAsync(load);
        await run.ExecuteAsync(load);

        Assert.Equal([[2L]], await run.QueryAsync("target", "SELECT COUNT(*) FROM t"));
        Assert.Equal([[0L]], await run.QueryAsync("target", "SELECT COUNT(*) FROM sqlite_master WHERE name = 'sluice_loads'"));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task An_extract_by_query_refuses_the_columns_and_the_schema_of_a_table(bool columns, bool schema)
    {
        var run = await RoadAsync();
        var extract = new SqlToS3Operator { Query = "SELECT id, secret FROM s", SqlConnectionId = "target", Uri = _folder.Uri("x.csv"), Columns = columns ? ["id"] : [], Schema = schema ? "main" : null };

        var e = await Assert.ThrowsAsync<TaskFailedException>(() => run.ExecuteAsync(extract));

        Assert.Contains("Columns and Schema are of a Table", e.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_folder.Path, "x.csv")));
    }

    [Fact]
    public async Task An_extract_whose_values_are_all_in_quotes_is_loaded_like_any_other()
    {
        var run = await RoadAsync();
        await run.ExecuteSqlAsync("target", "INSERT INTO s VALUES (2, NULL), (3, '')");
        var wrote = await run.ExecuteAsync<SqlToS3Result>(new SqlToS3Operator { Table = "s", SqlConnectionId = "target", Uri = _folder.Uri("q.csv"), Quoting = CsvQuoting.All, Reconcile = Reconciliation.Checksums });
        var manifest = await ObjectManifest.ReadAsync(new FileObjectStore(), ObjectUri.Parse(wrote.Uri), CancellationToken.None);
        Assert.Equal("\"id\",\"secret\"\n\"1\",\"x\"\n\"2\",\n\"3\",\"\"\n", await File.ReadAllTextAsync(manifest.Entries[0].Uri.LocalPath));

        await run.ExecuteSqlAsync("target", "CREATE TABLE copy (id INTEGER PRIMARY KEY, secret TEXT)");
        await run.ExecuteAsync(new S3ToSqliteOperator { SqliteConnectionId = "target", Table = "copy", Uri = _folder.Uri("q.csv"), Reconcile = Reconciliation.Checksums });

        Assert.Equal([[1L, "x"], [2L, null], [3L, ""]], await run.QueryAsync("target", "SELECT id, secret FROM copy ORDER BY id"));
    }

    [Fact]
    public async Task A_sensor_of_keys_refuses_addresses_that_do_not_fit_together()
    {
        var run = new TaskRun();
        Assert.Contains(
            "the whole address 's3://b/k'",
            (await Assert.ThrowsAsync<TaskFailedException>(() => run.PokeAsync(new S3KeySensor { BucketName = "b", BucketKeys = ["a", "s3://b/k"] }))).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "in different stores",
            (await Assert.ThrowsAsync<TaskFailedException>(() => run.PokeAsync(new S3KeySensor { BucketKeys = [_folder.Uri("a"), "s3://b/k"] }))).Message,
            StringComparison.Ordinal);
    }

    private async Task<TaskRun> RoadAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "rows.csv"), "id\n1\n");
        var run = new TaskRun().With("target", _folder.SqliteUri("t.db"));
        await run.ExecuteSqlAsync("target", "CREATE TABLE t (id INTEGER); CREATE TABLE s (id INTEGER, secret TEXT); INSERT INTO s VALUES (1, 'x')");
        return run;
    }

    private S3ToSqliteOperator Load() => new() { SqliteConnectionId = "target", Table = "t", Uri = _folder.Uri("rows.csv") };
}
