using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Rows;
using SQLitePCL;

namespace Sluice.Providers.Sqlite.Hooks;

/// <summary>Writes the row on which a statement stands; text goes from SQLite's own memory into the sink.</summary>
internal static class SqliteRow
{
    internal static void Write(sqlite3_stmt statement, SqlColumn[] columns, IRowSink sink)
    {
        Span<byte> number = stackalloc byte[32];
        for (var i = 0; i < columns.Length; i++)
        {
            // A value has the type that it was stored with, whatever the column was declared as.
            switch (raw.sqlite3_column_type(statement, i))
            {
                case raw.SQLITE_NULL:
                    sink.WriteNull();
                    break;
                case raw.SQLITE_INTEGER when columns[i].Kind == SqlColumnKind.Boolean && raw.sqlite3_column_int64(statement, i) is 0 or 1:
                    sink.WriteValue(raw.sqlite3_column_int64(statement, i) == 1 ? "true"u8 : "false"u8);
                    break;
                case raw.SQLITE_INTEGER:
                    Utf8Formatter.TryFormat(raw.sqlite3_column_int64(statement, i), number, out var digits);
                    sink.WriteValue(number[..digits]);
                    break;
                case raw.SQLITE_FLOAT:
                    raw.sqlite3_column_double(statement, i).TryFormat(number, out var length, "R", CultureInfo.InvariantCulture);
                    sink.WriteValue(columns[i].Kind is SqlColumnKind.Decimal or SqlColumnKind.Integer && PlainDigits.Of(number[..length]) is { } plain ? plain : number[..length]);
                    break;
                case raw.SQLITE_BLOB:
                    WriteHex(raw.sqlite3_column_blob(statement, i), sink);
                    break;
                default:
                    raw.sqlite3_column_text(statement, i); // turns the text of a UTF-16 database into UTF-8 in place
                    sink.WriteValue(raw.sqlite3_column_blob(statement, i));
                    break;
            }
        }
    }

    private static void WriteHex(ReadOnlySpan<byte> bytes, IRowSink sink)
    {
        var text = ArrayPool<byte>.Shared.Rent(2 + (2 * bytes.Length));
        "\\x"u8.CopyTo(text);
        Convert.TryToHexStringLower(bytes, text.AsSpan(2), out var written);
        sink.WriteValue(text.AsSpan(0, 2 + written));
        ArrayPool<byte>.Shared.Return(text);
    }
}
