using Sluice.Authoring.Hooks;
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
            "SELECT name, type, pk FROM pragma_table_xinfo(@table, @schema) WHERE hidden = 0",
            new Dictionary<string, object?> { ["table"] = table, ["schema"] = schema ?? "main" }))
        using (var reader = command.ExecuteReader())
        {
            while (reader.Read())
            {
                found.Add((new(reader.GetString(0), SqliteColumns.KindOf(reader.GetString(1))), reader.GetInt32(2)));
            }
        }

        return found.Count == 0
            ? throw new TaskFailedException($"There is no table '{table}' in the SQLite database {session.Connection.DataSource}; create it first.")
            : new(
                SqlNames.Quote(schema, table, "sqlite"),
                [.. found.Select(f => f.Column)],
                [.. found.Where(f => f.KeyPosition > 0).OrderBy(f => f.KeyPosition).Select(f => f.Column.Name)]);
    }
}

/// <summary>A column that can be written.</summary>
internal sealed record SqliteTableColumn(string Name, SqlColumnKind Kind);
