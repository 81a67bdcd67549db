using Microsoft.Data.Sqlite;
using Sluice.Storage.Leases;
using Sluice.Storage.Sqlite;

namespace Sluice.Storage.Conformance.Sqlite;

/// <summary>Each database is a file in a folder of its own; the lease's clock is moved by hand.</summary>
public sealed class SqliteEngine : IEngine
{
    public static SqliteEngine Instance { get; } = new();

    public Task<IDatabase> CreateAsync() => Task.FromResult<IDatabase>(new SqliteFile());

    private sealed class SqliteFile : IDatabase
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("sluice-store").FullName;
        private readonly ManualClock _clock = new();
        private readonly List<IStore> _stores = [];

        private string File => Path.Combine(_folder, "sluice.db");

        public async Task<IStore> OpenAsync()
        {
            var store = await SqliteStore.OpenAsync(File, _clock);
            _stores.Add(store);
            return store;
        }

        public async Task MigrateUpToAsync(IStore store, int version) => await ((SqliteStore)store).MigrateUpToAsync(version, CancellationToken.None);

        public async Task PretendNewerSchemaAsync()
        {
            await using var connection = new SqliteConnection($"Data Source={File};Pooling=False");
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = "INSERT INTO schema_version (version, name) VALUES (999, 'later')";
            await command.ExecuteNonQueryAsync();
        }

        public Task PassAsync(IStore store, Lease lease)
        {
            _clock.Advance(lease.Remaining + TimeSpan.FromMilliseconds(1));
            return Task.CompletedTask;
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var store in _stores)
            {
                await store.DisposeAsync();
            }

            TemporaryFolder.Delete(_folder);
        }
    }
}

/// <summary>A clock that stands still until it is moved.</summary>
public sealed class ManualClock : TimeProvider
{
    private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => _now;

    public void Advance(TimeSpan by) => _now += by;
}
