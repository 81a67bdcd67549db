using System.Globalization;
using Sluice.Authoring.Extraction;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Core.Connections;
using Sluice.Providers.Aws.Operators;
using Sluice.Providers.Postgres.Hooks;
using Sluice.Services;
using Sluice.Services.PostgresFaults;

namespace Sluice.Providers.Tests.Postgres;

/// <summary>Rows are what they are, whatever a server, a database or a role is set to.</summary>
public sealed class PostgresSessionTests : IAsyncLifetime, IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly TaskRun _run = new();

    public async Task InitializeAsync()
    {
        var server = await PostgresServer.StartSharedAsync();
        _run.With("source", await server.CreateDatabaseUriAsync()).With("target", await server.CreateDatabaseUriAsync());
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("sql_standard")]
    [InlineData("iso_8601")]
    public async Task An_interval_keeps_its_signs(string style)
    {
        string[] intervals = ["-1 days -02:03:04", "1 day -02:03:04", "-1 years -2 mons", "1 mon -3 days +04:05:06.5", "-00:00:01"];
        await _run.ExecuteSqlAsync("source", $"CREATE TABLE s (d interval); INSERT INTO s VALUES {string.Join(", ", intervals.Select(one => $"('{one}')"))}");
        await _run.ExecuteSqlAsync("target", "CREATE TABLE t (d interval)");
        await SetAsync("source", $"intervalstyle = '{style}'");

        await _run.ExecuteAsync(new SqlToS3Operator { Table = "s", SqlConnectionId = "source", Uri = _folder.Uri("s.csv") });
        await _run.ExecuteAsync(new S3ToPostgresOperator { Table = "t", Uri = _folder.Uri("s.csv"), PostgresConnectionId = "target" });

        Assert.Equal(intervals, (await _run.QueryAsync("target", "SELECT d::text FROM t")).Select(row => (string)row[0]!));
    }

    [Fact]
    public async Task A_backslash_in_the_null_marker_means_itself()
    {
        await File.WriteAllTextAsync(_folder["f.csv"], "id,v\n1,\\N\n2,N\n3,\"\\N\"\n");
        await _run.ExecuteSqlAsync("target", "CREATE TABLE t (id int, v text)");
        await SetAsync("target", "standard_conforming_strings = off");

        await _run.ExecuteAsync(new S3ToPostgresOperator { Table = "t", Uri = _folder.Uri("f.csv"), PostgresConnectionId = "target", NullMarker = "\\N" });

        Assert.Equal([[1, null], [2, "N"], [3, "\\N"]], await _run.QueryAsync("target", "SELECT id, v FROM t ORDER BY id"));
    }

    [Fact]
    public void Rows_are_read_as_utf8_whatever_the_environment_says() =>
        Assert.Contains("Client Encoding=UTF8", PostgresSettings.Build(ConnectionUri.Parse("db", "postgres://localhost/x"), PostgresHook.Postgres), StringComparison.Ordinal);

    [Fact]
    public async Task A_load_that_waits_for_its_extract_is_not_cut_off_as_idle()
    {
        var source = await MariaDbServer.StartSharedAsync();
        _run.With("source", await source.CreateDatabaseAsync());
        await _run.ExecuteSqlAsync("source", "CREATE TABLE s (id INT); INSERT INTO s SELECT seq FROM seq_1_to_500");
        await _run.ExecuteSqlAsync("target", "CREATE TABLE t (id int, name text)");
        await SetAsync("target", "idle_in_transaction_session_timeout = '300ms'");
        var lockName = $"idle_{Guid.NewGuid():n}";
        await using var holder = await _run.Context().SqlAsync("source", CancellationToken.None);
        await holder.QueryAsync($"SELECT GET_LOCK('{lockName}', 0)", null, 1, CancellationToken.None);
        var moving = _run.ExecuteAsync<TransferResult>(new TransferOperator
        {
            Extract = new()
            {
                Query = $"SELECT id, CONCAT(REPEAT('x', 2000), IF(id = 400, GET_LOCK('{lockName}', 600), 1)) AS name FROM s ORDER BY id", SqlConnectionId = "source", Uri = _folder.Uri("s.csv"),
                Replace = true, MaxRowsPerFile = 100,
            },
            Load = new S3ToPostgresOperator { Table = "t", PostgresConnectionId = "target", Method = LoadMethod.Replace },
        });
        await Until.TrueAsync(
            async () => moving.IsCompleted
                || (await _run.QueryAsync("target", "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction' AND now() - state_change > interval '1 s'")).Count > 0,
            "the load has waited for a second");

        await holder.QueryAsync($"SELECT RELEASE_LOCK('{lockName}')", null, 1, CancellationToken.None);

        Assert.Equal(500, (await moving).RowsInTable);
    }

    [Fact]
    public async Task A_column_that_goes_while_a_table_is_read_shifts_no_other()
    {
        var server = await PostgresServer.StartSharedAsync();
        var database = await server.CreateDatabaseAsync();
        await using var proxy = await PostgresProxy.StartAsync();
        _run.With("watched", proxy.Uri(database)).With("source", server.UriOf(database));
        await _run.ExecuteSqlAsync("source", "CREATE TABLE s (id int, gone text, kept text); INSERT INTO s VALUES (1, 'gone', 'kept')");
        foreach (var change in new[] { "ALTER TABLE s DROP COLUMN gone", "ALTER TABLE s ADD COLUMN gone text" })
        {
            var pause = proxy.Pause(sql => sql.StartsWith("COPY", StringComparison.Ordinal));
            var reading = _run.ExecuteAsync(new SqlToS3Operator { Table = "s", SqlConnectionId = "watched", Uri = _folder.Uri("s.csv") });
            await pause.Reached.WaitAsync(Until.Patience);
            await _run.ExecuteSqlAsync("source", change);
            pause.End();

            var e = await Assert.ThrowsAsync<SqlHookException>(() => reading);

            Assert.True(e.IsTransient);
            Assert.Contains("have changed while it was being read", e.Message, StringComparison.Ordinal);
            Assert.Empty(_folder.AllFiles());
        }

        await _run.ExecuteAsync(new SqlToS3Operator { Table = "s", SqlConnectionId = "source", Uri = _folder.Uri("s.csv") });
        Assert.Equal("id,kept,gone\n1,kept,\n", await File.ReadAllTextAsync(_folder["s.csv"]));
    }

    [Fact]
    public async Task A_connection_that_nobody_uses_says_that_it_lives()
    {
        await using var hook = await _run.Context().SqlAsync("source", CancellationToken.None);
        var port = (int)(await hook.QueryAsync("SELECT inet_client_port()", null, 1, CancellationToken.None))[0][0]!;

        Assert.InRange(KeepAlive.SecondsLeft(port) ?? int.MaxValue, 0, 60);
    }

    private Task SetAsync(string connection, string setting) => _run.ExecuteSqlAsync(
        connection, $"DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET {setting.Replace("'", "''", StringComparison.Ordinal)}', current_database()); END $$");
}

/// <summary>What the kernel knows of a connection (proc(5), /proc/net/tcp).</summary>
internal static class KeepAlive
{
    private const string Timer = "02";

    /// <summary>When the kernel asks next whether the other side lives; null where it never does.</summary>
    internal static int? SecondsLeft(int port)
    {
        foreach (var line in File.ReadLines("/proc/net/tcp").Skip(1))
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields[1].EndsWith($":{port:X4}", StringComparison.Ordinal) && fields[5].Split(':') is [Timer, var ticks])
            {
                return int.Parse(ticks, NumberStyles.HexNumber, CultureInfo.InvariantCulture) / 100;
            }
        }

        return null;
    }
}
