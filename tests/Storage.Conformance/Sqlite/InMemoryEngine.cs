using Sluice.Storage.Leases;
using Sluice.Storage.Sqlite;

namespace Sluice.Storage.Conformance.Sqlite;

/// <summary>The store of simulations: every call completes before it returns.</summary>
public sealed class InMemoryEngine : IEngine
{
    public static InMemoryEngine Instance { get; } = new();

    public Task<IDatabase> CreateAsync() => Task.FromResult<IDatabase>(new InMemoryDatabase());

    private sealed class InMemoryDatabase : IDatabase
    {
        private readonly SqliteStore _store = SqliteStore.InMemory(new ManualClock());

        public Task<IStore> OpenAsync() => Task.FromResult<IStore>(_store);

        public Task MigrateUpToAsync(IStore store, int version) => throw new NotSupportedException("A store in memory is born migrated.");

        public Task PretendNewerSchemaAsync() => throw new NotSupportedException("A store in memory is born migrated.");

        public Task PassAsync(IStore store, Lease lease) => throw new NotSupportedException("Not asked of the store in memory.");

        public ValueTask DisposeAsync() => _store.DisposeAsync();
    }
}
