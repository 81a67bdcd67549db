using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using Sluice.Storage.Journal;
using Sluice.Storage.Sqlite.ReadModel;

namespace Sluice.Storage.Sqlite.Journal;

/// <summary>Appends complete on the calling thread: a simulation stays deterministic, and a commit waits for the disk and for nothing else.</summary>
internal sealed class SqliteJournal(SqliteDatabase database) : IJournalStore
{
    private const int GroupsPerStep = 1000;

    private readonly SqliteChangeWriter _changes = new(database);

    public ValueTask<long> AppendAsync(long epoch, JournalBatch batch, CancellationToken cancellationToken) =>
        SqliteDatabase.Done(() =>
        {
            var group = new PreparedGroup(batch);
            return database.Write(() => Append(epoch, group));
        }, cancellationToken);

    public async IAsyncEnumerable<RecoveredRecord> RecoverAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        if (database.IsInMemory)
        {
            // The one connection must be free for appends while the caller works through the records.
            foreach (var record in database.Read(connection => Recover(connection).ToList()))
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return record;
            }

            yield break;
        }

        using var reader = database.Borrow();
        using var records = Recover(reader.Connection).GetEnumerator();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                if (!records.MoveNext())
                {
                    yield break;
                }
            }
            catch (SqliteException error)
            {
                throw SqliteErrors.Explain(error, database.Name);
            }

            yield return records.Current;
        }
    }

    // From the oldest on: what is left after an interruption is still a journal that recovers.
    public ValueTask<bool> TruncateAsync(long epoch, long throughSequence, CancellationToken cancellationToken) =>
        SqliteDatabase.Done(() => database.Write(() => Truncate(epoch, throughSequence)), cancellationToken);

    private long Append(long epoch, PreparedGroup group)
    {
        Fence(epoch);
        var sequence = (long)database.Statement("INSERT INTO journal (epoch, ended, payload) VALUES ($1, $2, $3) RETURNING seq", 3)
            .With(0, epoch).With(1, group.Ended).With(2, group.Payload).Scalar()!;
        foreach (var snapshot in group.Snapshots)
        {
            const string Upsert =
                """
                INSERT INTO snapshot (stream, seq, ordinal, payload) VALUES ($1, $2, $3, $4)
                ON CONFLICT (stream) DO UPDATE SET seq = excluded.seq, ordinal = excluded.ordinal, payload = excluded.payload
                """;
            database.Statement(Upsert, 4)
                .With(0, snapshot.Stream).With(1, sequence).With(2, snapshot.EntriesBefore).With(3, snapshot.Payload.ToArray()).Execute();
        }

        foreach (var stream in group.EndedStreams)
        {
            database.Statement("DELETE FROM snapshot WHERE stream = $1", 1).With(0, stream).Execute();
        }

        _changes.Write(group.Changes);
        return sequence;
    }

    /// <returns>True when groups are left to delete.</returns>
    private bool Truncate(long epoch, long throughSequence)
    {
        Fence(epoch);
        var deleted = database.Statement("DELETE FROM journal WHERE seq <= min($1, (SELECT min(seq) FROM journal) + $2 - 1)", 2)
            .With(0, throughSequence).With(1, GroupsPerStep).Execute();
        return deleted > 0 && database.Statement("SELECT EXISTS (SELECT 1 FROM journal WHERE seq <= $1)", 1).With(0, throughSequence).Scalar() is 1L;
    }

    private void Fence(long epoch)
    {
        var current = database.Statement("SELECT epoch FROM lease WHERE name = 'leader'").Scalar() as long? ?? 0;
        if (current != epoch)
        {
            throw new FencedOutException(epoch, current);
        }
    }

    private static IEnumerable<RecoveredRecord> Recover(SqliteConnection connection)
    {
        var living = new LivingStreams();

        // One transaction, so that snapshots and groups belong together; closing the reader's scope ends it.
        using var transaction = connection.BeginTransaction(deferred: true);
        using (var ended = new SqliteStatement(connection, "SELECT seq, ended FROM journal WHERE ended IS NOT NULL ORDER BY seq"))
        using (var reader = ended.Read(transaction))
        {
            while (reader.Read())
            {
                living.Ended(reader.GetInt64(0), reader.GetFieldValue<byte[]>(1));
            }
        }

        using (var snapshots = new SqliteStatement(connection, "SELECT stream, seq, ordinal, payload FROM snapshot ORDER BY seq, ordinal, stream"))
        using (var reader = snapshots.Read(transaction))
        {
            while (reader.Read())
            {
                yield return living.Snapshot(reader.GetString(0), reader.GetInt64(1), reader.GetInt32(2), reader.GetFieldValue<byte[]>(3));
            }
        }

        using (var groups = new SqliteStatement(connection, "SELECT seq, payload FROM journal ORDER BY seq"))
        using (var reader = groups.Read(transaction))
        {
            while (reader.Read())
            {
                foreach (var record in living.Entries(reader.GetInt64(0), reader.GetFieldValue<byte[]>(1)))
                {
                    yield return record;
                }
            }
        }
    }
}
