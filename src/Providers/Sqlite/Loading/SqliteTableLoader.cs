using Sluice.Core.Connections;
using Sluice.Authoring.Hooks;
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
        var session = _session ??= await SqliteSession.OpenAsync(connection, cancellationToken);
        return await session.RunAsync(
            async () =>
            {
                // Takes the write lock at once: a later upgrade could meet another writer and fail.
                session.Execute("BEGIN IMMEDIATE");
                try
                {
                    var table = SqliteTable.Describe(session, load.Schema, load.Table);
                    var result = load.Method == LoadMethod.Upsert
                        ? await new SqliteUpsert(session, table, load).RunAsync(cancellationToken)
                        : await InsertAsync(session, table, load, cancellationToken);
                    session.Execute("COMMIT");
                    return result;
                }
                catch
                {
                    SQLitePCL.raw.sqlite3_exec(session.Handle, "ROLLBACK"); // fails only where SQLite has rolled back by itself
                    throw;
                }
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _session?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static async ValueTask<LoadResult> InsertAsync(SqliteSession session, SqliteTable table, TableLoad load, CancellationToken cancellationToken)
    {
        if (load.Method == LoadMethod.Replace)
        {
            session.Execute($"DELETE FROM {table.Name}");
        }

        long loaded = 0;
        foreach (var source in load.Objects)
        {
            loaded += await SqliteInsert.InsertAllAsync(session, table, load, source, _ => table.Name, cancellationToken);
        }

        return new(loaded, loaded);
    }
}
