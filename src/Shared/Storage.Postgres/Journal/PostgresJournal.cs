using System.Runtime.CompilerServices;
using Npgsql;
using NpgsqlTypes;
using Sluice.Storage.Journal;
using Sluice.Storage.Postgres.ReadModel;

namespace Sluice.Storage.Postgres.Journal;

/// <summary>
/// One append is one round trip: all its statements go out in one pipeline, which PostgreSQL runs as one transaction and commits at its end,
/// without BEGIN and COMMIT. One connection writes, so appends keep the order of their calls.
/// </summary>
internal sealed class PostgresJournal(PostgresDatabase database) : IJournalStore, IAsyncDisposable
{
    // Keeps transactions short: a long one would hold up the renewal of the lease.
    private const int GroupsPerStep = 1000;

    private readonly SemaphoreSlim _turn = new(1);
    private NpgsqlConnection? _writer;

    public async ValueTask<long> AppendAsync(long epoch, JournalBatch batch, CancellationToken cancellationToken)
    {
        var group = new PreparedGroup(batch);
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            _writer ??= await ConnectWriterAsync(cancellationToken).ConfigureAwait(false);
            return await SendAsync(_writer, epoch, group, cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException error) when (PostgresErrors.IsFenced(error, epoch, out var fenced))
        {
            throw fenced;
        }
        catch (PostgresException error) when (error.SqlState != PostgresErrorCodes.CrashShutdown)
        {
            // The server said no, so the transaction is rolled back.
            throw PostgresErrors.Explain(error, database.Server);
        }
        catch (NpgsqlException error)
        {
            throw new StoreException(
                "journal.outcome_unknown",
                $"The connection to PostgreSQL at {database.Server.Host}:{database.Server.Port} broke during a commit, which may or may not have "
                + "been made. This leader must stop; the next one finds out by recovery.",
                isTransient: false,
                error);
        }
        finally
        {
            if (_writer is { FullState: not System.Data.ConnectionState.Open } broken)
            {
                _writer = null;
                await broken.DisposeAsync().ConfigureAwait(false);
            }

            _turn.Release();
        }
    }

    public async IAsyncEnumerable<RecoveredRecord> RecoverAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var connection = await database.ConnectAsync(cancellationToken).ConfigureAwait(false);
        await using var connectionScope = connection.ConfigureAwait(false);

