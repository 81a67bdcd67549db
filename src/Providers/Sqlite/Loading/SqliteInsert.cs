using System.Globalization;
using Microsoft.Data.Sqlite;
using Sluice.Authoring.Csv;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Providers.Sqlite.Hooks;
using SQLitePCL;

namespace Sluice.Providers.Sqlite.Loading;

/// <summary>One prepared INSERT, fed with the bytes of CSV fields. The column's affinity makes numbers of texts.</summary>
internal sealed class SqliteInsert : IDisposable
{
    private readonly SqliteSession _session;
    private readonly sqlite3_stmt _statement;
    private readonly IReadOnlyList<SqliteTableColumn?> _columns;
    private readonly bool _refusesNull;

    /// <summary>Prepares the statement.</summary>
    /// <param name="session">In a transaction.</param>
    /// <param name="into">The table, quoted.</param>
    /// <param name="columns">Of the records, in their order; null for one that is passed over.</param>
    /// <param name="refusesNull">NULL is refused where the columns do so, as the table into which it goes does not know.</param>
    internal SqliteInsert(SqliteSession session, string into, IReadOnlyList<SqliteTableColumn?> columns, bool refusesNull)
    {
        _session = session;
        _refusesNull = refusesNull;
        _columns = columns;
        var names = columns.OfType<SqliteTableColumn>().Select(column => column.Name).ToList();
        session.Check(raw.sqlite3_prepare_v2(
            session.Handle, $"INSERT INTO {into} ({SqlNames.Join(names)}) VALUES ({string.Join(", ", names.Select(_ => "?"))})", out _statement));
    }

    /// <summary>Inserts one record.</summary>
    /// <returns>Why the table refused it; null when it is in.</returns>
    internal string? TryInsert(CsvReader record)
    {
        if (record.FieldCount != _columns.Count)
        {
            return $"it has {record.FieldCount} fields, but there are {_columns.Count} columns";
        }

        var position = 0;
        for (var i = 0; i < _columns.Count; i++)
        {
            if (_columns[i] is { } column)
            {
                if (_refusesNull && column.NotNull && record.IsNull(i))
                {
                    return $"NULL in the column {column.Name}, which takes none";
                }

                position++;
                _session.Check(record.IsNull(i) ? raw.sqlite3_bind_null(_statement, position) : Bind(position, column.Kind, record[i]));
            }
        }

        var code = raw.sqlite3_step(_statement);
        if (code == raw.SQLITE_DONE)
        {
            raw.sqlite3_reset(_statement);
            return null;
        }

        // Read before the reset, which would lose the message.
        var refused = new SqliteException(raw.sqlite3_errmsg(_session.Handle).utf8_to_string(), code);
        raw.sqlite3_reset(_statement);
        return code is raw.SQLITE_CONSTRAINT or raw.SQLITE_MISMATCH ? refused.Message : throw refused;
    }

    public void Dispose() => _statement.Dispose();

    private int Bind(int position, SqlColumnKind kind, ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
        {
            return raw.sqlite3_bind_text(_statement, position, ""); // an empty span would become NULL
        }

        switch (kind)
        {
            // Most tables of SQLite keep truth in a column of whole numbers, and there the word would stay a text.
            case SqlColumnKind.Boolean or SqlColumnKind.Integer when text.SequenceEqual("true"u8) || (kind == SqlColumnKind.Boolean && text.SequenceEqual("t"u8)):
                return raw.sqlite3_bind_int(_statement, position, 1);
            case SqlColumnKind.Boolean or SqlColumnKind.Integer when text.SequenceEqual("false"u8) || (kind == SqlColumnKind.Boolean && text.SequenceEqual("f"u8)):
                return raw.sqlite3_bind_int(_statement, position, 0);
            case SqlColumnKind.Binary when text.StartsWith("\\x"u8):
                return BindHex(position, text);
            default:
                return raw.sqlite3_bind_text(_statement, position, text);
        }
    }

    private int BindHex(int position, ReadOnlySpan<byte> text)
    {
        var bytes = new byte[(text.Length - 2) / 2];
        if (text.Length % 2 != 0 || Convert.FromHexString(text[2..], bytes, out _, out _) != System.Buffers.OperationStatus.Done)
        {
            return raw.sqlite3_bind_text(_statement, position, text); // text that only looks like it
        }

        return bytes.Length == 0 ? raw.sqlite3_bind_zeroblob(_statement, position, 0) : raw.sqlite3_bind_blob(_statement, position, bytes);
    }
}
