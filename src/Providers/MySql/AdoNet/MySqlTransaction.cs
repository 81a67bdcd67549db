using System.Data;
using System.Data.Common;

namespace Sluice.Providers.MySql.AdoNet;

/// <summary>A transaction; rolled back when disposed without <see cref="Commit"/>.</summary>
public sealed class MySqlTransaction : DbTransaction
{
    private readonly MySqlConnection _connection;

    internal MySqlTransaction(MySqlConnection connection, IsolationLevel isolationLevel)
    {
        _connection = connection;
        IsolationLevel = isolationLevel;
    }

    /// <inheritdoc/>
    public override IsolationLevel IsolationLevel { get; }

    /// <inheritdoc/>
    protected override DbConnection DbConnection => _connection;

    /// <inheritdoc/>
    public override void Commit() => End("COMMIT");

    /// <inheritdoc/>
    public override void Rollback() => End("ROLLBACK");

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // A broken connection has rolled back by itself.
        if (disposing && _connection.Transaction == this && _connection.State == ConnectionState.Open)
        {
            Rollback();
        }

        base.Dispose(disposing);
    }

    private void End(string sql)
    {
        if (_connection.Transaction != this)
        {
            throw new InvalidOperationException("The transaction has ended already.");
        }

        _connection.Transaction = null;
        _connection.Send(sql);
    }
}
