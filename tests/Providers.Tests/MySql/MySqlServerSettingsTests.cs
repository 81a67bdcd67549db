using Sluice.Authoring.Hooks;
using Sluice.Providers.Tests.Postgres;
using Sluice.Services;

namespace Sluice.Providers.Tests.MySql;

/// <summary>What a server does to each session that begins changes no row and cuts off no reader that is slow.</summary>
public sealed class MySqlServerSettingsTests
{
    [Fact]
    public async Task Rows_come_whole_and_as_utf8_whatever_a_server_sets_for_its_users()
    {
        // Such lines are in many a my.cnf; they go for all but administrators.
        await using var server = await MariaDbServer.StartAsync("--init-connect=SET NAMES utf8mb3, sql_select_limit = 2");
        var uri = new Uri(await server.CreateDatabaseAsync());
        var name = uri.AbsolutePath.Trim('/');
        await server.QueryAsync($"CREATE TABLE t (v TEXT); INSERT INTO t VALUES ('😀'), ('한'), ('é'); CREATE USER reader IDENTIFIED BY 'secret'; GRANT SELECT ON {name}.* TO reader", name);
        await using var hook = MySqlDatabase.OpenUri($"mysql://reader:secret@{uri.Authority.Split('@')[^1]}/{name}");

        Assert.Equal((IEnumerable<string?>)["😀", "한", "é"], await TextsAsync("SELECT v FROM t"));
        Assert.Equal((IEnumerable<string?>)["😀"], await TextsAsync("SELECT v FROM t WHERE v = @v", new Dictionary<string, object?> { ["v"] = "😀" }));

        async Task<string?[]> TextsAsync(string sql, IReadOnlyDictionary<string, object?>? parameters = null)
        {
            var rows = new RowList();
            await hook.ExtractAsync(sql, parameters, rows, CancellationToken.None);
            return [.. rows.Rows.Select(row => row[0])];
        }
    }

    [Theory]
    [InlineData("--wait-timeout=1")]
    [InlineData("--net-write-timeout=1")]
    public async Task A_reader_that_has_nothing_to_do_or_is_held_back_is_not_cut_off(string setting)
    {
        await using var server = await MariaDbServer.StartAsync(setting);
        await using var hook = MySqlDatabase.OpenUri(await server.CreateDatabaseAsync());
        var id = (await hook.QueryAsync("SELECT CONNECTION_ID()", null, 1, CancellationToken.None))[0][0];
        await UntilOldAsync();
        var held = new TaskCompletionSource();
        var sink = new RowCounter(flushEvery: 1) { Gate = held.Task };

        var reading = hook.ExtractAsync("SELECT REPEAT('x', 1000000) FROM seq_1_to_100", null, sink, CancellationToken.None).AsTask(); // more than fits between server and reader
        await Task.WhenAny(reading, sink.FirstFlush).WaitAsync(Until.Patience);
        await UntilOldAsync();
        held.SetResult();

        Assert.Equal(100, await reading);

        // Or gone.
        Task UntilOldAsync() => Until.TrueAsync(
            async () => (await server.QueryAsync($"SELECT COUNT(*) FROM information_schema.processlist WHERE id = {id} AND time < 4")).Trim() == "0", "the connection does nothing for four seconds");
    }

    [Fact]
    public async Task A_connection_that_nobody_uses_says_that_it_lives()
    {
        var database = await MySqlDatabase.CreateAsync();
        await using var hook = database.Open();
        var rows = await hook.QueryAsync("SELECT SUBSTRING_INDEX(host, ':', -1) FROM information_schema.processlist WHERE id = CONNECTION_ID()", null, 1, CancellationToken.None);

        Assert.InRange(KeepAlive.SecondsLeft(Convert.ToInt32(rows[0][0], null)) ?? int.MaxValue, 0, 60);
    }
}
