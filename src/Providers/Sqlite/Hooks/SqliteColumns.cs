using Microsoft.Data.Sqlite;
using Sluice.Authoring.Hooks;
using SQLitePCL;

namespace Sluice.Providers.Sqlite.Hooks;

/// <summary>What columns of SQLite hold, by their declared type.</summary>
internal static class SqliteColumns
{
    internal static SqlColumn[] Of(SqliteDataReader reader)
    {
        var columns = new SqlColumn[reader.FieldCount];
        for (var i = 0; i < columns.Length; i++)
        {
            var type = raw.sqlite3_column_decltype(reader.Handle, i).utf8_to_string() ?? "";
            columns[i] = new(reader.GetName(i), type, KindOf(type));
        }

        return columns;
    }

    /// <summary>Follows "Determination Of Column Affinity" (SQLite, Datatypes, 3.1), after the types of dates and truth that it has no affinity for.</summary>
    internal static SqlColumnKind KindOf(string declaredType) => declaredType.ToUpperInvariant() switch
    {
        var type when type.Contains("BOOL", StringComparison.Ordinal) => SqlColumnKind.Boolean,
        var type when type.StartsWith("DATETIME", StringComparison.Ordinal) || type.StartsWith("TIMESTAMP", StringComparison.Ordinal) => SqlColumnKind.Timestamp,
        "DATE" => SqlColumnKind.Date,
        "TIME" => SqlColumnKind.Time,
        var type when type.Contains("INT", StringComparison.Ordinal) => SqlColumnKind.Integer,
        var type when type.Contains("CHAR", StringComparison.Ordinal) || type.Contains("CLOB", StringComparison.Ordinal)
            || type.Contains("TEXT", StringComparison.Ordinal) => SqlColumnKind.Text,
        var type when type.Contains("BLOB", StringComparison.Ordinal) => SqlColumnKind.Binary,
        var type when type.Contains("REAL", StringComparison.Ordinal) || type.Contains("FLOA", StringComparison.Ordinal)
            || type.Contains("DOUB", StringComparison.Ordinal) => SqlColumnKind.Float,
        var type when type.Contains("DEC", StringComparison.Ordinal) || type.Contains("NUM", StringComparison.Ordinal) => SqlColumnKind.Decimal,
        _ => SqlColumnKind.Text,
    };
}
