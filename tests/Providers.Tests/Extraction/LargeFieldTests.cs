using Sluice.Authoring.Extraction;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Providers.Aws.Operators;
using Sluice.Providers.Tests.Attempts;
using Sluice.Services;

namespace Sluice.Providers.Tests.Extraction;

/// <summary>Fields and rows beyond the limits (64 MiB, 128 MiB): one error that names row and column, bounded memory, nothing published.</summary>
[Collection(AloneCollection.Name)]
public sealed class LargeFieldTests : IDisposable
{
    // A gigabyte would be more than twice as much.
    private const long MostMemory = 450_000_000;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("mysql", "SELECT seq AS id, IF(seq = 3, REPEAT('x', 1000000000), 'small') AS v FROM seq_1_to_5", "Row 3 from MySQL at ", "has more than 134217728 bytes, the most that can be extracted; of its columns only 'v' can hold so much.")]
    [InlineData("mysql", "SELECT seq AS id, IF(seq = 3, REPEAT('x', 100000000), 'small') AS v FROM seq_1_to_5", "Column v of row 3 has a value of 100000000 bytes or more; the most that can be extracted is 67108864.", "")]
    [InlineData("postgres", "SELECT i AS id, CASE WHEN i = 3 THEN repeat('x', 1000000000) ELSE 'small' END AS v FROM generate_series(1, 5) i", "Column v of row 3 has a value of ", "the most that can be extracted is 67108864.")]
    [InlineData("postgres", "SELECT i AS id, CASE WHEN i = 3 THEN repeat('x', 1000000000) ELSE 'small' END AS v FROM generate_series(@from, 5) i", "Column v of row 3 has a value of 1000000000 bytes or more", "")]
    [InlineData("postgres", "SELECT 1 AS id, repeat('x', 60000000) AS v, repeat('y', 60000000) AS w, repeat('z', 60000000) AS z", "Row 1 has more than 134217728 bytes up to its column z", "")]
    public async Task A_field_of_a_gigabyte_is_refused(string kind, string query, string told, string also)
    {
        await using var mysql = kind == "mysql" ? await MariaDbServer.StartAsync("--max-allowed-packet=1G") : null;
        var uri = mysql is not null ? await mysql.CreateDatabaseAsync() : await (await PostgresServer.StartSharedAsync()).CreateDatabaseUriAsync();
        await using var attempt = await AttemptProcess.StartAsync(new()
        {
            Connections = new() { ["db"] = uri },
            Attempt = 1,
            Extract = new() { Query = query, SqlConnectionId = "db", Uri = _folder.Uri("rows.csv"), Parameters = query.Contains("@from", StringComparison.Ordinal) ? new() { ["from"] = "1" } : [] },
        });

        var output = await attempt.EndAsync();

        var failed = Assert.Single(output.Split('\n'), line => line.StartsWith("failed: ", StringComparison.Ordinal));
        Assert.Contains(told, failed, StringComparison.Ordinal);
        Assert.Contains(also, failed, StringComparison.Ordinal);
        Assert.Contains("or cut it in the query.", failed, StringComparison.Ordinal);
        Assert.Empty(_folder.AllFiles());
        var peak = long.Parse(Assert.Single(output.Split('\n'), line => line.StartsWith("peak: ", StringComparison.Ordinal))["peak: ".Length..]);
        Assert.True(peak < MostMemory, $"{peak:N0} bytes were resident at most.");
    }

    [Theory]
    [InlineData(LoadMethod.Append, Reconciliation.Counts, MostMemory)]
    [InlineData(LoadMethod.Upsert, Reconciliation.Counts, MostMemory)]
    [InlineData(LoadMethod.Replace, Reconciliation.Checksums, 3 * MostMemory)]
    [InlineData(LoadMethod.Upsert, Reconciliation.Checksums, 3 * MostMemory)] // comes back from the table of the session and from the target
    public async Task The_largest_field_is_loaded_and_proved_in_bounded_memory(LoadMethod method, Reconciliation reconcile, long most)
    {
        const int Largest = 64 * 1024 * 1024;
        var uri = await (await PostgresServer.StartSharedAsync()).CreateDatabaseUriAsync();
        var run = new TaskRun().With("db", uri);
        await run.ExecuteSqlAsync("db", "CREATE TABLE t (id int PRIMARY KEY, v text)");
        await run.ExecuteAsync(new SqlToS3Operator
        {
            Query = $"SELECT i AS id, CASE WHEN i = 2 THEN repeat('x', {Largest - 1}) || 'y' ELSE 'small' END AS v FROM generate_series(1, 3) i",
            SqlConnectionId = "db", Uri = _folder.Uri("rows.csv"), Reconcile = reconcile,
        });
        await using var attempt = await AttemptProcess.StartAsync(new()
        {
            Connections = new() { ["db"] = uri },
            Attempt = 1,
            Load = new() { Table = "t", Uri = _folder.Uri("rows.csv"), RedshiftConnectionId = "db", Method = method, Reconcile = reconcile },
        });

        var output = await attempt.EndAsync();

        Assert.Contains(AttemptProgram.Succeeded, output, StringComparison.Ordinal);
        Assert.Equal([[1, 5, "l"], [2, Largest, "y"], [3, 5, "l"]], await run.QueryAsync("db", "SELECT id, length(v), right(v, 1) FROM t ORDER BY id"));
        var peak = long.Parse(Assert.Single(output.Split('\n'), line => line.StartsWith("peak: ", StringComparison.Ordinal))["peak: ".Length..]);
        Assert.True(peak < most, $"{peak:N0} bytes were resident at most.");
    }

    [Theory]
    [InlineData("SELECT generate_series(1, 1000000000)", false)]
    [InlineData("SELECT generate_series(@from, 1000000000)", true)]
    public async Task A_disk_that_fills_stops_the_query_of_postgres_at_once(string query, bool withParameters)
    {
        var run = new TaskRun().With("db", await (await PostgresServer.StartSharedAsync()).CreateDatabaseUriAsync());
        await using var hook = await run.Context().SqlAsync("db", CancellationToken.None);
        var sink = new MySql.RowCounter { OnFlush = _ => throw new IOException("disk full") };

        var extract = hook.ExtractAsync(query, withParameters ? new Dictionary<string, object?> { ["from"] = 1 } : null, sink, CancellationToken.None).AsTask();

        Assert.Equal("disk full", (await Assert.ThrowsAsync<IOException>(() => extract.WaitAsync(TimeSpan.FromSeconds(90)))).Message); // all rows would take minutes
        Assert.Equal([[1]], await hook.QueryAsync("SELECT 1", null, 1, CancellationToken.None));
    }
}
