using Sluice.Authoring.Extraction;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Providers.Aws.Operators;
using Sluice.Services;

namespace Sluice.Providers.Tests.Loading;

/// <summary>Objects without a header: their manifest knows which column is which.</summary>
public sealed class HeaderlessTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_load_beside_its_extract_goes_by_the_names_of_its_columns()
    {
        var run = new TaskRun().With("source", _folder.SqliteUri("s.db")).With("target", await (await PostgresServer.StartSharedAsync()).CreateDatabaseUriAsync());
        await run.ExecuteSqlAsync("source", "CREATE TABLE s (id INTEGER, given TEXT, family TEXT); INSERT INTO s VALUES (1, 'Ada', 'Lovelace')");
        await run.ExecuteSqlAsync("target", "CREATE TABLE t (id bigint, family text, given text)");

        await run.ExecuteAsync<TransferResult>(new TransferOperator
        {
            Extract = new() { Table = "s", SqlConnectionId = "source", Uri = _folder.Uri("s.csv"), Replace = true, Header = false, Reconcile = Reconciliation.Checksums },
            Load = new S3ToPostgresOperator { Table = "t", PostgresConnectionId = "target", Method = LoadMethod.Replace, Reconcile = Reconciliation.Checksums },
        });

        Assert.Equal([[1L, "Ada", "Lovelace"]], await run.QueryAsync("target", "SELECT id, given, family FROM t"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Extracts_whose_columns_differ_are_loaded_together_only_with_headers(bool header)
    {
        var run = new TaskRun().With("db", _folder.SqliteUri("s.db"));
        await run.ExecuteSqlAsync("db", "CREATE TABLE s (given TEXT, family TEXT); INSERT INTO s VALUES ('Ada', 'Lovelace'); CREATE TABLE t (given TEXT, family TEXT)");
        await ExtractAsync("one", "given", "family");
        await ExtractAsync("two", "given", "family");
        var load = new S3ToSqliteOperator { Table = "t", SqliteConnectionId = "db", Uri = _folder.Uri("in/"), Method = LoadMethod.Replace };
        Assert.Equal(2, (await run.ExecuteAsync<LoadResult>(load)).RowsInTable);
        await ExtractAsync("three", "family", "given");

        var e = await Record.ExceptionAsync(() => run.ExecuteAsync(load));

        Assert.Equal(header, e is null);
        Assert.True(header || (e is TaskFailedException && e.Message.Contains("have different columns, and no header that tells which is which", StringComparison.Ordinal)), $"{e}");
        Assert.Equal([["Ada", "Lovelace", header ? 3L : 2L]], await run.QueryAsync("db", "SELECT given, family, COUNT(*) FROM t GROUP BY 1, 2"));

        Task ExtractAsync(string name, params string[] columns) => run.ExecuteAsync(new SqlToS3Operator
        {
            Table = "s", Columns = columns, SqlConnectionId = "db", Uri = _folder.Uri($"in/{name}.csv"), Header = header, Manifest = true,
        });
    }
}
