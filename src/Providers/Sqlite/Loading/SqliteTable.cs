using Sluice.Authoring.Hooks;
using Sluice.Authoring.Loading;
using Sluice.Authoring.Objects;
using Sluice.Authoring.Operators;
using Sluice.Providers.Sqlite.Hooks;

namespace Sluice.Providers.Sqlite.Loading;

/// <summary>A table as the database describes it.</summary>
/// <param name="Name">Quoted, with its schema.</param>
/// <param name="Columns">Those that can be written, in the table's order.</param>
/// <param name="PrimaryKey">In the key's order; empty when there is none.</param>
internal sealed record SqliteTable(string Name, IReadOnlyList<SqliteTableColumn> Columns, IReadOnlyList<string> PrimaryKey)
{
    /// <exception cref="TaskFailedException">There is no such table.</exception>
    internal static SqliteTable Describe(SqliteSession session, string? schema, string table)
    {
        var found = new List<(SqliteTableColumn Column, int KeyPosition)>();
        using (var command = session.Command(
            "SELECT name, type, pk, \"notnull\" <> 0 AND dflt_value IS NULL FROM pragma_table_xinfo(@table, @schema) WHERE hidden = 0",
            new Dictionary<string, object?> { ["table"] = table, ["schema"] = schema ?? "main" }))
        using (var reader = command.ExecuteReader())
        {
            while (reader.Read())
            {
                found.Add((new(new(reader.GetString(0), reader.GetBoolean(3)), SqliteColumns.KindOf(reader.GetString(1))), reader.GetInt32(2)));
            }
        }

        return found.Count == 0
            ? throw new TaskFailedException($"There is no table '{table}' in the SQLite database {session.Connection.DataSource}; create it first.")
            : new(
                SqlNames.Quote(schema, table, "sqlite"),
                [.. found.Select(f => f.Column)],
                [.. found.Where(f => f.KeyPosition > 0).OrderBy(f => f.KeyPosition).Select(f => f.Column.Name)]);
    }

    /// <summary>Type of a column that a load adds: one with the affinity of the source's values; text where the source is not known.</summary>
    internal static string TypeFor(SqlColumnKind? kind) => kind switch
    {
        SqlColumnKind.Integer => "INTEGER",
        SqlColumnKind.Decimal => "NUMERIC",
        SqlColumnKind.Float => "REAL",
        SqlColumnKind.Boolean => "BOOLEAN",
        SqlColumnKind.Date => "DATE",
        SqlColumnKind.Timestamp => "TIMESTAMP",
        SqlColumnKind.Binary => "BLOB",
        _ => "TEXT",
    };

    /// <summary>What the values of a column of the objects are; null where the manifest does not say.</summary>
    internal static SqlColumnKind? KindIn(ObjectManifest? manifest, string column) =>
        manifest?.Meta?.Sluice?.Columns.FirstOrDefault(one => string.Equals(one.Name, column, StringComparison.OrdinalIgnoreCase))?.Kind;
}

/// <summary>A column that can be written.</summary>
internal sealed record SqliteTableColumn(TargetColumn Target, SqlColumnKind Kind)
{
    internal string Name => Target.Name;
}
