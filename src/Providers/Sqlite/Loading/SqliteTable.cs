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
/// <param name="Dependents">Tables whose rows change or go when rows of this one are deleted, each with what becomes of them.</param>
internal sealed record SqliteTable(string Name, IReadOnlyList<SqliteTableColumn> Columns, IReadOnlyList<string> PrimaryKey, IReadOnlyList<string> Dependents)
{
    // SQLite keeps numbers that are not whole as doubles.
    private const int ExactDigits = 15;

    private const string Children = """
        SELECT DISTINCT m.name || ' (ON DELETE ' || f.on_delete || ')' FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f
        WHERE m.type = 'table' AND f."table" = @table COLLATE NOCASE AND f.on_delete IN ('CASCADE', 'SET NULL', 'SET DEFAULT')
            AND (SELECT foreign_keys FROM pragma_foreign_keys) ORDER BY 1
        """;

    /// <exception cref="TaskFailedException">There is no such table.</exception>
    internal static SqliteTable Describe(SqliteSession session, string? schema, string table)
    {
        var found = new List<(SqliteTableColumn Column, int KeyPosition)>();
        using (var command = session.Command(
            "SELECT name, type, pk, \"notnull\" <> 0 AND dflt_value IS NULL, \"notnull\" <> 0 AND NOT (pk = 1 AND type = 'INTEGER' COLLATE NOCASE) FROM pragma_table_xinfo(@table, @schema) WHERE hidden = 0",
            new Dictionary<string, object?> { ["table"] = table, ["schema"] = schema ?? "main" }))
        using (var reader = command.ExecuteReader())
        {
            while (reader.Read())
            {
                var kind = SqliteColumns.KindOf(reader.GetString(1));
                var type = kind is SqlColumnKind.Integer or SqlColumnKind.Decimal or SqlColumnKind.Float ? TargetColumn.SqliteNumber
                    : kind == SqlColumnKind.Text && reader.GetString(1).StartsWith("STRING", StringComparison.OrdinalIgnoreCase) ? TargetColumn.SqliteString : "";
                found.Add((new(new(reader.GetString(0), reader.GetBoolean(3)) { Type = type }, kind) { NotNull = reader.GetBoolean(4) }, reader.GetInt32(2)));
            }
        }

        var dependents = new List<string>();
        using (var command = session.Command(Children, new Dictionary<string, object?> { ["table"] = table }))
        using (var reader = command.ExecuteReader())
        {
            while (reader.Read())
            {
                dependents.Add(reader.GetString(0));
            }
        }

        return found.Count == 0
            ? throw new TaskFailedException($"There is no table '{table}' in the SQLite database {session.Connection.DataSource}; create it first.")
            : new(
                SqlNames.Quote(schema, table, "sqlite"),
                [.. found.Select(f => f.Column)],
                [.. found.Where(f => f.KeyPosition > 0).OrderBy(f => f.KeyPosition).Select(f => f.Column.Name)],
                dependents);
    }

    /// <summary>Type of a column that a load adds: one that holds every value of the source's; text where the source is not known, or where a number would lose digits.</summary>
    internal static string TypeFor(string column, ObjectManifest? manifest)
    {
        var source = SourceType.Find(manifest, column);
        return source?.Kind switch
        {
            SqlColumnKind.Integer when !source.IsBeyondLong => "INTEGER",
            SqlColumnKind.Decimal when source.Digits <= ExactDigits => "NUMERIC",
            SqlColumnKind.Float or SqlColumnKind.Single => "REAL",
            SqlColumnKind.Boolean => "BOOLEAN",
            SqlColumnKind.Date => "DATE",
            SqlColumnKind.Timestamp => "TIMESTAMP",
            SqlColumnKind.Binary => "BLOB",
            _ => "TEXT",
        };
    }

    /// <summary>What the values of a column of the objects are; null where the manifest does not say.</summary>
    internal static SqlColumnKind? KindIn(ObjectManifest? manifest, string column) =>
        manifest?.Meta?.Sluice?.Columns.FirstOrDefault(one => string.Equals(one.Name, column, StringComparison.OrdinalIgnoreCase))?.Kind;
}

/// <summary>A column that can be written.</summary>
internal sealed record SqliteTableColumn(TargetColumn Target, SqlColumnKind Kind)
{
    internal string Name => Target.Name;

    /// <summary>NULL is refused; of a row number, NULL makes one.</summary>
    internal bool NotNull { get; init; }
}
