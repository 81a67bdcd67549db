using Microsoft.Data.Sqlite;
using Sluice.Storage.Leases;
using Sluice.Storage.Sql;

namespace Sluice.Storage.Sqlite.Leases;

/// <summary>The lease of a file that one machine shares: the clock is the machine's.</summary>
internal sealed class SqliteLeases(SqliteDatabase database, TimeProvider time) : ILeaseStore
{
    public ValueTask<Lease?> TryAcquireAsync(string holder, string address, TimeSpan timeToLive, CancellationToken cancellationToken) =>
        SqliteDatabase.Done(() => database.Write(() =>
        {
            const string Take =
                """
                INSERT INTO lease (name, holder, address, epoch, expires_at) VALUES ('leader', $1, $2, 1, $3)
                ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, address = excluded.address, epoch = lease.epoch + 1, expires_at = excluded.expires_at
                WHERE lease.expires_at <= $4 OR lease.holder = excluded.holder
                RETURNING epoch
                """;
            var now = time.GetUtcNow();
            return database.Statement(Take, 4).With(0, holder).With(1, address).With(2, now + timeToLive).With(3, now).Scalar() is long epoch
                ? new Lease(holder, address, epoch, timeToLive)
                : null;
        }), cancellationToken);

    public ValueTask<bool> RenewAsync(string holder, long epoch, TimeSpan timeToLive, CancellationToken cancellationToken) =>
        SqliteDatabase.Done(() => database.Write(() =>
        {
            const string Renew = "UPDATE lease SET expires_at = $1 WHERE name = 'leader' AND holder = $2 AND epoch = $3 AND expires_at > 0";
            return database.Statement(Renew, 3).With(0, time.GetUtcNow() + timeToLive).With(1, holder).With(2, epoch).Execute() == 1;
        }), cancellationToken);

    public ValueTask ReleaseAsync(string holder, long epoch, CancellationToken cancellationToken)
    {
        // 1970 marks a lease that was given back: it cannot be renewed any more.
        const string Release = "UPDATE lease SET expires_at = 0 WHERE name = 'leader' AND holder = $1 AND epoch = $2";
        var done = SqliteDatabase.Done(
            () => database.Write(() => database.Statement(Release, 2).With(0, holder).With(1, epoch).Execute()), cancellationToken);
        return done.IsCompletedSuccessfully ? ValueTask.CompletedTask : new(done.AsTask());
    }

    public ValueTask<Lease?> ReadAsync(CancellationToken cancellationToken) =>
        SqliteDatabase.Done(() => database.Read(Read), cancellationToken);

    private Lease? Read(SqliteConnection connection)
    {
        using var statement = new SqliteStatement(connection, "SELECT holder, address, epoch, expires_at FROM lease WHERE name = 'leader'");
        using var reader = statement.Read();
        return reader.Read()
            ? new(reader.GetString(0), reader.GetString(1), reader.GetInt64(2), StoredTime.FromMicroseconds(reader.GetInt64(3)) - time.GetUtcNow())
            : null;
    }
}
