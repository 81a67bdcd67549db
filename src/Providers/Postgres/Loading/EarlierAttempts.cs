using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Npgsql;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Providers.Postgres.Hooks;

namespace Sluice.Providers.Postgres.Loading;

/// <summary>Ends the sessions in which earlier attempts of a load still are: one that stands still holds locks that nobody else would ever get.</summary>
/// <remarks>
/// Each session says what it loads, and as which attempt, by an advisory lock that ends with it. First it says so, then it looks at the
/// others: of two attempts, however they meet, at least one sees the other.
/// </remarks>
internal static class EarlierAttempts
{
    /// <exception cref="TaskFailedException">A later attempt is at work.</exception>
    internal static async ValueTask EndAsync(PostgresSession session, TableLoad load, CancellationToken cancellationToken)
    {
        var identity = load.Identity!;
        var values = new Dictionary<string, object?> { ["load"] = KeyOf(load), ["attempt"] = identity.Attempt };
        await using (var say = session.Command("SELECT pg_advisory_lock_shared(@load, @attempt)", values))
        {
            await say.ExecuteNonQueryAsync(cancellationToken);
        }

        foreach (var (pid, attempt) in await FindAsync(session, values, cancellationToken))
        {
            if (attempt > identity.Attempt)
            {
                throw new TaskFailedException(
                    $"Attempt {attempt} of this task is loading {load.Table} at this moment; this is attempt {identity.Attempt}, which was held up. Nothing was changed.");
            }

            await EndAsync(session, load, pid, attempt, cancellationToken);
        }
    }

    private static async ValueTask<List<(int Pid, long Attempt)>> FindAsync(PostgresSession session, Dictionary<string, object?> values, CancellationToken cancellationToken)
    {
        // objsubid 2: a lock of two numbers (PostgreSQL, pg_locks).
        await using var find = session.Command(
            "SELECT pid, objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND granted "
            + "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND classid::bigint = @load AND objid::bigint <> @attempt",
            values);
        await using var reader = await find.ExecuteReaderAsync(cancellationToken);
        var found = new List<(int, long)>();
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add((reader.GetInt32(0), reader.GetInt64(1)));
        }

        return found;
    }

    private static async ValueTask EndAsync(PostgresSession session, TableLoad load, int pid, long attempt, CancellationToken cancellationToken)
    {
        try
        {
            await using var end = session.Command("SELECT pg_terminate_backend(@pid)", new Dictionary<string, object?> { ["pid"] = pid });
            await end.ExecuteNonQueryAsync(cancellationToken);
            load.Log?.Invoke($"Attempt {attempt} of this task was still loading {load.Table}; its session {pid} was ended.");
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            load.Log?.Invoke($"Attempt {attempt} of this task is still loading {load.Table}, in session {pid}, which this user may not end: {e.MessageText}. Waiting for it.");
        }
    }

    // A whole number that is not negative: pg_locks shows it as one.
    private static int KeyOf(TableLoad load)
    {
        var identity = load.Identity!;
        var text = string.Join('\0', identity.Dag, identity.Task, identity.IntervalStart.ToString("O"), load.Schema, load.Table, identity.RunKey, identity.MapIndex);
        return BinaryPrimitives.ReadInt32BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text))) & int.MaxValue;
    }
}
