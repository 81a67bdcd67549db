using Npgsql;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Loading;
using Sluice.Authoring.Operators;
using Sluice.Providers.Postgres.Hooks;

namespace Sluice.Providers.Postgres.Loading;

/// <summary>What the target remembers of loads; see <see cref="LoadLedger"/>.</summary>
internal sealed class PostgresLedger
{
    private readonly PostgresSession _session;
    private readonly string _name;

    private PostgresLedger(PostgresSession session, string name) => (_session, _name) = (session, name);

    /// <summary>Finds the ledger, or makes it, and ends what earlier attempts have left behind.</summary>
    /// <exception cref="TaskFailedException">It is not there and may not be made, or a later attempt is at work.</exception>
    internal static async ValueTask<PostgresLedger> OpenAsync(PostgresSession session, TableLoad load, CancellationToken cancellationToken)
    {
        var name = SqlNames.Quote(load.Schema, LoadLedger.Table, PostgresHook.Postgres);
        await using (var find = session.Command("SELECT to_regclass(@name) IS NOT NULL", new Dictionary<string, object?> { ["name"] = name }))
        {
            if (await find.ExecuteScalarAsync(cancellationToken) is false)
            {
                await CreateAsync(session, name, cancellationToken);
            }
        }

        await EarlierAttempts.EndAsync(session, load, cancellationToken);
        return new(session, name);
    }

    /// <summary>Locks this load's row for the transaction, and reads what is remembered.</summary>
    internal async ValueTask<IReadOnlyList<LedgerEntry>> LockAsync(TableLoad load, CancellationToken cancellationToken)
    {
        var values = LoadLedger.Values(load, content: "", rows: 0, DateTimeOffset.UtcNow);
        await using (var insert = _session.Command(LoadLedger.Insert(_name), values))
        {
            await insert.ExecuteNonQueryAsync(cancellationToken);
        }

        await using (var locking = _session.Command(LoadLedger.Lock(_name), values))
        {
            await locking.ExecuteNonQueryAsync(cancellationToken);
        }

        var entries = new List<LedgerEntry>();
        await using var select = _session.Command(LoadLedger.Select(_name), values);
        await using var reader = await select.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            entries.Add(new(
                reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), reader.GetInt32(4), reader.GetInt64(5), reader.GetInt32(6), reader.GetString(7),
                reader.GetInt64(8), reader.GetString(9), reader.GetString(10)));
        }

        return entries;
    }

    internal async ValueTask RememberAsync(TableLoad load, string content, LoadResult result, CancellationToken cancellationToken)
    {
        await using var update = _session.Command(LoadLedger.Update(_name), LoadLedger.Values(load, content, result.RowsInTable, DateTimeOffset.UtcNow));
        await update.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async ValueTask CreateAsync(PostgresSession session, string name, CancellationToken cancellationToken)
    {
        try
        {
            await session.ExecuteAsync(LoadLedger.Create(name), cancellationToken);
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DuplicateTable)
        {
            // Another load has just made it.
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new TaskFailedException(
                $"Loads are remembered in the table {name}, which is not there, and this user may not create it: {e.MessageText}. Create it once:\n{LoadLedger.Create(name)};\n"
                + "and grant SELECT, INSERT and UPDATE on it; or set Ledger to false.",
                e);
        }
    }
}
