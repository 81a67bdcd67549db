using Npgsql;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Loading;
using Sluice.Authoring.Operators;
using Sluice.Providers.Postgres.Hooks;

namespace Sluice.Providers.Aws.Redshift;

/// <summary>What the target remembers of loads; see <see cref="LoadLedger"/>. Redshift locks tables and no rows: the ledger is locked with the target.</summary>
internal sealed class RedshiftLedger
{
    private readonly ISqlHook _session;
    private readonly TableLoad _load;
    private readonly string _content;

    private RedshiftLedger(ISqlHook session, TableLoad load, string name, string content) => (_session, _load, Name, _content) = (session, load, name, content);

    /// <summary>Quoted, with its schema.</summary>
    internal string Name { get; }

    /// <summary>Finds the ledger, or makes it.</summary>
    /// <exception cref="TaskFailedException">It is not there and may not be made.</exception>
    internal static async ValueTask<RedshiftLedger> OpenAsync(ISqlHook session, TableLoad load, RedshiftTable table, CancellationToken cancellationToken)
    {
        var name = SqlNames.Quote(table.Schema, LoadLedger.Table, PostgresHook.Redshift);
        var find = $"SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = {RedshiftSql.Literal(table.Schema)} AND table_name = {RedshiftSql.Literal(LoadLedger.Table)}";
        if (Convert.ToInt64((await session.QueryAsync(find, null, 1, cancellationToken))[0][0]) == 0)
        {
            await CreateAsync(session, name, cancellationToken);
        }

        return new(session, load, name, await LoadContent.OfAsync(load, cancellationToken));
    }

    /// <summary>Looks this load up.</summary>
    /// <returns>Rows that were appended from the same objects before; null when they are to be loaded.</returns>
    /// <exception cref="TaskFailedException">A later attempt was here, or the interval was appended from other objects.</exception>
    internal async ValueTask<long?> FindAsync(CancellationToken cancellationToken)
    {
        var rows = await _session.QueryAsync(LoadLedger.Select(Name), Values(0), int.MaxValue, cancellationToken);
        return LoadLedger.Decide(
            _load,
            _content,
            [
                .. rows.Select(row => new LedgerEntry(
                    (string)row[0]!, (string)row[1]!, (string)row[2]!, (string)row[3]!, (int)row[4]!, (long)row[5]!, (int)row[6]!, (string)row[7]!, (long)row[8]!, (string)row[9]!,
                    (string)row[10]!)),
            ]);
    }

    internal async ValueTask RememberAsync(LoadResult result, CancellationToken cancellationToken)
    {
        var values = Values(result.RowsInTable);
        await _session.ExecuteAsync(LoadLedger.Delete(Name), values, cancellationToken);
        await _session.ExecuteAsync(LoadLedger.Add(Name), values, cancellationToken);
    }

    private IReadOnlyDictionary<string, object?> Values(long rows) => LoadLedger.Values(_load, _content, rows, DateTimeOffset.UtcNow);

    private static async ValueTask CreateAsync(ISqlHook session, string name, CancellationToken cancellationToken)
    {
        try
        {
            await session.ExecuteAsync(LoadLedger.Create(name), null, cancellationToken);
        }
        catch (SqlHookException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DuplicateTable })
        {
            // Another load has just made it.
        }
        catch (SqlHookException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege })
        {
            throw new TaskFailedException(
                $"Loads are remembered in the table {name}, which is not there, and this user may not create it: {e.Message}. Create it once:\n{LoadLedger.Create(name)};\n"
                + "and grant SELECT, INSERT and DELETE on it; or set Ledger to false.",
                e);
        }
    }
}
