using System.Data;
using Npgsql;
using Npgsql.Schema;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Rows;

namespace Sluice.Providers.Postgres.Hooks;

/// <summary>Where the columns of queries come from: the server's description names table and column, and the views on the way are described in turn.</summary>
/// <param name="session">A session that does nothing else.</param>
internal sealed class PostgresOrigins(PostgresSession session)
{
    private const int MostViews = 32;

    // Column 0 is the whole row. A view is described by its own text; a partition is its table's as well.
    private const string Catalog = """
        SELECT n.nspname, c.relname, a.attname, c.relkind = ANY('{v,m}'::"char"[]), CASE WHEN c.relkind = ANY('{v,m}'::"char"[]) THEN pg_get_viewdef(c.oid) END,
            rn.nspname, r.relname
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND (a.attnum = @column OR @column = 0)
            LEFT JOIN pg_class r ON r.oid = pg_partition_root(c.oid) AND r.oid <> c.oid LEFT JOIN pg_namespace rn ON rn.oid = r.relnamespace
        WHERE c.oid = @table
        """;

    private const string Texts = """
        SELECT c.relname, pg_get_viewdef(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = ANY('{v,m}'::"char"[]) AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        UNION ALL
        SELECT p.proname, pg_get_functiondef(p.oid) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND p.prokind <> 'a'
        """;

    internal async ValueTask<QueryOrigins> FindAsync(string sql, IReadOnlyDictionary<string, object?>? parameters, CancellationToken cancellationToken)
    {
        var columns = await ColumnsAsync(sql, parameters, 0, cancellationToken);
        return new(columns, columns.Any(column => column.IsComputed) ? SqlMentions.Definitions(sql, await DefinitionsAsync(cancellationToken)) : "");
    }

    private async ValueTask<IReadOnlyList<ColumnOrigins>> ColumnsAsync(
        string sql, IReadOnlyDictionary<string, object?>? parameters, int depth, CancellationToken cancellationToken)
    {
        var found = new List<(string Name, uint Table, short Column)>();
        await using (var command = session.Command(sql, parameters))
        await using (var reader = await command.ExecuteReaderAsync(CommandBehavior.SchemaOnly, cancellationToken))
        {
            foreach (var column in (await reader.GetColumnSchemaAsync(cancellationToken)).Cast<NpgsqlDbColumn>())
            {
                found.Add((column.ColumnName, column.TableOID, column.ColumnAttributeNumber ?? 0));
            }
        }

        var columns = new List<ColumnOrigins>();
        foreach (var (name, table, column) in found)
        {
            columns.Add(table == 0 ? new(name, [], IsComputed: true) : await ColumnAsync(name, table, column, depth, cancellationToken));
        }

        return columns;
    }

    private async ValueTask<ColumnOrigins> ColumnAsync(string name, uint table, short column, int depth, CancellationToken cancellationToken)
    {
        var from = new List<TableColumn>();
        string? view = null;
        await using (var command = session.Command(Catalog, new Dictionary<string, object?> { ["table"] = (long)table, ["column"] = (int)column }))
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                from.Add(new(reader.GetString(0), reader.GetString(1), reader.GetString(2)));
                view = reader.IsDBNull(4) ? null : reader.GetString(4);
                if (!reader.IsDBNull(6))
                {
                    from.Add(new(reader.GetString(5), reader.GetString(6), reader.GetString(2)));
                }
            }
        }

        if (view is null)
        {
            return new(name, from, IsComputed: from.Count == 0);
        }

        var behind = depth < MostViews ? await TryColumnsAsync(view, depth + 1, cancellationToken) : null;
        var own = behind is null ? [] : column == 0 ? behind : column <= behind.Count ? [behind[column - 1]] : (IReadOnlyList<ColumnOrigins>)[];
        return new(name, [.. from, .. own.SelectMany(one => one.From)], IsComputed: own.Count == 0 || own.Any(one => one.IsComputed));
    }

    // What a view reads may lie in a schema that this user may not use, though the view's owner may.
    private async ValueTask<IReadOnlyList<ColumnOrigins>?> TryColumnsAsync(string view, int depth, CancellationToken cancellationToken)
    {
        try
        {
            return await ColumnsAsync(view, null, depth, cancellationToken);
        }
        catch (PostgresException)
        {
            return null;
        }
    }

    private async ValueTask<List<(string Name, string Definition)>> DefinitionsAsync(CancellationToken cancellationToken)
    {
        var definitions = new List<(string, string)>();
        await using var command = session.Command(Texts);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            definitions.Add((reader.GetString(0), reader.GetString(1)));
        }

        return definitions;
    }
}
