using Sluice.Authoring.Csv;
using Sluice.Authoring.Evidence;
using Sluice.Authoring.Extraction;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Loading;
using Sluice.Authoring.Operators;

namespace Sluice.Providers.Aws.Redshift;

/// <summary>One try of a load.</summary>
internal sealed class RedshiftLoad(RedshiftSession session, TableLoad load, CopyCredentials credentials, string? region)
{
    private RedshiftTable _table = null!;
    private RedshiftLedger? _ledger;
    private IReadOnlyList<string> _keys = [];
    private string _from = "";

    // REPLACE replaces only these.
    private (string Name, string Value)? _snapshot;

    /// <exception cref="SqlHookException">The server refused or went away.</exception>
    /// <exception cref="TaskFailedException">The load cannot be done.</exception>
    internal async ValueTask<LoadResult> RunAsync(CancellationToken cancellationToken)
    {
        await session.OpenAsync(cancellationToken);
        _table = await RedshiftTable.DescribeAsync(session.Hook, load, session.Connection.Schema, cancellationToken);
        _snapshot = Snapshot();
        _ledger = load.Identity is null || load.DryRun ? null : await RedshiftLedger.OpenAsync(session.Hook, load, _table, cancellationToken);
        if (_ledger is not null && await _ledger.FindAsync(cancellationToken) is { } known)
        {
            return Known(known);
        }

        var files = await RedshiftFiles.FindAsync(load, _table, _snapshot is { } filled ? [filled.Name] : [], cancellationToken);
        if (load.DryRun)
        {
            return Tell(files);
        }

        if (files.Count > 0)
        {
            Choose(files[0].Drift.Loaded);
        }

        var result = files.Count == 0 ? await MergeAsync(files, null, cancellationToken)
            : IsDirect(files) ? await AppendAsync(files, cancellationToken)
            : await StageAsync(files, cancellationToken);
        if (load.Analyze && result.RowsInTable > 0)
        {
            await AnalyzeAsync(cancellationToken);
        }

        return result;
    }

    private void Choose(IReadOnlyList<string> columns)
    {
        if (load.Method == LoadMethod.Upsert || load.UpsertKeys is { Count: > 0 })
        {
            _keys = LoadColumns.Keys(load.UpsertKeys, _table.PrimaryKey, columns, load.Table);
        }

        _from = RedshiftSql.Latest(_keys, _keys.Count == 0 ? null : LoadColumns.Order(load.OrderColumn, columns, load.Table));
    }

    // Straight into the table where nothing has to be decided between the objects and it.
    private bool IsDirect(IReadOnlyList<RedshiftFiles> files) =>
        load is { Method: LoadMethod.Append, Quarantine: null, Reconcile: Reconciliation.None, UpsertKeys: not { Count: > 0 } } && _ledger is null
        && files.All(one => one.Drift.Added.Count == 0 && !one.Drift.Columns.Contains(null));