        // One snapshot of the database, so that the journal's snapshots and groups belong together.
        var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellationToken).ConfigureAwait(false);
        await using var transactionScope = transaction.ConfigureAwait(false);
        var living = new LivingStreams();

        await foreach (var row in RowsAsync(connection, "SELECT seq, ended FROM journal WHERE ended IS NOT NULL", cancellationToken).ConfigureAwait(false))
        {
            living.Ended(row.GetInt64(0), row.GetFieldValue<byte[]>(1));
        }

        const string Snapshots = "SELECT stream, seq, ordinal, payload FROM snapshot ORDER BY seq, ordinal, stream";
        await foreach (var row in RowsAsync(connection, Snapshots, cancellationToken).ConfigureAwait(false))
        {
            yield return living.Snapshot(row.GetString(0), row.GetInt64(1), row.GetInt32(2), row.GetFieldValue<byte[]>(3));
        }

        await foreach (var row in RowsAsync(connection, "SELECT seq, payload FROM journal ORDER BY seq", cancellationToken).ConfigureAwait(false))
        {
            foreach (var record in living.Entries(row.GetInt64(0), row.GetFieldValue<byte[]>(1)))
            {
                yield return record;
            }
        }
    }

    // From the oldest on: what is left after an interruption is still a journal that recovers. Not on the writer: appends go on meanwhile.
    public ValueTask<bool> TruncateAsync(long epoch, long throughSequence, CancellationToken cancellationToken) =>
        database.UseAsync(async connection =>
        {
            var batch = new NpgsqlBatch(connection);
            await using var scope = batch.ConfigureAwait(false);
            batch.BatchCommands.Add(new NpgsqlBatchCommand("SELECT journal_fence($1)") { Parameters = { new() { Value = epoch } } });
            batch.BatchCommands.Add(new NpgsqlBatchCommand(
                "DELETE FROM journal WHERE seq <= least($1, (SELECT seq FROM journal ORDER BY seq LIMIT 1) + $2 - 1)")
            {
                Parameters = { new() { Value = throughSequence }, new() { Value = (long)GroupsPerStep } },
            });
            try
            {
                await batch.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
                return batch.BatchCommands[1].RecordsAffected > 0;
            }
            catch (PostgresException error) when (PostgresErrors.IsFenced(error, epoch, out var fenced))
            {
                throw fenced;
            }
        }, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        if (_writer is not null)
        {
            await _writer.DisposeAsync().ConfigureAwait(false);
            _writer = null;
        }

        _turn.Dispose();
    }

    private async Task<NpgsqlConnection> ConnectWriterAsync(CancellationToken cancellationToken)
    {
        var writer = await database.ConnectAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // If this machine vanishes in the middle of a group, the server must notice in seconds, for the group's locks stand until then.
            const string Watch = "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3";
            var command = new NpgsqlCommand(Watch, writer);
            await using var scope = command.ConfigureAwait(false);
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            return writer;
        }
        catch (Exception error)
        {
            await writer.DisposeAsync().ConfigureAwait(false);
            if (error is NpgsqlException refused)
            {
                throw PostgresErrors.Explain(refused, database.Server);
            }

            throw;
        }
    }

    private static async Task<long> SendAsync(NpgsqlConnection writer, long epoch, PreparedGroup group, CancellationToken cancellationToken)
    {
        var batch = new NpgsqlBatch(writer);
        await using var batchScope = batch.ConfigureAwait(false);
        PostgresChangeWriter.Add(batch, group.Changes);

        // The fence after the rows: it holds as well there, and the lease is locked only for the rest of the transaction.
        batch.BatchCommands.Add(new NpgsqlBatchCommand("SELECT journal_append($1, $2, $3)")
        {
            Parameters =
            {
                new NpgsqlParameter<long> { TypedValue = epoch, NpgsqlDbType = NpgsqlDbType.Bigint },
                new NpgsqlParameter { Value = (object?)group.Ended ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bytea },
                new NpgsqlParameter<byte[]> { TypedValue = group.Payload, NpgsqlDbType = NpgsqlDbType.Bytea },
            },
        });
        AddSnapshots(batch, group);

        var reader = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using var readerScope = reader.ConfigureAwait(false);
        await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        var sequence = reader.GetInt64(0);
        while (await reader.NextResultAsync(cancellationToken).ConfigureAwait(false))
        {
            // To the end: the commit's own error comes last.
        }

        return sequence;
    }

    private static void AddSnapshots(NpgsqlBatch batch, PreparedGroup group)
    {
        if (group.Snapshots.Length > 0)
        {
            const string Upsert =
                """
                INSERT INTO snapshot (stream, seq, ordinal, payload)
                SELECT s, currval('journal_seq_seq'), o, p FROM unnest($1, $2, $3) AS rows (s, o, p)
                ON CONFLICT (stream) DO UPDATE SET seq = excluded.seq, ordinal = excluded.ordinal, payload = excluded.payload
                """;
            batch.BatchCommands.Add(new NpgsqlBatchCommand(Upsert)
            {
                Parameters =
                {
                    new() { Value = group.Snapshots.Select(snapshot => snapshot.Stream).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text },
                    new() { Value = group.Snapshots.Select(snapshot => snapshot.EntriesBefore).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Integer },
                    new() { Value = group.Snapshots.Select(snapshot => snapshot.Payload.ToArray()).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea },
                },
            });
        }

        if (group.EndedStreams.Length > 0)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand("DELETE FROM snapshot WHERE stream = ANY ($1)")
            {
                Parameters = { new() { Value = group.EndedStreams, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text } },
            });
        }
    }

    private async IAsyncEnumerable<NpgsqlDataReader> RowsAsync(
        NpgsqlConnection connection, string sql, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
#pragma warning disable CA2100 // Constants of this class.
        var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        await using var commandScope = command.ConfigureAwait(false);
        NpgsqlDataReader reader;
        try
        {
            reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (NpgsqlException error)
        {
            throw PostgresErrors.Explain(error, database.Server);
        }

        await using var readerScope = reader.ConfigureAwait(false);
        while (true)
        {
            try
            {
                if (!await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    yield break;
                }
            }
            catch (NpgsqlException error)
            {
                throw PostgresErrors.Explain(error, database.Server);
            }

            yield return reader;
        }
    }
}
