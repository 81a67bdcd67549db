using Sluice.Authoring.Hooks;
using Sluice.Authoring.Loading;
using Sluice.Authoring.Operators;

namespace Sluice.Providers.Aws.Redshift;

/// <summary>Runs COPY, and says which rows did not fit.</summary>
/// <param name="session">Where it runs.</param>
/// <param name="load">What is loaded.</param>
/// <param name="credentials">Who Redshift is when it fetches.</param>
/// <param name="region">Of the bucket; null for the cluster's own.</param>
/// <param name="rejects">Takes rows that do not fit; null: they fail the load.</param>
internal sealed class RedshiftCopy(RedshiftSession session, TableLoad load, CopyCredentials credentials, string? region, LoadQuarantine? rejects)
{
    /// <summary>Copies all objects.</summary>
    /// <returns>Rows that fitted.</returns>
    internal async ValueTask<long> RunAsync(RedshiftTable table, string into, IReadOnlyList<RedshiftFiles> files, CancellationToken cancellationToken)
    {
        if (load.Format.NullMarker.Length == 0 && table.Columns.Any(column => column.IsText && files[0].Drift.Loaded.Contains(column.Name)))
        {
            load.Log?.Invoke("Redshift cannot tell an empty string from NULL without a marker: empty strings become NULL. NullMarker \"\\N\" on both operators keeps them.");
        }

        long loaded = 0;
        foreach (var one in files)
        {
            loaded += await RunAsync(table, into, one, cancellationToken);
        }

        return loaded;
    }

    private async ValueTask<long> RunAsync(RedshiftTable table, string into, RedshiftFiles files, CancellationToken cancellationToken)
    {
        var manifest = await RedshiftManifest.IsNeededAsync(files.Objects, load.Store, cancellationToken)
            ? await RedshiftManifest.WriteAsync(files.Objects, load.Store, cancellationToken)
            : null;
        try
        {
            var copy = RedshiftSql.Copy(into, files.Columns, manifest ?? files.Objects[0], manifest is not null, credentials, region, load);
            load.Log?.Invoke(credentials.Scrub(copy));
            await session.Hook.ExecuteAsync(copy, null, cancellationToken);
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

        var loaded = await session.CountAsync("SELECT pg_last_copy_count()", cancellationToken);
        if (rejects is not null)
        {
            await SetAsideAsync(cancellationToken);
        }
        else if (RedshiftSql.Has(load, "MAXERROR") && await RedshiftLoadErrors.CountAsync(session.Hook, cancellationToken) is > 0 and var rejected)
        {
            load.Log?.Invoke($"{rejected} rows did not fit and were left out, as MAXERROR allows; sys_load_error_detail tells which.");
        }

        return loaded;
    }

    private async ValueTask SetAsideAsync(CancellationToken cancellationToken)
    {
        var rejected = await RedshiftLoadErrors.CountAsync(session.Hook, cancellationToken);
        if (rejected > 0)
        {
            await AddAsync(await RedshiftLoadErrors.OfLastCopyAsync(session.Hook, cancellationToken), rejected, cancellationToken);
        }
    }

    private async ValueTask AddAsync(IReadOnlyList<RedshiftLoadError> rows, long rejected, CancellationToken cancellationToken)
    {
        foreach (var row in rows)
        {
            await rejects!.AddAsync(ObjectUri.Parse(row.Object), row.Line, row.Reason, row.RawLine, cancellationToken);
        }

        if (rows.Count < rejected)
        {
            throw new TaskFailedException(
                $"{rejected} rows of {load.Table} did not fit, and Redshift's stl_load_errors shows this user {rows.Count} of them, so they cannot be kept in the quarantine.");
        }
    }

    private async ValueTask<Exception> ExplainAsync(SqlHookException refused, RedshiftTable table, CancellationToken cancellationToken)
    {
        var scrubbed = credentials.Scrub(refused);
        if (!RedshiftLoadErrors.AreBehind(refused) || await RedshiftLoadErrors.OfSessionAsync(session.Connection, session.Process, cancellationToken) is not { Count: > 0 } rows)
        {
            return scrubbed;
        }

        if (rejects is not null)
        {
            // One more than may be: the quarantine says so itself.
            await AddAsync(rows, rows.Count, cancellationToken);
        }

        return new SqlHookException($"COPY into {table.Name} failed: {rows[0]}{(rows.Count > 1 ? " (and further rows)" : "")}", isTransient: false, scrubbed.InnerException);
    }
}
