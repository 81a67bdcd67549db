using Sluice.Providers.Postgres.Hooks;

namespace Sluice.Providers.Postgres.Loading;

/// <summary>What a table asks of a row by itself, so that it can be asked of a temporary table's: NOT NULL and CHECK.</summary>
internal static class PostgresRules
{
    // A CHECK that looks at other columns, too, is left to the table, which fills those by defaults.
    private const string OfRows = """
        SELECT format('ALTER COLUMN %I SET NOT NULL', attname)
        FROM pg_attribute WHERE attrelid = to_regclass(@name) AND attnum > 0 AND NOT attisdropped AND attnotnull AND attname = ANY(@columns)
        UNION ALL
        SELECT format('ADD CONSTRAINT %I %s', conname, pg_get_constraintdef(oid))
        FROM pg_constraint WHERE conrelid = to_regclass(@name) AND contype = 'c'
            AND conkey <@ (SELECT array_agg(attnum) FROM pg_attribute WHERE attrelid = to_regclass(@name) AND attname = ANY(@columns))
        """;

    /// <returns>Actions of ALTER TABLE.</returns>
    internal static async ValueTask<IReadOnlyList<string>> OfRowsAsync(PostgresSession session, string table, IReadOnlyList<string> columns, CancellationToken cancellationToken)
    {
        await using var command = session.Command(OfRows, new Dictionary<string, object?> { ["name"] = table, ["columns"] = columns.ToArray() });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var actions = new List<string>();
        while (await reader.ReadAsync(cancellationToken))
        {
            actions.Add(reader.GetString(0));
        }

        return actions;
    }
}
