using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Providers.Postgres.Hooks;

namespace Sluice.Providers.Postgres.Loading;

/// <summary>A table as the catalog describes it.</summary>
/// <param name="Name">Quoted, with its schema.</param>
/// <param name="Columns">Those that can be written, in the table's order.</param>
/// <param name="PrimaryKey">In the key's order; empty when there is none.</param>
internal sealed record PostgresTable(string Name, IReadOnlyList<string> Columns, IReadOnlyList<string> PrimaryKey)
{
    private const string Catalog = """
        SELECT a.attname, array_position(k.indkey::int2[], a.attnum)
        FROM pg_attribute a LEFT JOIN pg_index k ON k.indrelid = a.attrelid AND k.indisprimary
        WHERE a.attrelid = to_regclass(@name) AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
        ORDER BY a.attnum
        """;

    /// <exception cref="TaskFailedException">There is no such table, or it may not be seen.</exception>
    internal static async ValueTask<PostgresTable> DescribeAsync(
        PostgresSession session, string? schema, string table, CancellationToken cancellationToken)
    {
        var name = SqlNames.Quote(schema, table, PostgresHook.Postgres);
        var found = new List<(string Column, int? KeyPosition)>();
        await using var command = session.Command(Catalog, new Dictionary<string, object?> { ["name"] = name });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add((reader.GetString(0), reader.IsDBNull(1) ? null : reader.GetInt32(1)));
        }

        return found.Count == 0
            ? throw new TaskFailedException($"There is no table {name} in the database {session.Connection.Database}; create it first, or name its schema.")
            : new(
                name,
                [.. found.Select(f => f.Column)],
                [.. found.Where(f => f.KeyPosition is not null).OrderBy(f => f.KeyPosition).Select(f => f.Column)]);
    }
}
