using Microsoft.Data.Sqlite;
using Sluice.Core.Connections;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using SQLitePCL;

namespace Sluice.Providers.Sqlite.Hooks;

/// <summary>One open database file.</summary>
internal sealed class SqliteSession : IAsyncDisposable
{
    // How long a statement waits for another writer.
    private const int BusyTimeoutMilliseconds = 30_000;

    private readonly SqliteConnection _connection;

    static SqliteSession() => Batteries_V2.Init();

    private SqliteSession(SqliteConnection connection) => _connection = connection;

    internal SqliteConnection Connection => _connection;

    internal sqlite3 Handle => _connection.Handle!;

    /// <exception cref="TaskFailedException">The connection names no file, or has settings that nobody reads.</exception>
    /// <exception cref="SqlHookException">The file cannot be opened.</exception>
    internal static async ValueTask<SqliteSession> OpenAsync(Connection connection, CancellationToken cancellationToken)
    {
        if (connection.Schema is not { Length: > 0 } path)
        {
            throw new TaskFailedException($"Connection '{connection.Id}' names no database file; write sqlite:///folder/file.db.");
        }

        if (connection.Extra.Count > 0)
        {
            throw new TaskFailedException($"Connection '{connection.Id}': SQLite takes no settings, but there is '{connection.Extra.Keys.First()}'.");
        }

        // Every statement may block on the disk; whoever called goes on.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        cancellationToken.ThrowIfCancellationRequested();
        var opened = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            opened.Open();
            raw.sqlite3_busy_timeout(opened.Handle, BusyTimeoutMilliseconds);
            using var pragma = opened.CreateCommand();
            pragma.CommandText = "PRAGMA journal_mode = WAL";
            pragma.ExecuteNonQuery();
            return new(opened);
        }
        catch (SqliteException e)
        {
            await opened.DisposeAsync();
            throw Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(path)))
                ? Failed(e)
                : new SqlHookException($"The folder of the database file {path} does not exist.", isTransient: false, e);
        }
    }

    /// <summary>Runs work during which cancelling interrupts whatever statement is running.</summary>
    internal async ValueTask<T> RunAsync<T>(Func<ValueTask<T>> work, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await using var interrupt = cancellationToken.Register(() => raw.sqlite3_interrupt(Handle));
        try
        {
            return await work();
        }
        catch (SqliteException e)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw Failed(e);
        }
    }

    internal SqliteCommand Command(string sql, IReadOnlyDictionary<string, object?>? parameters = null)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters ?? new Dictionary<string, object?>())
        {
            command.Parameters.AddWithValue("@" + name, value ?? DBNull.Value);
        }

        return command;
    }

    internal long Execute(string sql)
    {
        using var command = Command(sql);
        return command.ExecuteNonQuery();
    }

    internal void Check(int code) => SqliteException.ThrowExceptionForRC(code, Handle);

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    internal static SqlHookException Failed(SqliteException e) =>
        new(e.Message, isTransient: e.SqliteErrorCode is raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_IOERR, e);
}
