using System.Text;
using Npgsql;
using Sluice.Authoring.Csv;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Loading;
using Sluice.Authoring.Operators;
using Sluice.Providers.Postgres.Hooks;

namespace Sluice.Providers.Postgres.Loading;

/// <summary>Copies the records of one object.</summary>
/// <param name="session">In a transaction.</param>
/// <param name="into">The table, quoted.</param>
/// <param name="columns">Columns of the object, quoted, with commas between.</param>
/// <param name="format">How the object is written.</param>
internal sealed class PostgresCopy(PostgresSession session, string into, string columns, CsvFormat format)
{
    // Records that are tried together; of those that are refused, halves, until the one is found.
    private const int Together = 2000;

    // Fewer, where records are large.
    private const int BytesTogether = 16 * 1024 * 1024;

    // Rows of a partitioned table count in its partitions.
    private const string Inserted = """
        SELECT COALESCE(
            (SELECT SUM(pg_stat_get_xact_tuples_inserted(relid))::bigint FROM pg_partition_tree(to_regclass(@name)) WHERE isleaf),
            pg_stat_get_xact_tuples_inserted(to_regclass(@name)))
        """;

    private static readonly byte[] LineEnd = [(byte)'\n'];

    private readonly string _statement =
        $"COPY {into} ({columns}) FROM STDIN (FORMAT csv, DELIMITER {SqlNames.Literal(format.Delimiter.ToString())}, NULL {SqlNames.Literal(format.NullMarker)}, ENCODING 'UTF8')";

    /// <summary>Copies what is left to read, as it is.</summary>
    /// <param name="reader">Stands behind the header.</param>
    /// <param name="allRead">Is told when the last bytes are read, while the server still has some to work off.</param>
    /// <param name="cancellationToken">Cancels the copying.</param>
    /// <returns>Rows copied.</returns>
    internal async ValueTask<long> AllAsync(CsvReader reader, Action allRead, CancellationToken cancellationToken)
    {
        var before = await InsertedAsync(cancellationToken);
        var copying = (NpgsqlCopyTextWriter)await session.Connection.BeginTextImportAsync(_statement, cancellationToken);
        try
        {
            await reader.CopyRestAsync(copying.BaseStream, cancellationToken);
            allRead();
        }
        catch
        {
            await CancelAsync(copying); // disposing it would tell the server that these are all rows
            throw;
        }

        await copying.DisposeAsync();
        return await InsertedAsync(cancellationToken) - before;
    }

    /// <summary>Copies what the table takes, and puts the rest into quarantine.</summary>
    /// <returns>Rows copied.</returns>
    /// <exception cref="TaskFailedException">More were refused than may be.</exception>
    internal async ValueTask<long> AllButRejectedAsync(CsvReader reader, int fields, Uri source, LoadQuarantine rejects, CancellationToken cancellationToken)
    {
        var (copied, bytes) = (0L, 0L);
        var batch = new List<(long Record, byte[] Line)>(Together);
        while (await reader.ReadAsync(cancellationToken))
        {
            if (reader.FieldCount != fields)
            {
                await rejects.AddAsync(source, reader.Record, $"it has {reader.FieldCount} fields, and there are {fields} columns", Encoding.UTF8.GetString(reader.Line), cancellationToken);
                continue;
            }

            batch.Add((reader.Record, reader.Line));
            bytes += reader.Line.Length;
            if (batch.Count == Together || bytes >= BytesTogether)
            {
                copied += await TryAsync(batch, source, rejects, cancellationToken);
                batch.Clear();
                bytes = 0;
            }
        }

        return copied + (batch.Count == 0 ? 0 : await TryAsync(batch, source, rejects, cancellationToken));
    }

    private async ValueTask<long> TryAsync(List<(long Record, byte[] Line)> records, Uri source, LoadQuarantine rejects, CancellationToken cancellationToken)
    {
        await session.ExecuteAsync("SAVEPOINT sluice_batch", cancellationToken);
        try
        {
            await using (var copying = (NpgsqlCopyTextWriter)await session.Connection.BeginTextImportAsync(_statement, cancellationToken))
            {
                foreach (var (_, line) in records)
                {
                    await copying.BaseStream.WriteAsync(line, cancellationToken);
                    await copying.BaseStream.WriteAsync(LineEnd, cancellationToken);
                }
            }

            await session.ExecuteAsync("RELEASE SAVEPOINT sluice_batch", cancellationToken);
            return records.Count;
        }
        catch (PostgresException e) when (e.SqlState.StartsWith("22", StringComparison.Ordinal) || e.SqlState.StartsWith("23", StringComparison.Ordinal))
        {
            // Classes 22 and 23: the data is at fault (PostgreSQL, Appendix A).
            await session.ExecuteAsync("ROLLBACK TO SAVEPOINT sluice_batch; RELEASE SAVEPOINT sluice_batch", cancellationToken);
            if (records.Count == 1)
            {
                await rejects.AddAsync(source, records[0].Record, Reason(e), Encoding.UTF8.GetString(records[0].Line), cancellationToken);
                return 0;
            }

            var half = records.Count / 2;
            return await TryAsync(records[..half], source, rejects, cancellationToken) + await TryAsync(records[half..], source, rejects, cancellationToken);
        }
    }

    private static string Reason(PostgresException e) => e.ColumnName is { Length: > 0 } column ? $"column {column}: {e.MessageText}" : e.MessageText;

    // COPY tells the count in its command tag, which the driver keeps to itself; the server's own statistics of this transaction have it too.
    private async ValueTask<long> InsertedAsync(CancellationToken cancellationToken)
    {
        await using var command = session.Command(Inserted, new Dictionary<string, object?> { ["name"] = into });
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static async ValueTask CancelAsync(NpgsqlCopyTextWriter copying)
    {
        try
        {
            await copying.CancelAsync();
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException or IOException or OperationCanceledException)
        {
            // The session is broken; the first error says why.
        }
    }
}