    private async ValueTask<LoadResult> AppendAsync(IReadOnlyList<RedshiftFiles> files, CancellationToken cancellationToken)
    {
        await session.ExecuteAsync("BEGIN", cancellationToken);
        var loaded = await new RedshiftCopy(session, load, credentials, region, rejects: null).RunAsync(_table, _table.Name, files, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return new(loaded, loaded);
    }

    // The staging table is of this session alone, so it is filled before the transaction: readers of the target wait for the merge, not for COPY.
    private ValueTask<LoadResult> StageAsync(IReadOnlyList<RedshiftFiles> files, CancellationToken cancellationToken) => LoadQuarantine.RunAsync(
        load,
        async rejects =>
        {
            await session.ExecuteAsync(CreateStaging(files), cancellationToken);
            var loaded = await new RedshiftCopy(session, load, credentials, region, rejects).RunAsync(_table, RedshiftSql.Staging, files, cancellationToken);
            await (rejects?.PublishAsync(cancellationToken) ?? ValueTask.CompletedTask);
            return await MergeAsync(files, new(loaded, loaded) { RowsRejected = rejects?.Count ?? 0 }, cancellationToken);
        });

    private string CreateStaging(IReadOnlyList<RedshiftFiles> files)
    {
        var added = files[0].Drift.Added;
        List<(string, string)> more =
        [
            .. added.Select(column => (column, RedshiftTypes.For(column, load.Manifest))),
            .. files.SelectMany(one => one.Columns.Where((_, i) => one.Drift.Columns[i] is null)).Distinct().Select(column => (column, RedshiftTypes.Text)),
        ];
        if (more.Count == 0 && _snapshot is null && !_table.HasIdentity) // LIKE would want those, too
        {
            return RedshiftSql.CreateStaging(_table.Name);
        }

        List<string> known = [.. files[0].Drift.Loaded.Except(added)];
        return load.Quarantine is null
            ? RedshiftSql.CreateStaging(_table.Name, known, more)
            : RedshiftSql.CreateStrictStaging([.. known.Select(_table.Column)], more);
    }

    // The lock as the first statement lets the transaction see all that others have committed by then.
    private async ValueTask<LoadResult> MergeAsync(IReadOnlyList<RedshiftFiles> files, LoadResult? staged, CancellationToken cancellationToken)
    {
        var proof = load.Reconcile == Reconciliation.None || staged is null ? null : new RedshiftProof(session.Hook, load, files[0].Drift, TypeOf);
        await RefuseNullKeysAsync(cancellationToken);
        await (proof?.OfStagingAsync(staged!.RowsRejected, cancellationToken) ?? ValueTask.CompletedTask);

        await session.ExecuteAsync("BEGIN", cancellationToken);
        await session.ExecuteAsync(RedshiftSql.Lock(_ledger is null ? [_table.Name] : [_ledger.Name, _table.Name]), cancellationToken);
        if (_ledger is not null && await _ledger.FindAsync(cancellationToken) is { } known)
        {
            await session.ExecuteAsync("ROLLBACK", cancellationToken); // another attempt was quicker
            return Known(known);
        }

        var result = staged is null ? await ClearAsync(cancellationToken) : await WriteAsync(files[0].Drift, staged, proof, cancellationToken);
        await (_ledger?.RememberAsync(result, cancellationToken) ?? ValueTask.CompletedTask);
        await session.CommitAsync(cancellationToken);
        return result;
    }

    private async ValueTask<LoadResult> ClearAsync(CancellationToken cancellationToken)
    {
        var nothing = SentEvidence.OfNothing(load);
        if (load.Method == LoadMethod.Replace)
        {
            await session.ExecuteAsync(RedshiftSql.Delete(_table.Name, Where()), cancellationToken);
        }

        return new(0, 0) { Evidence = nothing }; // nothing but empty objects
    }

    private async ValueTask<LoadResult> WriteAsync(SchemaDrift drift, LoadResult staged, RedshiftProof? proof, CancellationToken cancellationToken)
    {
        foreach (var column in drift.Added)
        {
            await session.ExecuteAsync(RedshiftSql.AddColumn(_table.Name, column, RedshiftTypes.For(column, load.Manifest)), cancellationToken);
        }

        await KeepNewerAsync(drift, cancellationToken);
        if (load.Method != LoadMethod.Append)
        {
            await session.ExecuteAsync(load.Method == LoadMethod.Upsert ? RedshiftSql.DeleteReplaced(_table.Name, _keys) : RedshiftSql.Delete(_table.Name, Where()), cancellationToken);
        }

        var written = await session.ExecuteAsync(RedshiftSql.Insert(_table.Name, drift.Loaded, _snapshot is { } filled ? [filled] : [], _from), cancellationToken);
        RowEvidence? seen = proof is null
            ? null
            : await proof.OfMergeAsync(_table.Name, _from, load.Method == LoadMethod.Upsert ? _keys : [], load.Method == LoadMethod.Replace ? Where() : null, written, cancellationToken);
        return staged with { RowsInTable = written, Evidence = seen };
    }

    private string TypeOf(string name) => _table.Columns.FirstOrDefault(column => column.Name == name)?.Type ?? RedshiftTypes.For(name, load.Manifest);

    // A row that is older than the table's goes no further; rerunning a day must not undo a later one.
    private async ValueTask KeepNewerAsync(SchemaDrift drift, CancellationToken cancellationToken)
    {
        if (load.Method != LoadMethod.Upsert || LoadColumns.Order(load.OrderColumn, drift.Loaded, load.Table) is not { } order)
        {
            return;
        }

        if (await session.ExecuteAsync(RedshiftSql.DeleteOlder(_table.Name, _keys, order), cancellationToken) is > 0 and var older)
        {
            load.Log?.Invoke($"{older} rows are older by {order} than those of {load.Table}, which stay.");
        }
    }

    // NULL equals nothing, so such rows would be added again by every run.
    private async ValueTask RefuseNullKeysAsync(CancellationToken cancellationToken)
    {
        if (_keys.Count > 0 && await session.CountAsync(RedshiftSql.CountNullKeys(_keys), cancellationToken) is > 0 and var nulls)
        {
            throw new TaskFailedException($"{nulls} rows for {load.Table} have NULL in the key ({string.Join(", ", _keys)}); UPSERT cannot tell which rows they replace.");
        }
    }

    private (string Name, string Value)? Snapshot()
    {
        if (load.SnapshotColumn is not { } name)
        {
            return null;
        }

        var column = _table.Column(name);
        return (column.Name, $"CAST({RedshiftSql.Literal(load.SnapshotValue ?? throw new TaskFailedException("SnapshotColumn needs SnapshotValue."))} AS {column.Type})");
    }

    private string Where() => _snapshot is { } snapshot ? $" WHERE {SqlNames.Quote(snapshot.Name)} = {snapshot.Value}" : "";

    private LoadResult Known(long rows)
    {
        load.Log?.Invoke($"These objects were appended to {load.Table} already: {rows} rows. Nothing is loaded again.");
        return new(rows, rows);
    }

    private LoadResult Tell(IReadOnlyList<RedshiftFiles> files)
    {
        if (files.Count == 0)
        {
            load.Log?.Invoke("Dry run: the objects are empty. Nothing was changed.");
            return new(0, 0);
        }

        var drift = files[0].Drift;
        foreach (var column in drift.Added)
        {
            load.Log?.Invoke($"Dry run: would run {RedshiftSql.AddColumn(_table.Name, column, RedshiftTypes.For(column, load.Manifest))}");
        }

        var ignored = drift.Columns.Count(column => column is null);
        load.Log?.Invoke(
            $"Dry run: would {load.Method switch { LoadMethod.Replace => "replace the rows of", LoadMethod.Upsert => "upsert into", _ => "append to" }} {_table.Name}, "
            + $"columns {SqlNames.Join(drift.Loaded)}{(ignored > 0 ? $", passing over {ignored} that the table has not" : "")}. Nothing was changed.");
        return new(0, 0);
    }

    // The rows are in: whatever becomes of this is no reason to load them again.
    private async ValueTask AnalyzeAsync(CancellationToken cancellationToken)
    {
        try
        {
            await session.ExecuteAsync(RedshiftSql.Analyze(_table.Name), cancellationToken);
        }
        catch (Exception e) when (e is SqlHookException or OperationCanceledException)
        {
            load.Log?.Invoke($"The rows are loaded, but ANALYZE was not finished: {e.Message}");
        }
    }
}
