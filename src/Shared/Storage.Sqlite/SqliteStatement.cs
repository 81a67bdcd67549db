using Microsoft.Data.Sqlite;
using Sluice.Storage.Sql;

namespace Sluice.Storage.Sqlite;

/// <summary>A statement that is prepared once and run often. Parameters are <c>$1</c>, <c>$2</c>, ...; not safe for concurrent use.</summary>
internal sealed class SqliteStatement : IDisposable
{
    private readonly SqliteCommand _command;
    private readonly SqliteParameter[] _parameters;

    public SqliteStatement(SqliteConnection connection, string sql, int parameters = 0)
    {
        _command = connection.CreateCommand();
#pragma warning disable CA2100 // Every text comes from this assembly's constants and table descriptions; values are parameters.
        _command.CommandText = sql;
#pragma warning restore CA2100
        _parameters = new SqliteParameter[parameters];
        for (var i = 0; i < parameters; i++)
        {
            _parameters[i] = _command.CreateParameter();
            _parameters[i].ParameterName = $"${i + 1}";
            _parameters[i].Value = DBNull.Value;
            _command.Parameters.Add(_parameters[i]);
        }
    }

    /// <summary>Sets parameter <paramref name="index"/>, from 0.</summary>
    public SqliteStatement With(int index, object? value)
    {
        _parameters[index].Value = value switch
        {
            null => DBNull.Value,
            string text => StorableText.Clean(text),
            DateTimeOffset time => StoredTime.ToMicroseconds(time),
            _ => value,
        };
        return this;
    }

    public int Execute() => _command.ExecuteNonQuery();

    /// <summary>First column of the first row; null when there is no row or it is NULL.</summary>
    public object? Scalar() => _command.ExecuteScalar() is { } value and not DBNull ? value : null;

    /// <param name="transaction">The one that the connection is in, when it was begun by the driver.</param>
    public SqliteDataReader Read(SqliteTransaction? transaction = null)
    {
        _command.Transaction = transaction;
        return _command.ExecuteReader();
    }

    public void Dispose() => _command.Dispose();
}
