using Sluice.Authoring.Hooks;
using Sluice.Authoring.Loading;
using Sluice.Authoring.Operators;
using Sluice.Providers.Postgres.Hooks;

namespace Sluice.Providers.Postgres.Loading;

/// <summary>A table as the catalog describes it.</summary>
/// <param name="Name">Quoted, with its schema.</param>
/// <param name="Columns">Those that can be written, in the table's order.</param>
/// <param name="PrimaryKey">In the key's order; empty when there is none.</param>
/// <param name="UniqueKeys">Columns of each index that <c>ON CONFLICT</c> can go by.</param>
/// <param name="Dependents">Tables whose rows change or go when rows of this one are deleted, each with what becomes of them.</param>
internal sealed record PostgresTable(
    string Name, IReadOnlyList<PostgresColumn> Columns, IReadOnlyList<string> PrimaryKey, IReadOnlyList<IReadOnlyList<string>> UniqueKeys, IReadOnlyList<string> Dependents)
{
    private const string Catalog = """
        SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull AND NOT a.atthasdef AND a.attidentity = '', array_position(k.indkey::int2[], a.attnum),
            a.attidentity <> '' OR COALESCE(pg_get_expr(d.adbin, d.adrelid) LIKE '%nextval(%', false)
        FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum LEFT JOIN pg_index k ON k.indrelid = a.attrelid AND k.indisprimary
        WHERE a.attrelid = to_regclass(@name) AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
        ORDER BY a.attnum
        """;

    private const string Keys = """
        SELECT array_agg(a.attname::text ORDER BY a.attname)
        FROM pg_index k JOIN pg_attribute a ON a.attrelid = k.indrelid AND a.attnum = ANY(k.indkey::int2[])
        WHERE k.indrelid = to_regclass(@name) AND k.indisunique AND k.indimmediate AND k.indisvalid AND k.indpred IS NULL AND k.indexprs IS NULL
            AND k.indnatts = k.indnkeyatts
        GROUP BY k.indexrelid
        """;

    private const string Children = """
        SELECT c.conrelid::regclass || CASE c.confdeltype WHEN 'c' THEN ' (ON DELETE CASCADE)' WHEN 'n' THEN ' (ON DELETE SET NULL)' ELSE ' (ON DELETE SET DEFAULT)' END
        FROM pg_constraint c WHERE c.contype = 'f' AND c.confrelid = to_regclass(@name) AND c.confdeltype = ANY('{c,n,d}'::"char"[]) ORDER BY 1
        """;

    /// <summary>True when <c>ON CONFLICT</c> can go by these columns.</summary>
    internal bool HasUniqueKey(IReadOnlyList<string> columns) =>
        UniqueKeys.Any(key => key.Order(StringComparer.Ordinal).SequenceEqual(columns.Order(StringComparer.Ordinal)));

    /// <exception cref="TaskFailedException">There is no such table, or it may not be seen.</exception>
    internal static async ValueTask<PostgresTable> DescribeAsync(
        PostgresSession session, string? schema, string table, CancellationToken cancellationToken)
    {
        var name = SqlNames.Quote(schema, table, PostgresHook.Postgres);
        var named = new Dictionary<string, object?> { ["name"] = name };
        var found = new List<(PostgresColumn Column, int? KeyPosition)>();
        await using (var command = session.Command(Catalog, named))
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                found.Add((new(new(reader.GetString(0), reader.GetBoolean(2)) { Type = reader.GetString(1) }, reader.GetString(1), reader.GetBoolean(4)), reader.IsDBNull(3) ? null : reader.GetInt32(3)));
            }
        }

        var keys = new List<IReadOnlyList<string>>();
        await using (var command = session.Command(Keys, named))
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                keys.Add(await reader.GetFieldValueAsync<string[]>(0, cancellationToken));
            }
        }

        var dependents = new List<string>();
        await using (var command = session.Command(Children, named))
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                dependents.Add(reader.GetString(0));
            }
        }

        return found.Count == 0
            ? throw new TaskFailedException($"There is no table {name} in the database {session.Connection.Database}; create it first, or name its schema.")
            : new(
                name,
                [.. found.Select(f => f.Column)],
                [.. found.Where(f => f.KeyPosition is not null).OrderBy(f => f.KeyPosition).Select(f => f.Column.Name)],
                keys,
                dependents);
    }
}

/// <summary>A column that can be written.</summary>
/// <param name="Target">Its name, and whether it must be given.</param>
/// <param name="Type">As DDL writes it.</param>
/// <param name="Counts">Its default is the next number of a sequence.</param>
internal sealed record PostgresColumn(TargetColumn Target, string Type, bool Counts)
{
    internal string Name => Target.Name;
}
