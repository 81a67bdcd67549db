using Npgsql;
using Sluice.Core.Connections;
using Sluice.Authoring.Csv;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Providers.Postgres.Hooks;

namespace Sluice.Providers.Postgres.Loading;

/// <summary>Loads CSV objects into a PostgreSQL table by COPY, in one transaction.</summary>
/// <remarks>
/// Rows are copied into a temporary table first, so that the target is locked only for the merge. Other writers of the table wait for the
/// merge, readers never do: they see the old rows until the commit.
/// </remarks>
/// <param name="connection">The database.</param>
public sealed class PostgresTableLoader(Connection connection) : ITableLoader
{
    private const string Staging = "pg_temp.\"sluice_staging\"";

    private PostgresSession? _session;

    /// <inheritdoc/>
    public async ValueTask<LoadResult> LoadAsync(TableLoad load, CancellationToken cancellationToken)
    {
        var session = _session ??= await PostgresSession.OpenAsync(connection, PostgresHook.Postgres, cancellationToken);
        return await session.RunAsync(
            async () =>
            {
                // Rolls back when disposed without a commit.
                await using var transaction = await session.Connection.BeginTransactionAsync(cancellationToken);
                var result = await LoadInTransactionAsync(session, load, cancellationToken);
                await transaction.CommitAsync(cancellationToken);
                return result;
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _session?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static async ValueTask<LoadResult> LoadInTransactionAsync(PostgresSession session, TableLoad load, CancellationToken cancellationToken)
    {
        var table = await PostgresTable.DescribeAsync(session, load.Schema, load.Table, cancellationToken);
        IReadOnlyList<string>? columns = null;
        foreach (var source in load.Objects)
        {
            await using var reader = new CsvReader(await load.Store.OpenReadAsync(source, cancellationToken), load.Format);
            if (await LoadColumns.ReadAsync(reader, load, table.Columns, cancellationToken) is not { } names)
            {
                continue; // empty, without even a header
            }

            columns ??= await StageAsync(session, table, names, cancellationToken);
            if (!columns.Order().SequenceEqual(names.Order()))
            {
                throw new TaskFailedException($"The objects of one load into {load.Table} have different columns; load them one after the other.");
            }

            await CopyAsync(session, names, reader, load, source, cancellationToken);
        }

        return columns is null
            ? await MergeNothingAsync(session, table, load, cancellationToken)
            : await MergeAsync(session, table, load, columns, cancellationToken);
    }

    // The columns' types and nothing else: defaults and constraints come with the merge.
    private static async ValueTask<IReadOnlyList<string>> StageAsync(
        PostgresSession session, PostgresTable table, IReadOnlyList<string> columns, CancellationToken cancellationToken)
    {
        await session.ExecuteAsync(
            $"CREATE TEMP TABLE \"sluice_staging\" ON COMMIT DROP AS SELECT {SqlNames.Join(columns)} FROM {table.Name} WITH NO DATA", cancellationToken);
        return columns;
    }

    private static async ValueTask CopyAsync(
        PostgresSession session, IReadOnlyList<string> columns, CsvReader rows, TableLoad load, Uri source, CancellationToken cancellationToken)
    {
        var copy = $"COPY {Staging} ({SqlNames.Join(columns)}) FROM STDIN (FORMAT csv, DELIMITER {SqlNames.Literal(load.Format.Delimiter.ToString())}, "
            + $"NULL {SqlNames.Literal(load.Format.NullMarker)}, ENCODING 'UTF8')";
        var writer = (NpgsqlCopyTextWriter)await session.Connection.BeginTextImportAsync(copy, cancellationToken);
        try
        {
            await rows.CopyRestAsync(writer.BaseStream, cancellationToken);
        }
        catch
        {
            await CancelAsync(writer); // disposing it would tell the server that these are all rows
            throw;
        }

        await writer.DisposeAsync();
        load.Log?.Invoke($"Copied {ObjectUri.Text(source)}.");
    }

    private static async ValueTask CancelAsync(NpgsqlCopyTextWriter writer)
    {
        try
        {
            await writer.CancelAsync();
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException or IOException or OperationCanceledException)
        {
            // The session is broken; the first error says why.
        }
    }

    private static async ValueTask<LoadResult> MergeNothingAsync(
        PostgresSession session, PostgresTable table, TableLoad load, CancellationToken cancellationToken)
    {
        if (load.Method == LoadMethod.Replace)
        {
            await session.ExecuteAsync($"DELETE FROM {table.Name}", cancellationToken);
        }

        return new(0, 0);
    }

    private static async ValueTask<LoadResult> MergeAsync(
        PostgresSession session, PostgresTable table, TableLoad load, IReadOnlyList<string> columns, CancellationToken cancellationToken)
    {
        // Nobody analyses temporary tables by itself; without it the merge is planned for a handful of rows.
        await session.ExecuteAsync($"ANALYZE {Staging}", cancellationToken);
        var loaded = await CountAsync(session, $"SELECT COUNT(*) FROM {Staging}", cancellationToken);
        var from = Staging;
        if (load.Method == LoadMethod.Upsert)
        {
            var keys = LoadColumns.Keys(load.UpsertKeys, table.PrimaryKey, columns, load.Table);
            var order = LoadColumns.Order(load.OrderColumn, columns, load.Table);
            await RefuseNullKeysAsync(session, load, keys, cancellationToken);
            await LockAsync(session, table, cancellationToken);
            await session.ExecuteAsync(
                $"DELETE FROM {table.Name} AS t USING {Staging} AS s WHERE {string.Join(" AND ", keys.Select(k => $"t.{SqlNames.Quote(k)} = s.{SqlNames.Quote(k)}"))}",
                cancellationToken);

            // ctid is the row's place: the table was only ever appended to, so the highest is the last of the file.
            var latestFirst = order is null ? "ctid DESC" : $"{SqlNames.Quote(order)} DESC NULLS LAST, ctid DESC";
            from = $"(SELECT *, ROW_NUMBER() OVER (PARTITION BY {SqlNames.Join(keys)} ORDER BY {latestFirst}) AS \"sluice_rank\" FROM {Staging}) AS s "
                + "WHERE \"sluice_rank\" = 1";
        }
        else if (load.Method == LoadMethod.Replace)
        {
            await LockAsync(session, table, cancellationToken);
            await session.ExecuteAsync($"DELETE FROM {table.Name}", cancellationToken); // TRUNCATE would lock readers out
        }

        var all = SqlNames.Join(columns);
        return new(loaded, await session.ExecuteAsync($"INSERT INTO {table.Name} ({all}) OVERRIDING SYSTEM VALUE SELECT {all} FROM {from}", cancellationToken));
    }

    // Two loads of one table go one after the other: each would miss the rows that the other is about to insert.
    private static async ValueTask LockAsync(PostgresSession session, PostgresTable table, CancellationToken cancellationToken) =>
        await session.ExecuteAsync($"LOCK TABLE {table.Name} IN SHARE ROW EXCLUSIVE MODE", cancellationToken);

    // NULL equals nothing, so such rows would be added again by every run.
    private static async ValueTask RefuseNullKeysAsync(
        PostgresSession session, TableLoad load, IReadOnlyList<string> keys, CancellationToken cancellationToken)
    {
        var rows = await CountAsync(
            session, $"SELECT COUNT(*) FROM {Staging} WHERE {string.Join(" OR ", keys.Select(key => $"{SqlNames.Quote(key)} IS NULL"))}", cancellationToken);
        if (rows > 0)
        {
            throw new TaskFailedException($"{rows} rows for {load.Table} have NULL in the key ({string.Join(", ", keys)}); UPSERT cannot tell which rows they replace.");
        }
    }

    private static async ValueTask<long> CountAsync(PostgresSession session, string sql, CancellationToken cancellationToken)
    {
        await using var command = session.Command(sql);
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }
}
