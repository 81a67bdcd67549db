using System.Collections;
using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Sluice.Providers.MySql.Sessions;

namespace Sluice.Providers.MySql.AdoNet;

/// <summary>Rows as they come from the server; only one is in memory at a time. Closing it early stops the query.</summary>
/// <remarks>Types: see <see cref="GetFieldType"/>; zero dates are NULL; decimals of more than 28 digits and texts are strings.</remarks>
[SuppressMessage("Design", "CA1010", Justification = "ADO.NET fixes what its collections implement.")]
public sealed class MySqlDataReader : DbDataReader
{
    private readonly MySqlConnection _connection;
    private readonly MySqlSession _session;
    private readonly CommandBehavior _behavior;
    private MySqlRows? _rows;
    private object?[] _row = [];
    private bool _hasRow;
    private bool _peeked;
    private bool _closed;
    private long _affected = -1;

    internal MySqlDataReader(MySqlConnection connection, MySqlSession session, CommandBehavior behavior)
    {
        _connection = connection;
        _session = session;
        _behavior = behavior;
        MoveToRows();
    }

    /// <inheritdoc/>
    public override int Depth => 0;

    /// <inheritdoc/>
    public override int FieldCount => _rows?.Columns.Length ?? 0;

    /// <inheritdoc/>
    public override bool HasRows
    {
        get
        {
            if (!_hasRow && !_peeked)
            {
                _hasRow = Fetch();
                _peeked = _hasRow;
            }

            return _hasRow;
        }
    }

    /// <inheritdoc/>
    public override bool IsClosed => _closed;

    /// <inheritdoc/>
    public override int RecordsAffected => (int)Math.Min(_affected, int.MaxValue);

    /// <inheritdoc/>
    public override object this[int ordinal] => GetValue(ordinal);

    /// <inheritdoc/>
    public override object this[string name] => GetValue(GetOrdinal(name));

    /// <inheritdoc/>
    public override bool Read()
    {
        if (_peeked)
        {
            _peeked = false;
            return true;
        }

        return _hasRow = Fetch();
    }

    /// <inheritdoc/>
    public override Task<bool> ReadAsync(CancellationToken cancellationToken) =>
        Task.Run(() => MySqlInterrupt.Run(_session, Read, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public override bool NextResult()
    {
        DropRows();
        return !_session.IsBroken && _session.NextResult() && MoveToRows();
    }

    /// <inheritdoc/>
    public override void Close()
    {
        if (_closed)
        {
            return;
        }

        _closed = true;
        try
        {
            DropRows();
            while (!_session.IsBroken && _session.NextResult())
            {
                _session.UseResult()?.Dispose();
            }
        }
        catch (MySqlException)
        {
            // A later statement of the same command failed, which nobody asked about.
        }

        _connection.ActiveReader = null;
        if (_behavior.HasFlag(CommandBehavior.CloseConnection))
        {
            _connection.Close();
        }
    }

    /// <inheritdoc/>
    public override string GetName(int ordinal) => Column(ordinal).Name;

    /// <inheritdoc/>
    public override string GetDataTypeName(int ordinal) => Column(ordinal).TypeName;

    /// <inheritdoc/>
    public override Type GetFieldType(int ordinal) => Column(ordinal).ClrType;

    /// <inheritdoc/>
    public override int GetOrdinal(string name)
    {
        var columns = _rows?.Columns ?? [];
        var exact = Array.FindIndex(columns, column => column.Name == name);
        var index = exact >= 0 ? exact : Array.FindIndex(columns, column => column.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        return index >= 0 ? index : throw new ArgumentOutOfRangeException(nameof(name), $"The result has no column '{name}'.");
    }

    /// <inheritdoc/>
    public override object GetValue(int ordinal)
    {
        if (!_hasRow || _peeked)
        {
            throw new InvalidOperationException("There is no row: call Read first.");
        }

        return _row[ordinal] ?? DBNull.Value;
    }

    /// <inheritdoc/>
    public override int GetValues(object[] values)
    {
        var count = Math.Min(values.Length, FieldCount);
        for (var i = 0; i < count; i++)
        {
            values[i] = GetValue(i);
        }

        return count;
    }

    /// <inheritdoc/>
    public override bool IsDBNull(int ordinal) => GetValue(ordinal) is DBNull;

    /// <inheritdoc/>
    public override bool GetBoolean(int ordinal) => Convert.ToBoolean(GetValue(ordinal), CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public override byte GetByte(int ordinal) => Convert.ToByte(GetValue(ordinal), CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public override char GetChar(int ordinal) => GetString(ordinal)[0];

    /// <inheritdoc/>
    public override DateTime GetDateTime(int ordinal) => (DateTime)GetValue(ordinal);

    /// <inheritdoc/>
    public override decimal GetDecimal(int ordinal) => Convert.ToDecimal(GetValue(ordinal), CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public override double GetDouble(int ordinal) => Convert.ToDouble(GetValue(ordinal), CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public override float GetFloat(int ordinal) => Convert.ToSingle(GetValue(ordinal), CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public override Guid GetGuid(int ordinal) => Guid.Parse(GetString(ordinal));

    /// <inheritdoc/>
    public override short GetInt16(int ordinal) => Convert.ToInt16(GetValue(ordinal), CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public override int GetInt32(int ordinal) => Convert.ToInt32(GetValue(ordinal), CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public override long GetInt64(int ordinal) => Convert.ToInt64(GetValue(ordinal), CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public override string GetString(int ordinal) => (string)GetValue(ordinal);

    /// <inheritdoc/>
    public override long GetBytes(int ordinal, long dataOffset, byte[]? buffer, int bufferOffset, int length) =>
        Copy((byte[])GetValue(ordinal), dataOffset, buffer, bufferOffset, length);

    /// <inheritdoc/>
    public override long GetChars(int ordinal, long dataOffset, char[]? buffer, int bufferOffset, int length) =>
        Copy(GetString(ordinal).ToCharArray(), dataOffset, buffer, bufferOffset, length);

    /// <inheritdoc/>
    public override IEnumerator GetEnumerator() => new DbEnumerator(this, closeReader: false);

    private static long Copy<T>(T[] value, long offset, T[]? buffer, int bufferOffset, int length)
    {
        if (buffer is null)
        {
            return value.Length;
        }

        var count = (int)Math.Max(0, Math.Min(length, value.Length - offset));
        Array.Copy(value, offset, buffer, bufferOffset, count);
        return count;
    }

    private bool Fetch()
    {
        if (_rows is null || !_rows.Read())
        {
            return false;
        }

        for (var i = 0; i < _row.Length; i++)
        {
            _row[i] = _rows.IsNull(i) ? null : MySqlValue.Decode(_rows.Columns[i], _rows.Value(i), _session.Settings.ZeroDates);
        }

        return true;
    }

    // Statements without rows stand between those with.
    private bool MoveToRows()
    {
        do
        {
            _rows = _session.UseResult();
            if (_rows is not null)
            {
                _row = new object?[_rows.Columns.Length];
                return true;
            }

            if (_session.AffectedRows >= 0)
            {
                _affected = Math.Max(_affected, 0) + _session.AffectedRows;
            }
        }
        while (_session.NextResult());
        return false;
    }

    private void DropRows()
    {
        _rows?.Dispose();
        _rows = null;
        _row = [];
        _hasRow = false;
        _peeked = false;
    }

    private MySqlColumn Column(int ordinal) => (_rows ?? throw new InvalidOperationException("The statement has no rows.")).Columns[ordinal];
}
