using Sluice.Authoring.Hooks;
using Sluice.Authoring.Loading;
using Sluice.Core.Connections;
using Sluice.Providers.Sqlite.Hooks;

namespace Sluice.Providers.Sqlite.Loading;

/// <summary>Loads CSV objects into a SQLite table, in one transaction.</summary>
/// <param name="connection">Names the file.</param>
public sealed class SqliteTableLoader(Connection connection) : ITableLoader
{
    private SqliteSession? _session;

    /// <inheritdoc/>
    public async ValueTask<LoadResult> LoadAsync(TableLoad load, CancellationToken cancellationToken)
    {
        load = await load.WhenWholeAsync(cancellationToken); // others may write to the file until then
        var session = _session ??= await SqliteSession.OpenAsync(connection, cancellationToken);
        var content = load.Identity is null || load.DryRun ? null : await LoadContent.OfAsync(load, cancellationToken);
        return await LoadQuarantine.RunAsync(
            load, rejects => session.RunAsync(() => InTransactionAsync(session, load, content, rejects, cancellationToken), cancellationToken));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _session?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static async ValueTask<LoadResult> InTransactionAsync(
        SqliteSession session, TableLoad load, string? content, LoadQuarantine? rejects, CancellationToken cancellationToken)
    {
        // Takes the write lock at once: a later upgrade could meet another writer and fail.
        session.Execute("BEGIN IMMEDIATE");
        try
        {
            var ledger = content is null ? null : new SqliteLedger(session, load, content);
            if (ledger?.Find() is { } rows)
            {
                load.Log?.Invoke($"These objects were appended to {load.Table} already: {rows} rows. Nothing is loaded again.");
                RollBack(session);
                return new(rows, rows);
            }

            var table = SqliteTable.Describe(session, load.Schema, load.Table);
            var result = await new SqliteLoad(session, table, load, rejects).RunAsync(cancellationToken);
            ledger?.Remember(result);
            if (load.DryRun)
            {
                RollBack(session);
                return result;
            }

            await (rejects?.PublishAsync(cancellationToken) ?? ValueTask.CompletedTask);
            session.Execute("COMMIT");
            return result;
        }
        catch
        {
            RollBack(session);
            throw;
        }
    }

    // Fails only where SQLite has rolled back by itself.
    private static void RollBack(SqliteSession session) => SQLitePCL.raw.sqlite3_exec(session.Handle, "ROLLBACK");
}
