using Sluice.Storage.Leases;
using Sluice.Storage.Sql;

namespace Sluice.Storage.Postgres.Leases;

/// <summary>The lease by the server's clock. <c>clock_timestamp()</c> and not <c>now()</c>: a statement may have waited for an append's lock.</summary>
internal sealed class PostgresLeases(ISqlDatabase database) : ILeaseStore
{
    private const string Remaining = "(extract(epoch FROM expires_at - clock_timestamp()) * 1000000)::bigint";

    public async ValueTask<Lease?> TryAcquireAsync(string holder, string address, TimeSpan timeToLive, CancellationToken cancellationToken)
    {
        const string Take =
            $"""
            INSERT INTO lease (name, holder, address, epoch, expires_at) VALUES ('leader', $1, $2, 1, clock_timestamp() + $3)
            ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, address = excluded.address, epoch = lease.epoch + 1, expires_at = clock_timestamp() + $3
            WHERE lease.expires_at <= clock_timestamp() OR lease.holder = excluded.holder
            RETURNING holder, address, epoch, {Remaining}
            """;
        return First(await database.QueryAsync(Take, [holder, address, timeToLive], Read, cancellationToken).ConfigureAwait(false));
    }

    public async ValueTask<bool> RenewAsync(string holder, long epoch, TimeSpan timeToLive, CancellationToken cancellationToken)
    {
        const string Renew =
            """
            UPDATE lease SET expires_at = clock_timestamp() + $3
            WHERE name = 'leader' AND holder = $1 AND epoch = $2 AND expires_at > to_timestamp(0)
            """;
        return await database.ExecuteAsync(Renew, [holder, epoch, timeToLive], cancellationToken).ConfigureAwait(false) == 1;
    }

    public async ValueTask ReleaseAsync(string holder, long epoch, CancellationToken cancellationToken)
    {
        // 1970 marks a lease that was given back: it cannot be renewed any more.
        const string Release = "UPDATE lease SET expires_at = to_timestamp(0) WHERE name = 'leader' AND holder = $1 AND epoch = $2";
        await database.ExecuteAsync(Release, [holder, epoch], cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<Lease?> ReadAsync(CancellationToken cancellationToken) =>
        First(await database.QueryAsync($"SELECT holder, address, epoch, {Remaining} FROM lease WHERE name = 'leader'", [], Read, cancellationToken)
            .ConfigureAwait(false));

    private static Lease Read(SqlRow row) => new(row.Text(0), row.Text(1), row.Long(2), TimeSpan.FromMicroseconds(row.Long(3)));

    private static Lease? First(List<Lease> rows) => rows.Count == 0 ? null : rows[0];
}
