using Sluice.Core.Connections;
using Sluice.Authoring.Csv;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Providers.Postgres.Hooks;

namespace Sluice.Providers.Aws.Redshift;

/// <summary>One try of a load, in a session of its own. What it has not committed is gone when it is disposed.</summary>
internal sealed class RedshiftSession(Connection connection, TableLoad load, CopyCredentials credentials, string? region) : IAsyncDisposable
{
    private readonly PostgresHook _hook = new(connection, PostgresHook.Redshift);
    private long _process;

    /// <summary>The server has answered at least once.</summary>
    internal bool WasOpen { get; private set; }

    /// <summary>COMMIT was sent and has not been answered.</summary>
    internal bool IsCommitting { get; private set; }

    /// <exception cref="SqlHookException">The server refused or went away.</exception>
    /// <exception cref="TaskFailedException">The load cannot be done.</exception>
    internal async ValueTask<LoadResult> LoadAsync(CancellationToken cancellationToken)
    {
        _process = await CountAsync("SELECT pg_backend_pid()", cancellationToken);
        WasOpen = true;
        await ExecuteAsync(RedshiftSql.ExactNames, cancellationToken);
        var table = await RedshiftTable.DescribeAsync(_hook, load, connection.Schema, cancellationToken);
        var files = await FindColumnsAsync(table, cancellationToken);
        var result = load.Method == LoadMethod.Append
            ? await AppendAsync(table, files, cancellationToken)
            : await MergeAsync(table, files, cancellationToken);
        if (load.Analyze && result.RowsInTable > 0)
        {
            await AnalyzeAsync(table, cancellationToken);
        }

        return result;
    }

    public ValueTask DisposeAsync() => _hook.DisposeAsync();

    private async ValueTask<LoadResult> AppendAsync(RedshiftTable table, IReadOnlyList<CopyFiles> files, CancellationToken cancellationToken)
    {
        if (files.Count == 0)
        {
            return new(0, 0); // nothing but empty objects
        }

        await ExecuteAsync("BEGIN", cancellationToken);
        var loaded = await CopyAsync(table, table.Name, files, cancellationToken);
        await CommitAsync(cancellationToken);
        return new(loaded, loaded);
    }

    // The staging table is of this session alone, so it is filled before the transaction: readers of the target wait for the merge, not for COPY,
    // and the lock as the first statement lets the transaction see all that others have committed by then.
    private async ValueTask<LoadResult> MergeAsync(RedshiftTable table, IReadOnlyList<CopyFiles> files, CancellationToken cancellationToken)
    {
        if (files.Count == 0)
        {
            if (load.Method == LoadMethod.Replace)
            {
                await ExecuteAsync(RedshiftSql.DeleteAll(table.Name), cancellationToken);
            }

            return new(0, 0);
        }

        var columns = files[0].Columns;
        var isUpsert = load.Method == LoadMethod.Upsert;
        var keys = isUpsert ? LoadColumns.Keys(load.UpsertKeys, table.PrimaryKey, columns, load.Table) : [];
        var order = isUpsert ? LoadColumns.Order(load.OrderColumn, columns, load.Table) : null;
        await ExecuteAsync(RedshiftSql.CreateStaging(table, columns), cancellationToken);
        var loaded = await CopyAsync(table, RedshiftSql.Staging, files, cancellationToken);
        if (isUpsert && await CountAsync(RedshiftSql.CountNullKeys(keys), cancellationToken) is > 0 and var nulls)
        {
            throw new TaskFailedException($"{nulls} rows for {load.Table} have NULL in the key ({string.Join(", ", keys)}); UPSERT cannot tell which rows they replace.");
        }

        await ExecuteAsync("BEGIN", cancellationToken);
        await ExecuteAsync(RedshiftSql.Lock(table.Name), cancellationToken);
        await ExecuteAsync(isUpsert ? RedshiftSql.DeleteReplaced(table.Name, keys) : RedshiftSql.DeleteAll(table.Name), cancellationToken);
        var written = await ExecuteAsync(
            isUpsert ? RedshiftSql.InsertLatest(table.Name, columns, keys, order) : RedshiftSql.InsertAll(table.Name, columns), cancellationToken);
        await CommitAsync(cancellationToken);
        return new(loaded, written);
    }

