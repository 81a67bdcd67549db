using System.Text;
using Sluice.Authoring.Csv;
using Sluice.Authoring.Extraction;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Loading;
using Sluice.Authoring.Operators;
using Sluice.Providers.Sqlite.Hooks;

namespace Sluice.Providers.Sqlite.Loading;

/// <summary>One load, inside the transaction that is open.</summary>
internal sealed class SqliteLoad(SqliteSession session, SqliteTable table, TableLoad load, LoadQuarantine? rejects)
{
    private const string Staging = "temp.\"sluice_staging\"";

    // Names of the row number; one is free unless a table is perverse.
    private static readonly string[] RowIds = ["rowid", "_rowid_", "oid"];

    private readonly IReadOnlyList<string> _filled =
        load.SnapshotColumn is { } snapshot ? LoadColumns.Match([snapshot], [.. table.Columns.Select(c => c.Name)], load.Table) : [];

    private SchemaDrift? _drift;
    private SqliteProof? _proof;

    private bool IsDirect => load.Method != LoadMethod.Upsert && load.UpsertKeys is not { Count: > 0 } && load.SnapshotColumn is null;

    internal async ValueTask<LoadResult> RunAsync(CancellationToken cancellationToken)
    {
        var objects = new ObjectColumns(load, [.. table.Columns.Select(c => c.Target)], _filled);
        long loaded = 0;
        foreach (var source in load.Objects)
        {
            await using var reader = new CsvReader(await load.Store.OpenReadAsync(source, cancellationToken), load.Format) { KeepsLines = rejects is not null };
            if (await objects.ReadAsync(reader, cancellationToken) is not { } drift)
            {
                continue;
            }

            if (_drift is null)
            {
                _drift = drift;
                if (load.DryRun)
                {
                    return Tell();
                }

                Begin();
            }

            loaded += await InsertAsync(drift, reader, source, cancellationToken);
        }

        if (_drift is not null)
        {
            return End(loaded);
        }

        var nothing = SentEvidence.OfNothing(load);
        if (load.Method == LoadMethod.Replace)
        {
            DeleteReplaced();
        }

        return new(0, 0) { Evidence = nothing };
    }

    private LoadResult Tell()
    {
        foreach (var ddl in AddColumns())
        {
            load.Log?.Invoke($"Dry run: would run {ddl}");
        }

        load.Log?.Invoke($"Dry run: would load the columns {SqlNames.Join(_drift!.Loaded)} into {table.Name}. Nothing was changed.");
        return new(0, 0);
    }

    private void Begin()
    {
        foreach (var ddl in AddColumns())
        {
            session.Execute(ddl);
            load.Log?.Invoke($"The table has got a column: {ddl}");
        }

        _proof = load.Reconcile == Reconciliation.None ? null : new(session, load, _drift!, () => rejects?.Count ?? 0);
        if (!IsDirect)
        {
            // Its columns have the affinity of the table's, and nothing else: defaults and constraints come with the merge.
            session.Execute($"CREATE TEMP TABLE \"sluice_staging\" AS SELECT {SqlNames.Join(_drift!.Loaded)} FROM {table.Name} WHERE 0");
            return;
        }

        if (load.Method == LoadMethod.Replace)
        {
            DeleteReplaced();
        }
        else
        {
            _proof?.LookBefore(table.Name);
        }
    }

