using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Providers.Aws.Operators;
using Sluice.Services;

namespace Sluice.Providers.Tests.Extraction;

/// <summary>Someone ends the query, or its session, while its rows are read.</summary>
public sealed class KilledQueryTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("mysql", "KILL QUERY", false, "interrupted")]
    [InlineData("mysql", "KILL CONNECTION", true, "")]
    [InlineData("postgres", "SELECT pg_cancel_backend", true, "canceling statement due to user request")]
    [InlineData("postgres", "SELECT pg_terminate_backend", true, "")]
    public async Task It_is_one_error_and_nothing_is_left(string kind, string kill, bool isTransient, string told)
    {
        var run = new TaskRun().With("db", kind == "mysql"
            ? await (await MariaDbServer.StartSharedAsync()).CreateDatabaseAsync()
            : await (await PostgresServer.StartSharedAsync()).CreateDatabaseUriAsync());
        foreach (var manifest in (bool[])[false, true])
        {
            var extract = run.ExecuteAsync(new SqlToS3Operator
            {
                Query = kind == "mysql" ? "SELECT seq AS id FROM seq_1_to_1000000000000" : "SELECT generate_series(1, 1000000000000) AS id",
                SqlConnectionId = "db", Uri = _folder.Uri("rows.csv"), Manifest = manifest, MaxRowsPerFile = manifest ? 10_000 : null, MaxRowsPerSecond = 1_000_000,
            });
            await Until.TrueAsync(() => _folder.AllFiles().Any(file => new FileInfo(file) is { Exists: true, Length: > 0 }), "rows are in a file");
            var session = (await run.QueryAsync("db", kind == "mysql"
                ? "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE '%seq_1_to_1000000000000%' AND id <> CONNECTION_ID()"
                : "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%generate_series(1, 1000000000000)%' AND pid <> pg_backend_pid() AND state = 'active'"))[0][0];

            await run.ExecuteSqlAsync("db", kind == "mysql" ? $"{kill} {session}" : $"{kill}({session})");

            var e = await Assert.ThrowsAsync<SqlHookException>(() => extract.WaitAsync(Until.Patience));
            Assert.Contains(told, e.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', e.Message);
            Assert.Equal(isTransient, e.IsTransient);
            Assert.Empty(_folder.AllFiles());
        }
    }
}
