using Sluice.Authoring.Csv;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Providers.Sqlite.Hooks;

namespace Sluice.Providers.Sqlite.Loading;

/// <summary>Replaces rows by their keys, by way of a staging table, inside the transaction that is open.</summary>
internal sealed class SqliteUpsert(SqliteSession session, SqliteTable table, TableLoad load)
{
    private const string Staging = "temp.\"sluice_staging\"";

    // Names of the row number; one is free unless a table is perverse.
    private static readonly string[] RowIds = ["rowid", "_rowid_", "oid"];

    private IReadOnlyList<string>? _columns;

    internal async ValueTask<LoadResult> RunAsync(CancellationToken cancellationToken)
    {
        long loaded = 0;
        foreach (var source in load.Objects)
        {
            loaded += await SqliteInsert.InsertAllAsync(session, table, load, source, Stage, cancellationToken);
        }

        if (_columns is null)
        {
            return new(0, 0);
        }

        var written = Merge(_columns);
        session.Execute($"DROP TABLE {Staging}");
        return new(loaded, written);
    }

    private string Stage(IReadOnlyList<string> columns)
    {
        if (_columns is null)
        {
            // Its columns have the affinity of the table's, and nothing else: defaults and constraints come with the merge.
            session.Execute($"CREATE TEMP TABLE \"sluice_staging\" AS SELECT {SqlNames.Join(columns)} FROM {table.Name} WHERE 0");
            _columns = columns;
        }

        return _columns.Order().SequenceEqual(columns.Order())
            ? Staging
            : throw new TaskFailedException($"The objects of one UPSERT into {load.Table} have different columns; load them one after the other.");
    }

    private long Merge(IReadOnlyList<string> columns)
    {
        var keys = LoadColumns.Keys(load.UpsertKeys, table.PrimaryKey, columns, load.Table);
        var order = LoadColumns.Order(load.OrderColumn, columns, load.Table);
        RefuseNullKeys(keys);

        var keyList = SqlNames.Join(keys);
        session.Execute($"DELETE FROM {table.Name} WHERE ({keyList}) IN (SELECT {keyList} FROM {Staging})");

        var all = SqlNames.Join(columns);
        var rowId = RowIds.First(id => !columns.Contains(id, StringComparer.OrdinalIgnoreCase));
        var latestFirst = order is null ? $"{rowId} DESC" : $"{SqlNames.Quote(order)} DESC, {rowId} DESC";
        return session.Execute(
            $"""
             INSERT INTO {table.Name} ({all})
             SELECT {all} FROM (
                 SELECT {all}, ROW_NUMBER() OVER (PARTITION BY {keyList} ORDER BY {latestFirst}) AS "sluice_rank" FROM {Staging})
             WHERE "sluice_rank" = 1
             """);
    }

    // NULL equals nothing, so such rows would be added again by every run.
    private void RefuseNullKeys(IReadOnlyList<string> keys)
    {
        using var command = session.Command(
            $"SELECT COUNT(*) FROM {Staging} WHERE {string.Join(" OR ", keys.Select(key => $"{SqlNames.Quote(key)} IS NULL"))}");
        if (command.ExecuteScalar() is long rows and > 0)
        {
            throw new TaskFailedException($"{rows} rows for {load.Table} have NULL in the key ({string.Join(", ", keys)}); UPSERT cannot tell which rows they replace.");
        }
    }
}
