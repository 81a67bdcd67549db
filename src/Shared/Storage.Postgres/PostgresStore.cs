using Sluice.Storage.Bundles;
using Sluice.Storage.Journal;
using Sluice.Storage.Leases;
using Sluice.Storage.Postgres.Journal;
using Sluice.Storage.Postgres.Leases;
using Sluice.Storage.Postgres.Migrations;
using Sluice.Storage.ReadModel;
using Sluice.Storage.Secrets;

namespace Sluice.Storage.Postgres;

/// <summary>The store of a cluster: PostgreSQL 12 or newer. Durable as the server's <c>synchronous_commit</c> says, which is left as it is.</summary>
public sealed class PostgresStore : IStore
{
    private readonly PostgresDatabase _database;
    private readonly PostgresJournal _journal;

    private PostgresStore(PostgresDatabase database)
    {
        _database = database;
        _journal = new PostgresJournal(database);
        Leases = new PostgresLeases(database);
        ReadModel = new SqlReadModel(database);
        Bundles = new SqlBundleStore(database);
        Secrets = new SqlSecretStore(database);
    }

    public ILeaseStore Leases { get; }

    public IJournalStore Journal => _journal;

    public IReadModel ReadModel { get; }

    public IBundleStore Bundles { get; }

    public ISecretStore Secrets { get; }

    /// <summary>Connects once, to find out early what is wrong. The schema is the business of <see cref="MigrateAsync"/>.</summary>
    /// <param name="address"><c>postgres://user:password@host:port/database</c>, or a connection string of Npgsql.</param>
    /// <param name="cancellationToken">Cancels the attempt.</param>
    /// <exception cref="StoreException">
    /// <c>store.bad_address</c>, <c>store.unreachable</c>, <c>store.wrong_password</c>, <c>store.access_denied</c>, <c>store.no_database</c>, <c>store.busy</c>.
    /// </exception>
    public static async ValueTask<PostgresStore> OpenAsync(string address, CancellationToken cancellationToken = default)
    {
        var database = new PostgresDatabase(PostgresUri.Parse(address));
        try
        {
            var connection = await database.ConnectAsync(cancellationToken).ConfigureAwait(false);
            await connection.DisposeAsync().ConfigureAwait(false);
            return new PostgresStore(database);
        }
        catch
        {
            await database.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public ValueTask MigrateAsync(CancellationToken cancellationToken) => MigrateUpToAsync(int.MaxValue, cancellationToken);

    /// <summary>For tests of the steps between versions.</summary>
    internal async ValueTask MigrateUpToAsync(int upTo, CancellationToken cancellationToken) =>
        await PostgresMigrator.MigrateAsync(_database, upTo, cancellationToken).ConfigureAwait(false);

    public async ValueTask DisposeAsync()
    {
        await _journal.DisposeAsync().ConfigureAwait(false);
        await _database.DisposeAsync().ConfigureAwait(false);
    }
}
