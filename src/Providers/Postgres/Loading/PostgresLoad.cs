using Npgsql;
using Sluice.Authoring.Csv;
using Sluice.Authoring.Extraction;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Loading;
using Sluice.Authoring.Operators;
using Sluice.Providers.Postgres.Hooks;

namespace Sluice.Providers.Postgres.Loading;

/// <summary>One load, inside the transaction that is open.</summary>
internal sealed class PostgresLoad(PostgresSession session, PostgresTable table, TableLoad load, LoadQuarantine? rejects)
{
    private const string Staging = "pg_temp.\"sluice_staging\"";

    /// <summary>What is loaded; of objects that come while it runs, all of them in the end.</summary>
    internal TableLoad Load => load;

    private readonly IReadOnlyList<string> _filled = load.SnapshotColumn is { } snapshot ? [Find(snapshot, table)] : [];
    private SchemaDrift? _drift;

    // Straight into the table where nothing has to be decided between the objects and it.
    private bool IsDirect =>
        load.Method != LoadMethod.Upsert && load.UpsertKeys is not { Count: > 0 } && load.SnapshotColumn is null && rejects is null
        && _drift is { Added.Count: 0 } && !_drift.Columns.Contains(null);

    internal async ValueTask<LoadResult> RunAsync(CancellationToken cancellationToken)
    {
        var objects = new ObjectColumns(load, [.. table.Columns.Select(c => c.Target)], _filled);
        long loaded = 0;
        await using var readers = new ObjectReaders(load, keepsLines: rejects is not null, cancellationToken);
        while (await readers.NextAsync() is var (source, opened))
        {
            load = load.SoFar();
            await using var reader = opened;
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

                await BeginAsync(cancellationToken);
            }

            loaded += await CopyAsync(drift, reader, source, readers.OpenNext, cancellationToken);
        }

