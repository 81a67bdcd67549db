using Sluice.Storage.Leases;

namespace Sluice.Storage.Conformance;

/// <summary>What the suites need of an engine: empty databases, several stores on one, and a way to let a lease run out.</summary>
public interface IEngine
{
    /// <summary>A database of its own for one test.</summary>
    Task<IDatabase> CreateAsync();
}

/// <summary>One database. Disposing closes every store that was opened on it.</summary>
public interface IDatabase : IAsyncDisposable
{
    /// <summary>A store as another process would open it, not migrated.</summary>
    Task<IStore> OpenAsync();

    /// <summary>Brings the schema to a version, as an older Sluice left it.</summary>
    Task MigrateUpToAsync(IStore store, int version);

    /// <summary>Says in the database that a newer Sluice was here.</summary>
    Task PretendNewerSchemaAsync();

    /// <summary>Lets time pass by the lease's clock until the lease is over.</summary>
    Task PassAsync(IStore store, Lease lease);
}
