using Sluice.Providers.MySql.Native;

namespace Sluice.Providers.MySql.Sessions;

/// <summary>A prepared statement: its columns are known before it runs, and its rows come in binary, with all of a FLOAT.</summary>
internal sealed unsafe class MySqlStatement : IDisposable
{
    private readonly MySqlSession _session;
    private nint _handle;

    private MySqlStatement(MySqlSession session, nint handle) => (_session, _handle) = (session, handle);

    /// <summary>Columns of its rows; none when it has none, and when nobody knows before it runs (CALL).</summary>
    internal MySqlColumn[] Columns { get; private set; } = [];

    internal static MySqlStatement Prepare(MySqlSession session, nint mysql, ReadOnlySpan<byte> sql)
    {
        var handle = LibMariaDb.mysql_stmt_init(mysql);
        var statement = handle == 0 ? throw session.Error() : new MySqlStatement(session, handle);
        try
        {
            fixed (byte* text = sql)
            {
                statement.Check(LibMariaDb.mysql_stmt_prepare(statement._handle, text, (nuint)sql.Length));
            }

            statement.Columns = statement.ReadColumns();
            return statement;
        }
        catch
        {
            statement.Dispose();
            throw;
        }
    }

    /// <summary>Runs it.</summary>
    /// <returns>Its rows, which close it when they are disposed; null when it has none.</returns>
    internal MySqlRows? Execute()
    {
        Check(LibMariaDb.mysql_stmt_execute(_handle));
        Columns = ReadColumns();
        return Columns.Length == 0 ? null : new MySqlStatementRows(_session, this);
    }

    internal void Bind(MySqlBind* binds) => Check(LibMariaDb.mysql_stmt_bind_result(_handle, binds));

    /// <returns>False at the end, and after an error of the session.</returns>
    internal bool Fetch()
    {
        const int Truncated = 101; // a value is longer than its buffer: whoever wants it asks for it
        const int NoData = 100;
        var answer = LibMariaDb.mysql_stmt_fetch(_handle);
        return answer is 0 or Truncated || (answer == NoData || _session.HasError ? false : throw Error());
    }

    internal void FetchColumn(MySqlBind* into, int column) => Check(LibMariaDb.mysql_stmt_fetch_column(_handle, into, (uint)column, 0));

    public void Dispose()
    {
        if (_handle != 0)
        {
            _ = LibMariaDb.mysql_stmt_close(_handle);
            _handle = 0;
        }
    }

    private MySqlColumn[] ReadColumns()
    {
        var result = LibMariaDb.mysql_stmt_result_metadata(_handle);
        if (result == 0)
        {
            return [];
        }

        try
        {
            return MySqlRows.ReadColumns(result);
        }
        finally
        {
            LibMariaDb.mysql_free_result(result);
        }
    }

    private void Check(int status)
    {
        if (status != 0)
        {
            throw Error();
        }
    }

    // What the server or the wire did is the session's error, too; the rest is the library's own.
    private MySqlException Error() => _session.HasError
        ? _session.Error()
        : new(
            MySqlSession.Text(LibMariaDb.mysql_stmt_error(_handle)),
            (int)LibMariaDb.mysql_stmt_errno(_handle),
            MySqlSession.Text(LibMariaDb.mysql_stmt_sqlstate(_handle)));
}