        load = load.Whole();
        return _drift is null ? await LoadNothingAsync(cancellationToken) : await EndAsync(loaded, cancellationToken);
    }

    private LoadResult Tell()
    {
        foreach (var ddl in AddColumns())
        {
            load.Log?.Invoke($"Dry run: would run {ddl}");
        }

        var ignored = _drift!.Columns.Count(column => column is null);
        load.Log?.Invoke(
            $"Dry run: would {load.Method switch { LoadMethod.Replace => "replace the rows of", LoadMethod.Upsert => "upsert into", _ => "append to" }} {table.Name}, "
            + $"columns {SqlNames.Join(_drift.Loaded)}{(ignored > 0 ? $", passing over {ignored} that the table has not" : "")}. Nothing was changed.");
        return new(0, 0);
    }

    private async ValueTask BeginAsync(CancellationToken cancellationToken)
    {
        if (!IsDirect)
        {
            await StageAsync(cancellationToken);
            return;
        }

        if (load.Method == LoadMethod.Replace)
        {
            RefuseToDelete();
            await LockAsync(cancellationToken);
            await session.ExecuteAsync($"DELETE FROM {table.Name}", cancellationToken); // TRUNCATE would lock readers out
        }
    }

    // The columns' types and nothing else, defaults and constraints come with the merge; for a quarantine the rules too that look at one row, as the merge refuses all of them at once.
    private async ValueTask StageAsync(CancellationToken cancellationToken)
    {
        var known = _drift!.Loaded.Except(_drift.Added).ToList();
        await session.ExecuteAsync(
            $"CREATE TEMP TABLE \"sluice_staging\" ON COMMIT DROP AS SELECT {SqlNames.Join(known)} FROM {table.Name} WITH NO DATA", cancellationToken);
        var more = _drift.Added.Select(column => $"ADD COLUMN {SqlNames.Quote(column)} {PostgresTypes.For(column, load.Manifest)}")
            .Concat(_drift.Columns.Select((column, i) => column is null ? $"ADD COLUMN {Ignored(i)} text" : null).OfType<string>())
            .Concat(rejects is null ? [] : await PostgresRules.OfRowsAsync(session, table.Name, known, cancellationToken))
            .ToList();
        if (more.Count > 0)
        {
            await session.ExecuteAsync($"ALTER TABLE {Staging} {string.Join(", ", more)}", cancellationToken);
        }
    }

    private async ValueTask<long> CopyAsync(SchemaDrift drift, CsvReader reader, Uri source, Action allRead, CancellationToken cancellationToken)
    {
        var columns = string.Join(", ", drift.Columns.Select((column, i) => column is null ? Ignored(i) : SqlNames.Quote(column)));
        var copy = new PostgresCopy(session, IsDirect ? table.Name : Staging, columns, load.Format);
        var rows = rejects is null
            ? await copy.AllAsync(reader, allRead, cancellationToken)
            : await copy.AllButRejectedAsync(reader, drift.Columns.Count, source, rejects, cancellationToken);
        load.Log?.Invoke($"Copied {rows} rows of {ObjectUri.Text(source)}.");
        return rows;
    }

    private async ValueTask<LoadResult> LoadNothingAsync(CancellationToken cancellationToken)
    {
        var nothing = SentEvidence.OfNothing(load);
        if (load.Method == LoadMethod.Replace && !load.DryRun)
        {
            RefuseToDelete();
            await session.ExecuteAsync($"DELETE FROM {table.Name}{Snapshot()}", cancellationToken);
        }

        return new(0, 0) { Evidence = nothing };
    }

    private async ValueTask<LoadResult> EndAsync(long loaded, CancellationToken cancellationToken)
    {
        var proof = load.Reconcile == Reconciliation.None ? null : new PostgresProof(session, load, _drift!, rejects?.Count ?? 0, TypeOf);
        if (IsDirect)
        {
            var seen = proof is null
                ? null
                : await proof.OfTableAsync(table.Name, load.Method == LoadMethod.Replace ? "" : PostgresProof.OfThisTransaction, cancellationToken);
            return new(loaded, loaded) { Evidence = seen };
        }

        IReadOnlyList<string> keys = load.Method == LoadMethod.Upsert || load.UpsertKeys is { Count: > 0 }
            ? LoadColumns.Keys(load.UpsertKeys, table.PrimaryKey, _drift!.Loaded, load.Table)
            : [];

        // Nobody analyses temporary tables by itself; without it the merge is planned for a handful of rows. It goes by the keys alone.
        await session.ExecuteAsync($"ANALYZE {Staging}{(keys.Count == 0 ? "" : $" ({SqlNames.Join(keys.Distinct())})")}", cancellationToken);
        await RefuseNullKeysAsync(keys, cancellationToken);
        if (proof is not null)
        {
            await proof.OfStagingAsync(Staging, cancellationToken);
        }

        await LockAsync(cancellationToken);
        foreach (var ddl in AddColumns())
        {
            await session.ExecuteAsync(ddl, cancellationToken);
            load.Log?.Invoke($"The table has got a column: {ddl}");
        }

        await KeepNewerAsync(keys, cancellationToken);
        var (from, written) = await MergeAsync(keys, cancellationToken);
        var evidence = proof is null
            ? null
            : await proof.OfMergeAsync(table.Name, from, load.Method == LoadMethod.Upsert ? keys : [], load.Method == LoadMethod.Replace ? Snapshot() : PostgresProof.OfThisTransaction, cancellationToken);
        return new(loaded, written) { RowsRejected = rejects?.Count ?? 0, Evidence = evidence };
    }

    // Of rows whose keys all seem to be different the merge itself finds the two that are not, and then is taken back: to sort all of them first costs more.
    private async ValueTask<(string From, long Written)> MergeAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken)
    {
        if (load.Method != LoadMethod.Upsert || !table.HasUniqueKey(keys) || !await SeemDifferentAsync(keys, cancellationToken))
        {
            return (Latest(keys), await MergeAsync(Latest(keys), keys, cancellationToken));
        }

        await session.ExecuteAsync("SAVEPOINT sluice_merge", cancellationToken);
        try
        {
            var written = await MergeAsync(Staging, keys, cancellationToken);
            await session.ExecuteAsync("RELEASE SAVEPOINT sluice_merge", cancellationToken);
            return (Staging, written);
        }
        catch (PostgresException e) when (e.SqlState[..2] is "21" or "22" or "23")
        {
            // Two rows of one key (class 21), or one that the table refuses and that may not be the latest of its key (22 and 23; PostgreSQL, Appendix A).
            await session.ExecuteAsync("ROLLBACK TO SAVEPOINT sluice_merge; RELEASE SAVEPOINT sluice_merge", cancellationToken);
            return (Latest(keys), await MergeAsync(Latest(keys), keys, cancellationToken));
        }
    }

    // By the statistics: they look at some thousands of rows.
    private async ValueTask<bool> SeemDifferentAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken)
    {
        await using var command = session.Command(
            "SELECT EXISTS (SELECT FROM pg_stats WHERE schemaname = (SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema()) AND tablename = 'sluice_staging' "
            + "AND attname = ANY(@keys) AND n_distinct = -1)",
            new Dictionary<string, object?> { ["keys"] = keys.ToArray() });
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }

    private async ValueTask<long> MergeAsync(string from, IReadOnlyList<string> keys, CancellationToken cancellationToken)
    {
        var columns = _drift!.Loaded;
        var all = SqlNames.Join(columns.Concat(_filled));
        var values = SqlNames.Join(columns) + string.Concat(_filled.Select(_ => $", {SnapshotLiteral()}"));
        var insert = $"INSERT INTO {table.Name} ({all}) OVERRIDING SYSTEM VALUE SELECT {values} FROM {from}";
        if (load.Method == LoadMethod.Replace)
        {
            RefuseToDelete();
            await session.ExecuteAsync($"DELETE FROM {table.Name}{Snapshot()}", cancellationToken);
        }
        else if (load.Method == LoadMethod.Upsert)
        {
            if (table.HasUniqueKey(keys))
            {
                // Rows are replaced whole: columns that the objects lack fall back to their defaults. A number that the table gave a row stays its own.
                var lacking = table.Columns.Where(column => !column.Counts && !columns.Contains(column.Name)).Select(column => $"{SqlNames.Quote(column.Name)} = DEFAULT");
                var others = columns.Except(keys).Select(column => $"{SqlNames.Quote(column)} = EXCLUDED.{SqlNames.Quote(column)}").Concat(lacking).ToList();
                insert += $" ON CONFLICT ({SqlNames.Join(keys)}) DO " + (others.Count == 0 ? "NOTHING" : $"UPDATE SET {string.Join(", ", others)}");
            }
            else
            {
                RefuseToDelete();
                await session.ExecuteAsync($"DELETE FROM {table.Name} AS t USING {Staging} AS s WHERE {SqlNames.SameKey(keys)}", cancellationToken);
            }
        }

        return await session.ExecuteAsync(insert, cancellationToken);
    }

    // A row that is older than the table's goes no further; rerunning a day must not undo a later one.
    private async ValueTask KeepNewerAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken)
    {
        if (load.Method != LoadMethod.Upsert || LoadColumns.Order(load.OrderColumn, _drift!.Loaded, load.Table) is not { } order)
        {
            return;
        }

        var older = await session.ExecuteAsync($"DELETE FROM {Staging} AS s USING {table.Name} AS t WHERE {SqlNames.SameKey(keys)} AND {SqlNames.IsNewer(order)}", cancellationToken);
        if (older > 0)
        {
            load.Log?.Invoke($"{older} rows are older by {order} than those of {load.Table}, which stay.");
        }
    }

    private string TypeOf(string name) => table.Columns.FirstOrDefault(column => column.Name == name)?.Type ?? PostgresTypes.For(name, load.Manifest);

    private void RefuseToDelete()
    {
        if (table.Dependents.Count > 0)
        {
            throw new TaskFailedException(
                $"To {(load.Method == LoadMethod.Upsert ? "upsert without a unique key of these columns" : "replace")}, rows of {load.Table} would be deleted, and with them those of {string.Join(", ", table.Dependents)} lost. "
                + "Use UPSERT by a unique key, or let those foreign keys take no action.");
        }
    }

    // One row of each key. ctid is the row's place: the table was only ever appended to, so the highest is the last of the objects.
    private string Latest(IReadOnlyList<string> keys)
    {
        if (keys.Count == 0)
        {
            return Staging;
        }

        var order = LoadColumns.Order(load.OrderColumn, _drift!.Loaded, load.Table);
        var latestFirst = order is null ? "ctid DESC" : $"{SqlNames.Quote(order)} DESC NULLS LAST, ctid DESC";
        return $"(SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY {SqlNames.Join(keys)} ORDER BY {latestFirst}) AS \"sluice_rank\" FROM {Staging}) AS r "
            + "WHERE \"sluice_rank\" = 1) AS s";
    }

    private IEnumerable<string> AddColumns() =>
        _drift!.Added.Select(column => $"ALTER TABLE {table.Name} ADD COLUMN {SqlNames.Quote(column)} {PostgresTypes.For(column, load.Manifest)}");

    private string Snapshot() => load.SnapshotColumn is null ? "" : $" WHERE {SqlNames.Quote(_filled[0])} = {SnapshotLiteral()}";

    private string SnapshotLiteral() =>
        $"CAST({SqlNames.Literal(load.SnapshotValue ?? throw new TaskFailedException("SnapshotColumn needs SnapshotValue."))} AS {table.Columns.First(c => c.Name == _filled[0]).Type})";

    // Two loads of one table go one after the other: each would miss the rows that the other is about to insert.
    private async ValueTask LockAsync(CancellationToken cancellationToken) =>
        await session.ExecuteAsync($"LOCK TABLE {table.Name} IN SHARE ROW EXCLUSIVE MODE", cancellationToken);

    // NULL equals nothing, so such rows would be added again by every run.
    private async ValueTask RefuseNullKeysAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken)
    {
        if (keys.Count == 0)
        {
            return;
        }

        await using var command = session.Command($"SELECT COUNT(*) FROM {Staging} WHERE {string.Join(" OR ", keys.Select(key => $"{SqlNames.Quote(key)} IS NULL"))}");
        if (await command.ExecuteScalarAsync(cancellationToken) is long rows and > 0)
        {
            throw new TaskFailedException($"{rows} rows for {load.Table} have NULL in the key ({string.Join(", ", keys)}); UPSERT cannot tell which rows they replace.");
        }
    }

    private static string Ignored(int position) => $"\"sluice_ignored_{position}\"";

    private static string Find(string column, PostgresTable table) =>
        LoadColumns.Match([column], [.. table.Columns.Select(c => c.Name)], table.Name)[0];
}
