using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Sluice.Storage.Sql;

namespace Sluice.Storage.Sqlite;

/// <summary>One connection that writes, under a lock, and a few that read. Everything runs on the calling thread and completes before it returns.</summary>
internal sealed class SqliteDatabase : ISqlDatabase, IDisposable
{
    private readonly Lock _writing = new();
    private readonly SqliteConnection _writer;
    private readonly Dictionary<string, SqliteStatement> _statements = new(StringComparer.Ordinal);
    private readonly ConcurrentBag<SqliteConnection> _readers = [];
    private readonly string? _file; // null in memory, where a second connection would see another database
    private bool _disposed;

    private SqliteDatabase(string? file)
    {
        _file = file;
        _writer = Open(readOnly: false);
    }

    /// <summary>For messages.</summary>
    public string Name => _file ?? "in memory";

    /// <param name="file">Null for a database in memory.</param>
    /// <exception cref="StoreException">The file cannot be opened or is no database.</exception>
    public static SqliteDatabase Open(string? file)
    {
        try
        {
            return new SqliteDatabase(file);
        }
        catch (SqliteException error)
        {
            throw SqliteErrors.Explain(error, file ?? "in memory");
        }
    }

    /// <summary>Runs in one transaction that holds the write lock from its beginning; an exception rolls everything back.</summary>
    public T Write<T>(Func<T> work)
    {
        lock (_writing)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            try
            {
                Statement("BEGIN IMMEDIATE").Execute();
                try
                {
                    var result = work();
                    Statement("COMMIT").Execute();
                    return result;
                }
                catch
                {
                    RollBack();
                    throw;
                }
            }
            catch (SqliteException error)
            {
                throw SqliteErrors.Explain(error, Name);
            }
        }
    }

    /// <summary>A prepared statement of the writer. Only inside <see cref="Write{T}"/>.</summary>
    public SqliteStatement Statement(string sql, int parameters = 0)
    {
        if (!_statements.TryGetValue(sql, out var statement))
        {
            _statements.Add(sql, statement = new SqliteStatement(_writer, sql, parameters));
        }

        return statement;
    }

    /// <summary>Runs with a connection that sees one committed state.</summary>
    public T Read<T>(Func<SqliteConnection, T> work)
    {
        try
        {
            if (_file is null)
            {
                lock (_writing)
                {
                    ObjectDisposedException.ThrowIf(_disposed, this);
                    return work(_writer);
                }
            }

            using var reader = Borrow();
            return work(reader.Connection);
        }
        catch (SqliteException error)
        {
            throw SqliteErrors.Explain(error, Name);
        }
    }

    /// <summary>A connection to read with, given back when disposed. Not in memory.</summary>
    public Borrowed Borrow()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new(this, _readers.TryTake(out var connection) ? connection : Open(readOnly: true));
    }

    public bool IsInMemory => _file is null;

    ValueTask<int> ISqlDatabase.ExecuteAsync(string sql, object?[] values, CancellationToken cancellationToken) => Done(() => Write(() =>
    {
        var statement = Statement(sql, values.Length);
        for (var i = 0; i < values.Length; i++)
        {
            statement.With(i, values[i]);
        }

        return statement.Execute();
    }), cancellationToken);

    ValueTask<List<T>> ISqlDatabase.QueryAsync<T>(string sql, object?[] values, Func<SqlRow, T> read, CancellationToken cancellationToken) =>
        Done(() => Read(connection =>
        {
            using var statement = new SqliteStatement(connection, sql, values.Length);
            for (var i = 0; i < values.Length; i++)
            {
                statement.With(i, values[i]);
            }

            using var reader = statement.Read();
            var row = new SqlRow(reader, timesAreNumbers: true);
            var rows = new List<T>();
            while (reader.Read())
            {
                rows.Add(read(row));
            }

            return rows;
        }), cancellationToken);

    /// <summary>The result of something that has run, or its exception, as a completed task.</summary>
    public static ValueTask<T> Done<T>(Func<T> work, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<T>(cancellationToken);
        }

        try
        {
            return ValueTask.FromResult(work());
        }
        catch (Exception error)
        {
            return ValueTask.FromException<T>(error);
        }
    }

    public void Dispose()
    {
        lock (_writing)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            foreach (var statement in _statements.Values)
            {
                statement.Dispose();
            }

            while (_readers.TryTake(out var reader))
            {
                reader.Dispose();
            }

            // Last: closing the last connection folds the write-ahead log into the database.
            _writer.Dispose();
        }
    }

    private void RollBack()
    {
        try
        {
            Statement("ROLLBACK").Execute();
        }
        catch (SqliteException)
        {
            // SQLite has rolled back by itself (disk full, I/O error); the first error is the one to report.
        }
    }

    private SqliteConnection Open(bool readOnly)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = _file ?? ":memory:",
            Mode = _file is null ? SqliteOpenMode.Memory : SqliteOpenMode.ReadWriteCreate,
            Pooling = false, // we keep our own
            DefaultTimeout = 5, // seconds that a statement waits for another process's lock
        }.ConnectionString);
        try
        {
            connection.Open();
            using var pragmas = connection.CreateCommand();
            pragmas.CommandText = readOnly
                ? "PRAGMA busy_timeout = 5000; PRAGMA query_only = 1"
                : "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000";
            pragmas.ExecuteNonQuery();
            pragmas.CommandText = "SELECT count(*) FROM sqlite_master"; // reads the file: one that is no database is found out here
            pragmas.ExecuteScalar();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>A connection on loan.</summary>
    internal readonly struct Borrowed(SqliteDatabase owner, SqliteConnection connection) : IDisposable
    {
        public SqliteConnection Connection => connection;

        public void Dispose()
        {
            if (owner._disposed)
            {
                connection.Dispose();
            }
            else
            {
                owner._readers.Add(connection);
            }
        }
    }
}
