using Sluice.Core.Connections;
using Sluice.Authoring.Hooks;

namespace Sluice.Providers.Postgres.Hooks;

/// <summary>PostgreSQL, or Redshift by the same protocol.</summary>
/// <param name="connection">Host, port, login, password; <c>Schema</c> is the database.</param>
/// <param name="dialect"><see cref="Postgres"/> or <see cref="Redshift"/>.</param>
public sealed class PostgresHook(Connection connection, string dialect = PostgresHook.Postgres) : ISnapshotHook, IDescribingHook
{
    /// <summary>Dialect of PostgreSQL.</summary>
    public const string Postgres = "postgres";

    /// <summary>Dialect of Redshift.</summary>
    public const string Redshift = "redshift";

    private PostgresSession? _session;

    /// <inheritdoc/>
    public string Dialect => dialect;

    /// <inheritdoc/>
    public async ValueTask<long> ExecuteAsync(string sql, IReadOnlyDictionary<string, object?>? parameters, CancellationToken cancellationToken)
    {
        var session = await OpenAsync(cancellationToken);
        return await session.RunAsync<long>(
            async () =>
            {
                await using var command = session.Command(sql, parameters);
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                do
                {
                    while (await reader.ReadAsync(cancellationToken))
                    {
                        // Rows are of no interest, but a statement may still fail while it makes them.
                    }
                }
                while (await reader.NextResultAsync(cancellationToken));

#pragma warning disable CS0618 // Its successor wants the statements taken apart first, which the driver does well and we should not.
                return reader.Statements is [.., { StatementType: not (Npgsql.StatementType.Select or Npgsql.StatementType.Other) } last]
                    ? (long)last.Rows
                    : -1;
#pragma warning restore CS0618
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<IReadOnlyList<object?>>> QueryAsync(
        string sql, IReadOnlyDictionary<string, object?>? parameters, int limit, CancellationToken cancellationToken)
    {
        var session = await OpenAsync(cancellationToken);
        return await session.RunAsync<IReadOnlyList<IReadOnlyList<object?>>>(
            async () =>
            {
                await using var command = session.Command(sql, parameters);
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                var rows = new List<IReadOnlyList<object?>>();
                while (rows.Count < limit && await reader.ReadAsync(cancellationToken))
                {
                    var row = new object?[reader.FieldCount];
                    for (var i = 0; i < row.Length; i++)
                    {
                        row[i] = reader.IsDBNull(i) ? null : reader.GetValue(i);
                    }

                    rows.Add(row);
                }

                return rows;
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<long> ExtractAsync(
        string sql, IReadOnlyDictionary<string, object?>? parameters, IRowSink sink, CancellationToken cancellationToken)
    {
        var session = await OpenAsync(cancellationToken);
        return await session.RunAsync(
            async () =>
            {
                await PostgresExtract.PrepareAsync(session, dialect, cancellationToken);
                return dialect == Postgres && parameters is not { Count: > 0 } && PostgresExtract.CanCopy(sql)
                    ? await PostgresExtract.ByCopyAsync(session, sql, sink, cancellationToken)
                    : await PostgresExtract.ByReaderAsync(session, sql, parameters, sink, cancellationToken);
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks>Redshift does not tell.</remarks>
    public async ValueTask<QueryOrigins?> DescribeAsync(string sql, IReadOnlyDictionary<string, object?>? parameters, CancellationToken cancellationToken)
    {
        if (dialect == Redshift || !PostgresExtract.CanCopy(sql))
        {
            return null;
        }

        await using var session = await PostgresSession.OpenAsync(connection, dialect, cancellationToken);
        return await session.RunAsync(() => new PostgresOrigins(session).FindAsync(sql, parameters, cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks>Redshift lets no two sessions share a moment: one reader only.</remarks>
    public async ValueTask<SqlSnapshot> OpenSnapshotAsync(int readers, string? schema, string? table, CancellationToken cancellationToken)
    {
        if (readers > 1 && dialect == Redshift)
        {
            throw new SqlHookException("Redshift lets no two sessions read the same moment; use one reader, or UNLOAD.", isTransient: false);
        }

        var snapshot = new SqlSnapshot([.. Enumerable.Range(0, readers).Select(_ => new PostgresHook(connection, dialect))]);
        try
        {
            string? exported = null;
            foreach (PostgresHook session in snapshot.Sessions)
            {
                if (dialect == Postgres)
                {
                    await session.ExecuteAsync(PostgresExtract.NoIdleLimit, null, cancellationToken);
                }

                await session.ExecuteAsync(
                    dialect == Redshift ? "BEGIN READ ONLY" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", null, cancellationToken);
                if (exported is not null)
                {
                    await session.ExecuteAsync($"SET TRANSACTION SNAPSHOT {SqlNames.Literal(exported)}", null, cancellationToken);
                }
                else if (readers > 1)
                {
                    exported = (string)(await session.QueryAsync("SELECT pg_export_snapshot()", null, limit: 1, cancellationToken))[0][0]!;
                }
            }

            return snapshot;
        }
        catch
        {
            await snapshot.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _session?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async ValueTask<PostgresSession> OpenAsync(CancellationToken cancellationToken) =>
        _session ??= await PostgresSession.OpenAsync(connection, dialect, cancellationToken);
}
