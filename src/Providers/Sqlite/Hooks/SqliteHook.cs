using System.Globalization;
using Microsoft.Data.Sqlite;
using Sluice.Core.Connections;
using Sluice.Authoring.Hooks;
using SQLitePCL;

namespace Sluice.Providers.Sqlite.Hooks;

/// <summary>A SQLite database file: <c>sqlite:///folder/file.db</c>. The file is made when it is missing, and put into WAL mode.</summary>
/// <param name="connection">Names the file.</param>
public sealed class SqliteHook(Connection connection) : ISnapshotHook, IDescribingHook
{
    private SqliteSession? _session;

    /// <inheritdoc/>
    public string Dialect => "sqlite";

    /// <inheritdoc/>
    public async ValueTask<long> ExecuteAsync(string sql, IReadOnlyDictionary<string, object?>? parameters, CancellationToken cancellationToken)
    {
        var session = await OpenAsync(cancellationToken);
        return await session.RunAsync(
            () =>
            {
                using var command = session.Command(sql, parameters);
                var total = raw.sqlite3_total_changes(session.Handle);
                var affected = command.ExecuteNonQuery();
                return ValueTask.FromResult<long>(
                    affected < 0 || raw.sqlite3_total_changes(session.Handle) == total ? Math.Min(affected, 0) : raw.sqlite3_changes(session.Handle));
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<IReadOnlyList<object?>>> QueryAsync(
        string sql, IReadOnlyDictionary<string, object?>? parameters, int limit, CancellationToken cancellationToken)
    {
        var session = await OpenAsync(cancellationToken);
        return await session.RunAsync<IReadOnlyList<IReadOnlyList<object?>>>(
            () =>
            {
                using var command = session.Command(sql, parameters);
                using var reader = command.ExecuteReader();
                var rows = new List<IReadOnlyList<object?>>();
                while (rows.Count < limit && reader.Read())
                {
                    var row = new object?[reader.FieldCount];
                    for (var i = 0; i < row.Length; i++)
                    {
                        row[i] = reader.IsDBNull(i) ? null : reader.GetValue(i);
                    }

                    rows.Add(row);
                }

                return ValueTask.FromResult<IReadOnlyList<IReadOnlyList<object?>>>(rows);
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<long> ExtractAsync(
        string sql, IReadOnlyDictionary<string, object?>? parameters, IRowSink sink, CancellationToken cancellationToken)
    {
        var session = await OpenAsync(cancellationToken);
        return await session.RunAsync(
            async () =>
            {
                using var command = session.Command(sql, parameters);
                using var reader = command.ExecuteReader();
                var columns = SqliteColumns.Of(reader);
                sink.Begin(columns);
                long rows = 0;
                while (reader.Read())
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    SqliteRow.Write(reader.Handle!, columns, sink);
                    rows++;
                    if (sink.EndRow())
                    {
                        await sink.FlushAsync(cancellationToken);
                    }
                }

                await sink.FlushAsync(cancellationToken);
                return rows;
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<QueryOrigins?> DescribeAsync(string sql, IReadOnlyDictionary<string, object?>? parameters, CancellationToken cancellationToken)
    {
        await using var session = await SqliteSession.OpenAsync(connection, cancellationToken);
        return await session.RunAsync(() => ValueTask.FromResult<QueryOrigins?>(SqliteOrigins.Find(session, sql)), cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks>One reader only: a file is read by one core anyway.</remarks>
    public async ValueTask<SqlSnapshot> OpenSnapshotAsync(int readers, string? schema, string? table, CancellationToken cancellationToken)
    {
        if (readers > 1)
        {
            throw new SqlHookException("SQLite is read by one reader; leave Readers at 1.", isTransient: false);
        }

        var snapshot = new SqlSnapshot([new SqliteHook(connection)]);
        try
        {
            await snapshot.Sessions[0].ExecuteAsync("BEGIN", null, cancellationToken);
            return snapshot;
        }
        catch
        {
            await snapshot.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _session?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async ValueTask<SqliteSession> OpenAsync(CancellationToken cancellationToken) =>
        _session ??= await SqliteSession.OpenAsync(connection, cancellationToken);
}
