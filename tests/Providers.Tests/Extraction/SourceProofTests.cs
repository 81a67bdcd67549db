using Sluice.Authoring.Extraction;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Providers.Aws.Operators;
using Sluice.Services;

namespace Sluice.Providers.Tests.Extraction;

/// <summary>Sources that answer otherwise when they are counted than when they are read: the task fails with the difference, and what was published before stays.</summary>
public sealed class SourceProofTests : IDisposable
{
    // Gives two rows to be read, and counts three.
    private const string LosesOne = "SELECT i AS id, i % 2 AS n FROM generate_series(1, CASE WHEN current_query() LIKE '%COUNT(%' THEN 3 ELSE 2 END) AS i";

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("postgres", LosesOne, "the source has 3 rows, the rows that came 2; column id has 3 as greatest value in the source, 2 in the rows that came")]
    [InlineData("postgres", "SELECT 1 AS id, clock_timestamp() AS n", "column n has ")]
    [InlineData("postgres", "SELECT 1 AS id, CASE WHEN current_query() LIKE '%COUNT(%' THEN 1 END AS n", "column n has 0 NULLs in the source, 1 in the rows that came")]
    [InlineData("mysql", "SELECT 1 AS id, SYSDATE(6) AS n", "column n has ")]
    public async Task Rows_that_are_not_what_the_source_counts_are_not_published(string kind, string query, string told)
    {
        foreach (var reconcile in new[] { Reconciliation.Counts, Reconciliation.Checksums })
        {
            var run = new TaskRun().With("db", kind == "mysql"
                ? await (await MariaDbServer.StartSharedAsync()).CreateDatabaseAsync()
                : await (await PostgresServer.StartSharedAsync()).CreateDatabaseUriAsync());
            await run.ExecuteSqlAsync("db", "CREATE VIEW v AS SELECT 1 AS id, 7 AS n");
            var extract = new SqlToS3Operator { Table = "v", SqlConnectionId = "db", Uri = _folder.Uri("rows.csv"), Replace = true, Reconcile = reconcile };
            await run.ExecuteAsync(extract);
            var published = await ReadAsync();

            await run.ExecuteSqlAsync("db", "DROP VIEW v");
            await run.ExecuteSqlAsync("db", $"CREATE VIEW v AS {query}");
            var e = await Assert.ThrowsAsync<TaskFailedException>(() => run.ExecuteAsync(extract));

            Assert.StartsWith("What arrived is not what left: ", e.Message, StringComparison.Ordinal);
            Assert.Contains(told, e.Message, StringComparison.Ordinal);
            Assert.Equal(published, await ReadAsync());
        }
    }

    [Fact]
    public async Task Several_readers_are_counted_together()
    {
        var run = new TaskRun().With("db", await (await PostgresServer.StartSharedAsync()).CreateDatabaseUriAsync());
        await run.ExecuteSqlAsync("db", $"CREATE VIEW v AS {LosesOne}");

        var e = await Assert.ThrowsAsync<TaskFailedException>(() => run.ExecuteAsync(
            new SqlToS3Operator { Table = "v", SqlConnectionId = "db", Uri = _folder.Uri("rows.csv"), Readers = 2, PartitionBy = "id", Reconcile = Reconciliation.Counts }));

        Assert.Contains("the source has 3 rows, the rows that came 2", e.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.AllFiles());
    }

    private async Task<string> ReadAsync() =>
        string.Join('\n', await Task.WhenAll(_folder.AllFiles().Order().Select(async file => $"{file}: {await File.ReadAllTextAsync(file)}")));
}
