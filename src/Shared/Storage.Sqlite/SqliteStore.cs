using Sluice.Storage.Bundles;
using Sluice.Storage.Journal;
using Sluice.Storage.Leases;
using Sluice.Storage.ReadModel;
using Sluice.Storage.Secrets;
using Sluice.Storage.Sqlite.Journal;
using Sluice.Storage.Sqlite.Leases;
using Sluice.Storage.Sqlite.Migrations;

namespace Sluice.Storage.Sqlite;

/// <summary>The store of one machine, in one file, durable at every commit (WAL, <c>synchronous=FULL</c>).</summary>
/// <remarks>Calls run on the calling thread and return completed tasks.</remarks>
public sealed class SqliteStore : IStore
{
    private readonly SqliteDatabase _database;

    private SqliteStore(SqliteDatabase database, TimeProvider time)
    {
        _database = database;
        Leases = new SqliteLeases(database, time);
        Journal = new SqliteJournal(database);
        ReadModel = new SqlReadModel(database);
        Bundles = new SqlBundleStore(database);
        Secrets = new SqlSecretStore(database);
    }

    public ILeaseStore Leases { get; }

    public IJournalStore Journal { get; }

    public IReadModel ReadModel { get; }

    public IBundleStore Bundles { get; }

    public ISecretStore Secrets { get; }

    /// <summary>Opens a file and creates it, but not its folder, when it is missing. The schema is the business of <see cref="MigrateAsync"/>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="time">The lease's clock; the machine's by default.</param>
    /// <exception cref="StoreException"><c>store.cannot_open</c>, <c>store.read_only</c>, <c>store.busy</c> or <c>store.damaged</c>.</exception>
    public static ValueTask<SqliteStore> OpenAsync(string path, TimeProvider? time = null) =>
        SqliteDatabase.Done(() => new SqliteStore(SqliteDatabase.Open(Path.GetFullPath(path)), time ?? TimeProvider.System), CancellationToken.None);

    /// <summary>A migrated store that lives in memory as long as this object: for simulations.</summary>
    /// <param name="time">The lease's clock; the machine's by default.</param>
    public static SqliteStore InMemory(TimeProvider? time = null)
    {
        var database = SqliteDatabase.Open(null);
        SqliteMigrator.Migrate(database);
        return new SqliteStore(database, time ?? TimeProvider.System);
    }

    public ValueTask MigrateAsync(CancellationToken cancellationToken) => MigrateUpToAsync(int.MaxValue, cancellationToken);

    /// <summary>For tests of the steps between versions.</summary>
    internal ValueTask MigrateUpToAsync(int upTo, CancellationToken cancellationToken)
    {
        var done = SqliteDatabase.Done(() =>
        {
            SqliteMigrator.Migrate(_database, upTo);
            return true;
        }, cancellationToken);
        return done.IsCompletedSuccessfully ? ValueTask.CompletedTask : new(done.AsTask());
    }

    /// <summary>For tests: a setting of the writer.</summary>
    internal object? Pragma(string name) => _database.Write(() => _database.Statement($"PRAGMA {name}").Scalar());

    /// <summary>For tests: the disk is full beyond so many pages.</summary>
    internal void LimitPages(int pages) => Pragma($"max_page_count = {pages}");

    public ValueTask DisposeAsync()
    {
        _database.Dispose();
        return ValueTask.CompletedTask;
    }
}