    private async ValueTask<long> InsertAsync(SchemaDrift drift, CsvReader reader, Uri source, CancellationToken cancellationToken)
    {
        using var insert = new SqliteInsert(session, IsDirect ? table.Name : Staging, [.. drift.Columns.Select(Column)], refusesNull: !IsDirect && rejects is not null);
        var rows = 0L;
        while (await reader.ReadAsync(cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (insert.TryInsert(reader) is not { } reason)
            {
                rows++;
            }
            else if (rejects is not null)
            {
                await rejects.AddAsync(source, reader.Record, reason, Encoding.UTF8.GetString(reader.Line), cancellationToken);
            }
            else
            {
                var sentence = $"Record {reader.Record} of {ObjectUri.Text(source)}: {reason}";
                throw reader.FieldCount == drift.Columns.Count ? new SqlHookException(sentence, isTransient: false) : new TaskFailedException(sentence + ".");
            }
        }

        load.Log?.Invoke($"Read {rows} rows from {ObjectUri.Text(source)}.");
        return rows;
    }

    private SqliteTableColumn? Column(string? name) => name is null
        ? null
        : table.Columns.FirstOrDefault(column => column.Name == name)
          ?? new(new(name, Required: false), SqliteTable.KindIn(load.Manifest, name) ?? SqlColumnKind.Text);

    private LoadResult End(long loaded)
    {
        if (IsDirect)
        {
            return new(loaded, loaded)
            {
                RowsRejected = rejects?.Count ?? 0,
                Evidence = load.Method == LoadMethod.Replace ? _proof?.OfTable(table.Name) : _proof?.OfWhatWasAdded(table.Name),
            };
        }

        IReadOnlyList<string> keys = load.Method == LoadMethod.Upsert || load.UpsertKeys is { Count: > 0 }
            ? LoadColumns.Keys(load.UpsertKeys, table.PrimaryKey, _drift!.Loaded, load.Table)
            : [];
        RefuseNullKeys(keys);
        _proof?.OfStaging(Staging);
        KeepNewer(keys);
        var from = Latest(keys);
        var columns = SqlNames.Join(_drift!.Loaded);
        if (load.Method == LoadMethod.Replace)
        {
            DeleteReplaced();
        }
        else if (load.Method == LoadMethod.Upsert)
        {
            var list = SqlNames.Join(keys);
            RefuseToDelete();
            session.Execute($"DELETE FROM {table.Name} WHERE ({list}) IN (SELECT {list} FROM {Staging})");
        }

        var written = session.Execute(
            $"INSERT INTO {table.Name} ({SqlNames.Join(_drift.Loaded.Concat(_filled))}) SELECT {columns}{(_filled.Count > 0 ? ", " + SnapshotLiteral() : "")} FROM {from}");
        var evidence = _proof?.OfMerge(table.Name, from, load.Method == LoadMethod.Upsert ? keys : [], Snapshot());
        session.Execute($"DROP TABLE {Staging}");
        return new(loaded, written) { RowsRejected = rejects?.Count ?? 0, Evidence = evidence };
    }

    private string Latest(IReadOnlyList<string> keys)
    {
        if (keys.Count == 0)
        {
            return Staging;
        }

        var columns = _drift!.Loaded;
        var all = SqlNames.Join(columns);
        var order = LoadColumns.Order(load.OrderColumn, columns, load.Table);
        var rowId = RowIds.First(id => !columns.Contains(id, StringComparer.OrdinalIgnoreCase));
        var latestFirst = order is null ? $"{rowId} DESC" : $"{SqlNames.Quote(order)} DESC, {rowId} DESC";
        return $"(SELECT {all} FROM (SELECT {all}, ROW_NUMBER() OVER (PARTITION BY {SqlNames.Join(keys)} ORDER BY {latestFirst}) AS \"sluice_rank\" FROM {Staging}) "
            + "WHERE \"sluice_rank\" = 1)";
    }

    private IEnumerable<string> AddColumns() =>
        _drift!.Added.Select(column => $"ALTER TABLE {table.Name} ADD COLUMN {SqlNames.Quote(column)} {SqliteTable.TypeFor(column, load.Manifest)}");

    private void DeleteReplaced()
    {
        RefuseToDelete();
        session.Execute($"DELETE FROM {table.Name}{Snapshot()}");
    }

    private void RefuseToDelete()
    {
        if (table.Dependents.Count > 0)
        {
            throw new TaskFailedException(
                $"To {(load.Method == LoadMethod.Upsert ? "upsert" : "replace")}, rows of {load.Table} would be deleted, and with them those of {string.Join(", ", table.Dependents)} lost. "
                + "Let those foreign keys take no action.");
        }
    }

    // A row that is older than the table's goes no further; rerunning a day must not undo a later one.
    private void KeepNewer(IReadOnlyList<string> keys)
    {
        if (load.Method != LoadMethod.Upsert || LoadColumns.Order(load.OrderColumn, _drift!.Loaded, load.Table) is not { } order)
        {
            return;
        }

        var older = session.Execute($"DELETE FROM {Staging} AS s WHERE EXISTS (SELECT 1 FROM {table.Name} AS t WHERE {SqlNames.SameKey(keys)} AND {SqlNames.IsNewer(order)})");
        if (older > 0)
        {
            load.Log?.Invoke($"{older} rows are older by {order} than those of {load.Table}, which stay.");
        }
    }

    private string Snapshot() => load.SnapshotColumn is null ? "" : $" WHERE {SqlNames.Quote(_filled[0])} = {SnapshotLiteral()}";

    private string SnapshotLiteral() => SqlNames.Literal(load.SnapshotValue ?? throw new TaskFailedException("SnapshotColumn needs SnapshotValue."));

    // NULL equals nothing, so such rows would be added again by every run.
    private void RefuseNullKeys(IReadOnlyList<string> keys)
    {
        if (keys.Count == 0)
        {
            return;
        }

        using var command = session.Command($"SELECT COUNT(*) FROM {Staging} WHERE {string.Join(" OR ", keys.Select(key => $"{SqlNames.Quote(key)} IS NULL"))}");
        if (command.ExecuteScalar() is long rows and > 0)
        {
            throw new TaskFailedException($"{rows} rows for {load.Table} have NULL in the key ({string.Join(", ", keys)}); UPSERT cannot tell which rows they replace.");
        }
    }
}
