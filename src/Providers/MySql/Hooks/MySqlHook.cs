using Sluice.Core.Connections;
using Sluice.Authoring.Hooks;
using Sluice.Providers.MySql.Sessions;

namespace Sluice.Providers.MySql.Hooks;

/// <summary>A session with MySQL or MariaDB through libmariadb. The blocking calls of the library run on threads of their own.</summary>
/// <remarks>
/// A date that exists in MySQL only (0000-00-00, 2021-00-15) is read as NULL; the connection's <c>zero_dates</c> may say <c>text</c> or <c>error</c>.
/// A TIMESTAMP is read and written in UTC, whatever the server's zone; the connection's <c>time_zone</c> may say another, or <c>server</c>.
/// A TIME may be negative or beyond 24 hours and is written as MySQL gives it. An extract writes a FLOAT as the shortest text that gives the same four
/// bytes back; elsewhere it has the six digits that MySQL shows. BIT is written as a whole number. Without parameters <c>@name</c> is a user variable of MySQL.
/// </remarks>
/// <param name="connection">Type mysql or mariadb. Extras: connect_timeout and read_timeout in seconds (default: 10 and none), socket, ssl_mode
/// (disabled, preferred, required, verify_identity; default: preferred), ssl_ca, ssl_cert, ssl_key (PEM files), ssl_verify, time_zone, zero_dates.</param>
public sealed class MySqlHook(Connection connection) : ISnapshotHook, IDescribingHook
{
    // How long writers that are at work may keep the snapshot waiting.
    private const int LockWaitSeconds = 30;

    private MySqlSession? _session;
    private bool _isSnapshot;

    /// <inheritdoc/>
    public string Dialect => "mysql";

    /// <inheritdoc/>
    public ValueTask<long> ExecuteAsync(string sql, IReadOnlyDictionary<string, object?>? parameters, CancellationToken cancellationToken) =>
        RunAsync(
            session =>
            {
                session.Query(MySqlText.Bind(session, sql, parameters).Span, several: true);
                var affected = -1L;
                do
                {
                    using var rows = session.UseResult();
                    affected = rows is null ? session.AffectedRows : -1;
                }
                while (session.NextResult());
                return affected;
            },
            cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<IReadOnlyList<object?>>> QueryAsync(
        string sql, IReadOnlyDictionary<string, object?>? parameters, int limit, CancellationToken cancellationToken) =>
        RunAsync<IReadOnlyList<IReadOnlyList<object?>>>(session => Query(session, sql, parameters, limit), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<long> ExtractAsync(
        string sql, IReadOnlyDictionary<string, object?>? parameters, IRowSink sink, CancellationToken cancellationToken) =>
        RunAsync(
            session =>
            {
                using var rows = ExactRows.Of(session, MySqlText.Bind(session, sql, parameters).Span);
                var count = new MySqlExtract(rows, sink, session.Settings.ZeroDates).Run(cancellationToken);
                rows.Dispose();
                SkipResults(session);
                return count;
            },
            cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<QueryOrigins?> DescribeAsync(string sql, IReadOnlyDictionary<string, object?>? parameters, CancellationToken cancellationToken)
    {
        await using var asking = new MySqlHook(connection);
        return await asking.RunAsync(session => new MySqlOrigins(session).Find(sql, parameters), cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_session is { } session)
        {
            _session = null;
            await Blocking.RunAsync(() =>
            {
                session.Dispose();
                return true;
            }).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Several readers: for an instant the table is locked against writes (the right LOCK TABLES), without a table all are (RELOAD), while each
    /// session takes its snapshot. Tables of InnoDB only; others have no snapshots.
    /// </remarks>
    public async ValueTask<SqlSnapshot> OpenSnapshotAsync(int readers, string? schema, string? table, CancellationToken cancellationToken)
    {
        var snapshot = new SqlSnapshot([.. Enumerable.Range(0, readers).Select(_ => new MySqlHook(connection))]);
        try
        {
            await using var locking = readers > 1 ? await LockAsync(schema, table, cancellationToken) : null;
            foreach (MySqlHook session in snapshot.Sessions)
            {
                await session.ExecuteAsync(
                    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ; START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", null, cancellationToken);
                session._isSnapshot = true;
            }

            return snapshot;
        }
        catch
        {
            await snapshot.DisposeAsync();
            throw;
        }
    }

    // The lock ends with its session.
    private async ValueTask<MySqlHook> LockAsync(string? schema, string? table, CancellationToken cancellationToken)
    {
        var locking = new MySqlHook(connection);
        try
        {
            var statement = table is null ? "FLUSH TABLES WITH READ LOCK" : $"LOCK TABLES {SqlNames.Quote(schema, table, Dialect)} READ";
            await locking.ExecuteAsync($"SET SESSION lock_wait_timeout = {LockWaitSeconds}; {statement}", null, cancellationToken);
            return locking;
        }
        catch (SqlHookException e)
        {
            await locking.DisposeAsync();
            throw new SqlHookException(
                $"Several readers of one moment need a short lock, which MySQL refused: {e.Message} "
                + (table is null ? "Grant RELOAD, name a Table instead of a Query, or use one reader." : "Grant LOCK TABLES, or use one reader."),
                e.IsTransient,
                e);
        }
    }

    private static List<IReadOnlyList<object?>> Query(
        MySqlSession session, string sql, IReadOnlyDictionary<string, object?>? parameters, int limit)
    {
        session.Query(MySqlText.Bind(session, sql, parameters).Span);
        var found = new List<IReadOnlyList<object?>>();
        using (var rows = session.UseResult())
        {
            while (rows is not null && found.Count < limit && rows.Read())
            {
                var row = new object?[rows.Columns.Length];
                for (var i = 0; i < row.Length; i++)
                {
                    row[i] = rows.IsNull(i) ? null : MySqlValue.Decode(rows.Columns[i], rows.Value(i), session.Settings.ZeroDates);
                }

                found.Add(row);
            }
        }

        if (!session.IsBroken)
        {
            SkipResults(session);
        }

        return found;
    }

    // A CALL ends with an answer of its own.
    private static void SkipResults(MySqlSession session)
    {
        while (session.NextResult())
        {
            session.UseResult()?.Dispose();
        }
    }

    private async ValueTask<T> RunAsync<T>(Func<MySqlSession, T> calls, CancellationToken cancellationToken)
    {
        if (_isSnapshot && _session is null)
        {
            // Another session would see another moment.
            throw new SqlHookException("The connection that held the snapshot was lost.", isTransient: true);
        }

        try
        {
            _session ??= await Blocking.OpenAsync(MySqlSettings.From(connection), cancellationToken).ConfigureAwait(false);
            var session = _session;
            return await Blocking.RunAsync(() => MySqlInterrupt.Run(session, () => calls(session), cancellationToken)).ConfigureAwait(false);
        }
        catch (MySqlException error)
        {
            throw new SqlHookException(error.Message, error.IsTransient, error);
        }
        catch (FormatException error)
        {
            throw new SqlHookException(error.Message, isTransient: false, error);
        }
        finally
        {
            if (_session is { IsBroken: true } broken)
            {
                // The next statement gets a new session.
                _session = null;
                broken.Dispose();
            }
        }
    }
}
