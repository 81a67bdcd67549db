using Npgsql;
using Sluice.Services;
using Sluice.Storage.Leases;
using Sluice.Storage.Postgres;

namespace Sluice.Storage.Conformance.Postgres;

/// <summary>Each database is one of a real server, and the lease's clock is the server's.</summary>
public sealed class PostgresEngine : IEngine
{
    public static PostgresEngine Instance { get; } = new();

    public async Task<IDatabase> CreateAsync()
    {
        var server = await PostgresServer.StartSharedAsync();
        return new PostgresDatabase(await server.CreateDatabaseAsync());
    }

    private sealed class PostgresDatabase(string connectionString) : IDatabase
    {
        private readonly List<IStore> _stores = [];

        public async Task<IStore> OpenAsync()
        {
            var store = await PostgresStore.OpenAsync(connectionString);
            _stores.Add(store);
            return store;
        }

        public async Task MigrateUpToAsync(IStore store, int version) => await ((PostgresStore)store).MigrateUpToAsync(version, CancellationToken.None);

        public Task PretendNewerSchemaAsync() => ExecuteAsync("INSERT INTO schema_version (version, name) VALUES (999, 'later')");

        // The server's clock cannot be moved; moving the end of the lease back is the same to whoever compares the two.
        public Task PassAsync(IStore store, Lease lease) => ExecuteAsync("UPDATE lease SET expires_at = clock_timestamp() - interval '1 millisecond'");

        public async ValueTask DisposeAsync()
        {
            foreach (var store in _stores)
            {
                await store.DisposeAsync();
            }
        }

        private async Task ExecuteAsync(string sql)
        {
            await using var connection = new NpgsqlConnection($"{connectionString};Pooling=false");
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = sql;
            await command.ExecuteNonQueryAsync();
        }
    }
}
