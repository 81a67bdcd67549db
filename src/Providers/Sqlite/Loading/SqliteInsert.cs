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
    private readonly SqlColumnKind[] _kinds;

    private SqliteInsert(SqliteSession session, string into, IReadOnlyList<SqliteTableColumn> columns)
    {
        _session = session;
        _kinds = [.. columns.Select(column => column.Kind)];
        var sql = $"INSERT INTO {into} ({SqlNames.Join(columns.Select(c => c.Name))}) VALUES ({string.Join(", ", columns.Select(_ => "?"))})";
        session.Check(raw.sqlite3_prepare_v2(session.Handle, sql, out _statement));
    }

    /// <summary>Inserts all records of one object.</summary>
    /// <param name="session">In a transaction.</param>
    /// <param name="table">Whose columns the object has.</param>
    /// <param name="load">What is loaded.</param>
    /// <param name="source">The object.</param>
    /// <param name="target">Says into which table, when the object's columns are known.</param>
    /// <param name="cancellationToken">Ends it between two rows.</param>
    /// <returns>How many records there were.</returns>
    internal static async ValueTask<long> InsertAllAsync(
        SqliteSession session, SqliteTable table, TableLoad load, Uri source, Func<IReadOnlyList<string>, string> target, CancellationToken cancellationToken)
    {
        await using var reader = new CsvReader(await load.Store.OpenReadAsync(source, cancellationToken), load.Format);
        if (await LoadColumns.ReadAsync(reader, load, [.. table.Columns.Select(c => c.Name)], cancellationToken) is not { } names)
        {
            return 0;
        }

        using var insert = new SqliteInsert(session, target(names), [.. names.Select(name => table.Columns.First(c => c.Name == name))]);
        long rows = 0;
        while (await reader.ReadAsync(cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
            insert.Insert(reader, source);
            rows++;
        }

        load.Log?.Invoke($"Read {rows} rows from {ObjectUri.Text(source)}.");
        return rows;
    }

    /// <exception cref="TaskFailedException">The record has more or fewer fields than there are columns.</exception>
    /// <exception cref="SqlHookException">The database refuses the row.</exception>
    private void Insert(CsvReader record, Uri source)
    {
        if (record.FieldCount != _kinds.Length)
        {
            throw new TaskFailedException(
                $"Record {record.Record} of {ObjectUri.Text(source)} has {record.FieldCount} fields, but there are {_kinds.Length} columns.");
        }

        for (var i = 0; i < _kinds.Length; i++)
        {
            _session.Check(record.IsNull(i) ? raw.sqlite3_bind_null(_statement, i + 1) : Bind(i + 1, _kinds[i], record[i]));
        }

        var code = raw.sqlite3_step(_statement);
        if (code == raw.SQLITE_DONE)
        {
            raw.sqlite3_reset(_statement);
            return;
        }

        // Read before the reset, which would lose the message.
        var refused = new SqliteException(raw.sqlite3_errmsg(_session.Handle).utf8_to_string(), code);
        raw.sqlite3_reset(_statement);
        throw code is raw.SQLITE_CONSTRAINT or raw.SQLITE_MISMATCH
            ? new SqlHookException($"Record {record.Record} of {ObjectUri.Text(source)}: {refused.Message}", isTransient: false, refused)
            : refused;
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
            case SqlColumnKind.Boolean when text.SequenceEqual("true"u8) || text.SequenceEqual("t"u8):
                return raw.sqlite3_bind_int(_statement, position, 1);
            case SqlColumnKind.Boolean when text.SequenceEqual("false"u8) || text.SequenceEqual("f"u8):
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
