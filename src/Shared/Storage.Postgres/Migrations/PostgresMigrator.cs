using Npgsql;
using Sluice.Storage.Migrations;

namespace Sluice.Storage.Postgres.Migrations;

/// <summary>Brings the schema to a version, in one transaction; processes that come at the same time wait for a lock and then find it done.</summary>
internal static class PostgresMigrator
{
    // Any number that no one else takes for an advisory lock in this database.
    private const long Lock = 0x51_55_1C_E0_5C_4E_3A;

    public static ValueTask<bool> MigrateAsync(PostgresDatabase database, int upTo, CancellationToken cancellationToken) =>
        database.UseAsync(async connection =>
        {
            var steps = Migration.Of(typeof(PostgresMigrator).Assembly);
            var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            await using var scope = transaction.ConfigureAwait(false);
            await RunAsync(connection, $"SELECT pg_advisory_xact_lock({Lock})", cancellationToken).ConfigureAwait(false);
            await RunAsync(connection, "CREATE TABLE IF NOT EXISTS schema_version (version integer NOT NULL PRIMARY KEY, name text NOT NULL)", cancellationToken)
                .ConfigureAwait(false);
            var current = (int)(await RunAsync(connection, "SELECT coalesce(max(version), 0) FROM schema_version", cancellationToken).ConfigureAwait(false))!;
            if (current > steps.Count)
            {
                throw Migration.NewerSchema($"database '{connection.Database}' of PostgreSQL at {connection.Host}:{connection.Port}", current, steps.Count);
            }

            foreach (var step in steps.Where(step => step.Version > current && step.Version <= upTo))
            {
                await RunAsync(connection, step.Sql, cancellationToken).ConfigureAwait(false);
                await RunAsync(connection, $"INSERT INTO schema_version (version, name) VALUES ({step.Version}, '{step.Name}')", cancellationToken)
                    .ConfigureAwait(false);
            }

            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }, cancellationToken);

    private static async Task<object?> RunAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
#pragma warning disable CA2100 // Constants and embedded resources of this assembly.
        var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        await using var scope = command.ConfigureAwait(false);
        return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
    }
}