    // Redshift skips a header without reading it: objects whose columns stand in another order are copied by themselves.
    private async ValueTask<IReadOnlyList<CopyFiles>> FindColumnsAsync(RedshiftTable table, CancellationToken cancellationToken)
    {
        var found = new List<CopyFiles>();
        foreach (var source in load.Objects)
        {
            await using var reader = new CsvReader(await load.Store.OpenReadAsync(source, cancellationToken), load.Format);
            if (await LoadColumns.ReadAsync(reader, load, table.Columns, cancellationToken) is not { } columns)
            {
                continue; // empty, without even a header
            }

            if (found.Count > 0 && !columns.Order().SequenceEqual(found[0].Columns.Order()))
            {
                throw new TaskFailedException($"The objects of one load into {load.Table} have different columns; load them one after the other.");
            }

            if (found.FirstOrDefault(files => files.Columns.SequenceEqual(columns)) is { } same)
            {
                same.Objects.Add(source);
            }
            else
            {
                found.Add(new(columns, [source]));
            }
        }

        return found;
    }

    private async ValueTask<long> CopyAsync(RedshiftTable table, string into, IReadOnlyList<CopyFiles> files, CancellationToken cancellationToken)
    {
        if (load.Format.NullMarker.Length == 0 && table.TextColumns.Intersect(files[0].Columns).Any())
        {
            load.Log?.Invoke("Redshift cannot tell an empty string from NULL without a marker: empty strings become NULL. NullMarker \"\\N\" on both operators keeps them.");
        }

        long loaded = 0;
        foreach (var one in files)
        {
            loaded += await CopyAsync(table, into, one, cancellationToken);
        }

        return loaded;
    }

    private async ValueTask<long> CopyAsync(RedshiftTable table, string into, CopyFiles files, CancellationToken cancellationToken)
    {
        var manifest = await RedshiftManifest.IsNeededAsync(files.Objects, load.Store, cancellationToken)
            ? await RedshiftManifest.WriteAsync(files.Objects, load.Store, cancellationToken)
            : null;
        try
        {
            var copy = RedshiftSql.Copy(into, files.Columns, manifest ?? files.Objects[0], manifest is not null, credentials, region, load);
            load.Log?.Invoke(credentials.Scrub(copy));
            await _hook.ExecuteAsync(copy, null, cancellationToken);
        }
        catch (SqlHookException e)
        {
            throw await ExplainAsync(e, table, cancellationToken);
        }
        finally
        {
            if (manifest is not null)
            {
                await RedshiftManifest.DeleteAsync(manifest, load.Store, load.Log);
            }
        }

        var loaded = await CountAsync("SELECT pg_last_copy_count()", cancellationToken);
        if (RedshiftSql.Has(load, "MAXERROR") && await RedshiftLoadErrors.CountAsync(_hook, cancellationToken) is > 0 and var rejected)
        {
            load.Log?.Invoke($"{rejected} rows did not fit and were left out, as MAXERROR allows; sys_load_error_detail tells which.");
        }

        return loaded;
    }

    private async ValueTask<SqlHookException> ExplainAsync(SqlHookException refused, RedshiftTable table, CancellationToken cancellationToken)
    {
        // Redshift repeats parts of a statement in some of its answers, and so does the driver's own exception.
        var whole = refused.ToString();
        var inner = credentials.Scrub(whole) == whole ? refused.InnerException : null;
        return RedshiftLoadErrors.AreBehind(refused) && await RedshiftLoadErrors.TellAsync(connection, _process, cancellationToken) is { } rows
            ? new($"COPY into {table.Name} failed: {rows}", isTransient: false, inner)
            : new(credentials.Scrub(refused.Message), refused.IsTransient, inner);
    }

    private async ValueTask CommitAsync(CancellationToken cancellationToken)
    {
        IsCommitting = true;
        await ExecuteAsync("COMMIT", cancellationToken);
        IsCommitting = false;
    }

    // The rows are in: whatever becomes of this is no reason to load them again.
    private async ValueTask AnalyzeAsync(RedshiftTable table, CancellationToken cancellationToken)
    {
        try
        {
            await ExecuteAsync(RedshiftSql.Analyze(table.Name), cancellationToken);
        }
        catch (Exception e) when (e is SqlHookException or OperationCanceledException)
        {
            load.Log?.Invoke($"The rows are loaded, but ANALYZE was not finished: {e.Message}");
        }
    }

    private async ValueTask<long> ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        load.Log?.Invoke(sql);
        return await _hook.ExecuteAsync(sql, null, cancellationToken);
    }

    private async ValueTask<long> CountAsync(string sql, CancellationToken cancellationToken) =>
        Convert.ToInt64((await _hook.QueryAsync(sql, null, 1, cancellationToken))[0][0]);

    /// <summary>Objects whose columns stand in the same order.</summary>
    private sealed record CopyFiles(IReadOnlyList<string> Columns, List<Uri> Objects);
}
