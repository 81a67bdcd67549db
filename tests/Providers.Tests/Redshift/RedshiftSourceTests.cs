using System.IO.Compression;
using Sluice.Authoring.Extraction;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Objects;
using Sluice.Authoring.Operators;
using Sluice.Providers.Aws.Operators;
using Sluice.Providers.Files.Objects;
using Sluice.Services;

namespace Sluice.Providers.Tests.Redshift;

/// <summary>Redshift as the source of an extract.</summary>
public sealed class RedshiftSourceTests : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private RedshiftRoad _road = null!;

    public async Task InitializeAsync()
    {
        _road = await RedshiftRoad.StartAsync();
        await _road.ExecuteAsync("CREATE TABLE t (id bigint, price decimal(18, 4), name varchar(100), ok boolean, day date, at timestamp)");
        await _road.ExecuteAsync(
            "INSERT INTO t VALUES (1, 12345678901234.5678, '새 \"값\", ok', true, '2021-02-05', '2021-02-05 10:11:12.5'), (2, -0.5, '', false, NULL, NULL), (3, NULL, NULL, NULL, '1999-12-31', '1999-12-31 23:59:59')");
    }

    public async Task DisposeAsync()
    {
        await _road.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Rows_leave_as_they_are_and_prove_themselves_in_the_next_database()
    {
        var postgres = await (await PostgresServer.StartSharedAsync()).CreateDatabaseUriAsync();
        _road.Run.With("target", postgres);
        await _road.Run.ExecuteSqlAsync("target", "CREATE TABLE copy (id bigint, price numeric(18, 4), name text, ok boolean, day date, at timestamp)");

        var wrote = await ExtractAsync("rows.csv.gz", extract => (extract.Table, extract.Reconcile) = ("t", Reconciliation.Checksums));
        await _road.Run.ExecuteAsync(new S3ToPostgresOperator
        {
            Table = "copy", Uri = wrote.Uri, PostgresConnectionId = "target", Method = LoadMethod.Replace, Reconcile = Reconciliation.Checksums,
        });

        Assert.Equal(3, wrote.Rows);
        Assert.Equal(
            [
                [1L, 12345678901234.5678m, "새 \"값\", ok", true, new DateTime(2021, 2, 5, 10, 11, 12, 500)],
                [2L, -0.5m, "", false, null],
                [3L, null, null, null, new DateTime(1999, 12, 31, 23, 59, 59)],
            ],
            await _road.Run.QueryAsync("target", "SELECT id, price, name, ok, at FROM copy ORDER BY id"));
    }

    [Fact]
    public async Task Numbers_in_floating_point_keep_all_their_digits()
    {
        _road.Run.With("target", await (await PostgresServer.StartSharedAsync()).CreateDatabaseUriAsync());
        await _road.Run.ExecuteSqlAsync("target", "CREATE TABLE copy (d double precision, r real)");
        await _road.ExecuteAsync("CREATE TABLE f (d double precision, r real)");
        await _road.ExecuteAsync("INSERT INTO f VALUES (0.30000000000000004, 16777215), (1.7976931348623157e308, 0.1)");

        var wrote = await ExtractAsync("f.csv", extract => (extract.Table, extract.Reconcile) = ("f", Reconciliation.Checksums));
        await _road.Run.ExecuteAsync(new S3ToPostgresOperator { Table = "copy", Uri = wrote.Uri, PostgresConnectionId = "target", Reconcile = Reconciliation.Checksums });

        Assert.Equal([[0.30000000000000004, 16777215f], [double.MaxValue, 0.1f]], await _road.Run.QueryAsync("target", "SELECT d, r FROM copy ORDER BY d"));
    }

    [Fact]
    public async Task Parameters_are_bound_and_JSON_lines_keep_their_types()
    {
        var wrote = await ExtractAsync("rows.jsonl.gz", extract =>
        {
            (extract.Query, extract.FileFormat, extract.Manifest) = ("SELECT id, price, name, ok, day FROM t WHERE day >= CAST(@day AS date) OR name = @name ORDER BY id", FileFormat.JsonLines, true);
            extract.Parameters = new() { ["day"] = "2021-01-01", ["name"] = "" };
        });

        var manifest = await ObjectManifest.ReadAsync(new FileObjectStore(), ObjectUri.Parse(wrote.Uri), CancellationToken.None);
        Assert.Equal("jsonl", manifest.Meta.Sluice!.Format);
        await using var gzip = new GZipStream(File.OpenRead(ObjectUri.Key(manifest.Entries.Single().Uri) is var key && key.StartsWith('/') ? key : "/" + key), CompressionMode.Decompress);
        Assert.Equal(
            "{\"id\":1,\"price\":12345678901234.5678,\"name\":\"새 \\\"값\\\", ok\",\"ok\":true,\"day\":\"2021-02-05\"}\n{\"id\":2,\"price\":-0.5000,\"name\":\"\",\"ok\":false,\"day\":null}\n",
            await new StreamReader(gzip).ReadToEndAsync());
        var e = await Assert.ThrowsAsync<TaskFailedException>(() => _road.Run.ExecuteAsync(new S3ToRedshiftOperator { Table = "t", Uri = wrote.Uri, RedshiftConnectionId = "db" }));
        Assert.Contains("only CSV can be loaded", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_readers_of_one_moment_are_refused()
    {
        var e = await Assert.ThrowsAsync<SqlHookException>(() => ExtractAsync("x.csv", extract => (extract.Table, extract.Readers, extract.PartitionBy) = ("t", 2, "id")));

        Assert.Contains("Redshift lets no two sessions read the same moment", e.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.AllFiles());
    }

    private async Task<SqlToS3Result> ExtractAsync(string name, Action<SqlToS3Operator> set)
    {
        var extract = new SqlToS3Operator { SqlConnectionId = "db", Uri = _folder.Uri(name) };
        set(extract);
        return await _road.Run.ExecuteAsync<SqlToS3Result>(extract);
    }
}
