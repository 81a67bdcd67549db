using System.Diagnostics;
using Sluice.Authoring.Hooks;
using Sluice.Services;

namespace Sluice.Providers.Tests.MySql;

[Collection(AloneCollection.Name)]
public sealed class MySqlStreamingTests
{
    // MariaDB makes the rows as it sends them.
    private const string Endless = "SELECT seq, REPEAT('x', 100) FROM seq_1_to_1000000000";

    [Fact]
    public async Task A_big_result_streams_in_bounded_memory()
    {
        var database = await MySqlDatabase.CreateAsync();
        await using var hook = database.Open();
        await hook.QueryAsync("SELECT 1", null, 1, default);
        using var process = Process.GetCurrentProcess();
        var before = process.WorkingSet64;
        var most = 0L;
        var counter = new RowCounter(100_000)
        {
            OnFlush = _ =>
            {
                process.Refresh();
                most = Math.Max(most, process.WorkingSet64 - before);
            },
        };
        var allocated = GC.GetTotalAllocatedBytes(precise: true);

        var rows = await hook.ExtractAsync("SELECT seq, REPEAT('x', 200) FROM seq_1_to_1000000", null, counter, default);

        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        Assert.Equal(1_000_000, rows);
        Assert.True(counter.Bytes > 200_000_000);
        Assert.True(most < 64_000_000, $"{most:N0} bytes more while 200 MB went through.");
        Assert.True(allocated < 30_000_000, $"{allocated:N0} bytes allocated for a million rows.");
    }

    [Fact]
    public async Task Rows_with_a_float_cost_no_memory_each()
    {
        var database = await MySqlDatabase.CreateAsync();
        await using var hook = database.Open();
        await hook.ExecuteAsync("CREATE TABLE t (f FLOAT); INSERT INTO t VALUES (0.1)", null, default);
        const string Columns = "SELECT seq, f, 'some text', 1.5, NULL, NOW() FROM t, ";
        await hook.ExtractAsync($"{Columns} seq_1_to_1000", null, new RowCounter(), default);

        // The pool of buffers gives some back to the system now and then: the best of some rounds.
        var least = long.MaxValue;
        for (var round = 0; round < 4 && least >= 5_000_000; round++)
        {
            var counter = new RowCounter();
            var allocated = GC.GetTotalAllocatedBytes(precise: true);
            await hook.ExtractAsync($"{Columns} seq_1_to_300000", null, counter, default);
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - allocated);
            Assert.Equal(300_000, counter.Rows);
        }

        Assert.True(least < 8_000_000, $"{least:N0} bytes for 300,000 rows"); // a text for each float would be more
    }

    [Fact]
    public async Task A_slow_sink_holds_the_server_back()
    {
        var database = await MySqlDatabase.CreateAsync();
        await using var hook = database.Open();
        var gate = new TaskCompletionSource();
        var counter = new RowCounter { Gate = gate.Task };

        var extract = hook.ExtractAsync("SELECT seq, REPEAT('x', 100) FROM seq_1_to_200000", null, counter, default).AsTask();
        await counter.FirstFlush;

        Assert.Equal(1000, counter.Rows);
        Assert.False(extract.IsCompleted);
        gate.SetResult();
        Assert.Equal(200_000, await extract);
    }

    [Fact]
    public async Task Cancelling_stops_the_query_on_the_server_and_the_session_lives_on()
    {
        var database = await MySqlDatabase.CreateAsync();
        await using var hook = database.Open();
        using var cancel = new CancellationTokenSource();
        var counter = new RowCounter();

        var extract = hook.ExtractAsync(Endless, null, counter, cancel.Token).AsTask();
        await counter.FirstFlush;
        var session = (await database.Server.QueryAsync($"SELECT id FROM information_schema.processlist WHERE db = '{database.Name}'")).Trim();
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => extract);
        await database.WaitForStatementAsync("seq_1_to_1000000000", running: false);
        Assert.Equal(session, (await hook.QueryAsync("SELECT CONNECTION_ID()", null, 1, default))[0][0]!.ToString());
    }

    [Fact]
    public async Task Cancelling_works_while_the_server_is_silent()
    {
        var database = await MySqlDatabase.CreateAsync();
        await using var hook = database.Open();
        using var cancel = new CancellationTokenSource();
        var silent = $"SELECT SLEEP(600), '{database.Name}'";

        var query = hook.QueryAsync(silent, null, 1, cancel.Token).AsTask();
        await database.WaitForStatementAsync($"SLEEP(600), ''{database.Name}''", running: true);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => query);
        await database.WaitForStatementAsync($"SLEEP(600), ''{database.Name}''", running: false);
    }

    [Fact]
    public async Task Cancelling_works_when_the_server_answers_nobody_any_more()
    {
        await using var server = await MariaDbServer.StartAsync();
        await using var hook = MySqlDatabase.OpenUri(await server.CreateDatabaseAsync());
        using var cancel = new CancellationTokenSource();
        var counter = new RowCounter();
        var extract = hook.ExtractAsync(Endless, null, counter, cancel.Token).AsTask();
        await counter.FirstFlush;

        server.Freeze();
        try
        {
            await cancel.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => extract.WaitAsync(TimeSpan.FromSeconds(120)));
        }
        finally
        {
            server.Thaw();
        }
    }

    [Fact]
    public async Task A_server_killed_in_the_middle_is_a_transient_error_and_a_new_session_follows()
    {
        await using var server = await MariaDbServer.StartAsync();
        await using var hook = MySqlDatabase.OpenUri(await server.CreateDatabaseAsync());
        var counter = new RowCounter();
        var extract = hook.ExtractAsync(Endless, null, counter, default).AsTask();
        await counter.FirstFlush;

        await server.KillAsync();

        var error = await Assert.ThrowsAsync<SqlHookException>(() => extract.WaitAsync(TimeSpan.FromSeconds(120)));
        Assert.True(error.IsTransient);
        Assert.Contains("was lost", error.Message, StringComparison.Ordinal);
        var down = await Assert.ThrowsAsync<SqlHookException>(() => hook.QueryAsync("SELECT 1", null, 1, default).AsTask());
        Assert.True(down.IsTransient);
        await server.StartAgainAsync();
        Assert.Single(await hook.QueryAsync("SELECT 1", null, 1, default));
    }

    [Fact]
    public async Task A_failing_sink_stops_the_query_and_its_own_error_comes_out()
    {
        var database = await MySqlDatabase.CreateAsync();
        await using var hook = database.Open();
        var counter = new RowCounter { OnFlush = _ => throw new IOException("disk full") };

        var error = await Assert.ThrowsAsync<IOException>(() => hook.ExtractAsync(Endless, null, counter, default).AsTask());

        Assert.Equal("disk full", error.Message);
        Assert.Single(await hook.QueryAsync("SELECT 1", null, 1, default));
    }

    [Fact]
    public async Task A_limited_query_leaves_the_rest_on_the_server()
    {
        var database = await MySqlDatabase.CreateAsync();
        await using var hook = database.Open();

        var rows = await hook.QueryAsync(Endless, null, 3, default);

        Assert.Equal([1L, 2L, 3L], rows.Select(row => Convert.ToInt64(row[0], null)));
        for (var i = 0; i < 20; i++)
        {
            Assert.Single(await hook.QueryAsync("SELECT COUNT(*) FROM seq_1_to_100000", null, 1, default));
        }
    }
}
