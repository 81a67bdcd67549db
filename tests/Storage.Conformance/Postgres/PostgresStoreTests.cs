using Npgsql;
using Sluice.Services;
using Sluice.Storage.Journal;
using Sluice.Storage.Postgres;

namespace Sluice.Storage.Conformance.Postgres;

public sealed class PostgresStoreTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task A_uri_with_percent_encoded_parts_opens_the_store()
    {
        var server = await PostgresServer.StartSharedAsync();
        await using var store = await PostgresStore.OpenAsync($"{await server.CreateDatabaseUriAsync()}?application_name=my%20app&sslmode=prefer");
        await store.MigrateAsync(None);

        Assert.Null(await store.Leases.ReadAsync(None));
    }

    [Fact]
    public async Task A_wrong_password_is_said_without_the_password()
    {
        var server = await PostgresServer.StartSharedAsync();
        var address = new NpgsqlConnectionStringBuilder(await server.CreateDatabaseAsync()) { Password = "hunter2" }.ConnectionString;

        var refused = await Assert.ThrowsAsync<StoreException>(async () => await PostgresStore.OpenAsync(address));

        Assert.Equal(("store.wrong_password", false), (refused.Code, refused.IsTransient));
        Assert.DoesNotContain("hunter2", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_named()
    {
        var refused = await Assert.ThrowsAsync<StoreException>(async () => await PostgresStore.OpenAsync("postgres://u:hunter2@127.0.0.1:1/db"));

        Assert.Equal(("store.unreachable", true), (refused.Code, refused.IsTransient));
        Assert.Contains("127.0.0.1:1", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_is_not_there_is_named()
    {
        var server = await PostgresServer.StartSharedAsync();

        var refused = await Assert.ThrowsAsync<StoreException>(async () => await PostgresStore.OpenAsync(server.Uri("nowhere")));

        Assert.Equal(("store.no_database", false), (refused.Code, refused.IsTransient));
        Assert.Contains("nowhere", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("postgres://u:hunter2@host:notaport/db")]
    [InlineData("postgres://u:hunter2@host/db?nonsense=1")]
    [InlineData("Password=hunter2;Nonsense=1")]
    [InlineData("hunter2")]
    public async Task An_address_that_makes_no_sense_is_refused_without_repeating_it(string address)
    {
        var refused = await Assert.ThrowsAsync<StoreException>(async () => await PostgresStore.OpenAsync(address));

        Assert.Equal("store.bad_address", refused.Code);
        Assert.DoesNotContain("hunter2", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_append_whose_connection_breaks_does_not_pretend_to_know_and_the_next_one_connects_again()
    {
        var server = await PostgresServer.StartSharedAsync();
        var address = await server.CreateDatabaseAsync();
        await using var store = await PostgresStore.OpenAsync(address);
        await store.MigrateAsync(None);
        var epoch = (await store.Leases.TryAcquireAsync("a", "ws://a:1", TimeSpan.FromMinutes(1), None))!.Epoch;
        await AppendAsync(store, epoch, 1);
        await using (var other = new NpgsqlConnection($"{address};Pooling=false"))
        {
            await other.OpenAsync();
            await using var kill = other.CreateCommand();
            kill.CommandText = "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
            await kill.ExecuteScalarAsync();
        }

        var failed = await Assert.ThrowsAsync<StoreException>(() => AppendAsync(store, epoch, 2));
        Assert.Contains(failed.Code, new[] { "journal.outcome_unknown", "store.unavailable" });
        Assert.Equal(failed.Code == "store.unavailable", failed.IsTransient);

        await AppendAsync(store, epoch, 3);
        var events = new List<byte>();
        await foreach (var record in store.Journal.RecoverAsync(None))
        {
            events.Add(record.Payload.Span[0]);
        }

        Assert.Equal([1, 3], events);
    }

    [Fact]
    public async Task A_server_that_is_killed_and_started_again_kept_what_it_acknowledged()
    {
        await using var server = await PostgresServer.StartAsync(durable: true);
        await using var store = await PostgresStore.OpenAsync(await server.CreateDatabaseAsync());
        await store.MigrateAsync(None);
        var epoch = (await store.Leases.TryAcquireAsync("a", "ws://a:1", TimeSpan.FromMinutes(1), None))!.Epoch;
        for (byte i = 0; i < 100; i++)
        {
            await AppendAsync(store, epoch, i);
        }

        await server.KillAsync();
        await Assert.ThrowsAsync<StoreException>(() => AppendAsync(store, epoch, 100));
        var down = await Assert.ThrowsAsync<StoreException>(() => AppendAsync(store, epoch, 101));
        Assert.Equal(("store.unreachable", true), (down.Code, down.IsTransient));
        await server.StartAgainAsync();

        var events = new List<byte>();
        await foreach (var record in store.Journal.RecoverAsync(None))
        {
            events.Add(record.Payload.Span[0]);
        }

        Assert.Equal(Enumerable.Range(0, 100).Select(i => (byte)i), events.Take(100));
        Assert.True(events.Count <= 101);
    }

    private static async Task AppendAsync(PostgresStore store, long epoch, byte value)
    {
        var batch = new JournalBatch();
        batch.Entries.Add(new("s", new[] { value }));
        await store.Journal.AppendAsync(epoch, batch, None);
    }
}
