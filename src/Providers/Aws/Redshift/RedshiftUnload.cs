using Sluice.Authoring.Evidence;
using Sluice.Authoring.Extraction;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Objects;
using Sluice.Authoring.Operators;

namespace Sluice.Providers.Aws.Redshift;

/// <summary>Lets Redshift write rows into S3 by its UNLOAD, below a name of this attempt alone, and publishes what it wrote.</summary>
/// <param name="hook">A session of the cluster.</param>
/// <param name="request">What to read, and where it goes.</param>
/// <param name="options">Further options of UNLOAD.</param>
/// <param name="credentials">Who Redshift is when it writes.</param>
/// <param name="region">Of the bucket; null for the cluster's own.</param>
internal sealed class RedshiftUnload(ISqlHook hook, ExtractRequest request, IReadOnlyList<string> options, CopyCredentials credentials, string? region)
{
    // Redshift's own list of what it wrote, by its fixed name.
    private const string ListName = "manifest";

    /// <exception cref="SqlHookException">The server refused or went away.</exception>
    /// <exception cref="TaskFailedException">The request contradicts itself or a policy, or what was written is not what the cluster counted.</exception>
    internal async ValueTask<ExtractResult> RunAsync(CancellationToken cancellationToken)
    {
        Check();
        await using var publication = await ExtractPublication.BeginAsync(request, cancellationToken);
        try
        {
            await hook.ExecuteAsync("BEGIN", null, cancellationToken); // one snapshot for the columns, the rows and their counts
            var query = await PermittedQuery.OfAsync(request, hook, cancellationToken);
            await UnloadAsync(query.Sql, publication.Folder, cancellationToken);
            var unloaded = Convert.ToInt64((await hook.QueryAsync("SELECT pg_last_unload_count()", null, 1, cancellationToken))[0][0]);
            var counted = request.Reconcile == Reconciliation.None ? null : await query.CountAsync(hook, cancellationToken);
            await hook.ExecuteAsync("COMMIT", null, cancellationToken);

            var list = ObjectUri.Parse(publication.Folder + ListName);
            var written = await WrittenAsync(publication.Folder, list, unloaded, cancellationToken);
            Compare(counted, written.Sum(one => one.Rows));
            var result = await publication.PublishAsync(request, written, query.Columns, counted, cancellationToken);
            await publication.DeleteAsync([list], CancellationToken.None);
            return result;
        }
        catch
        {
            await publication.DiscardAsync([.. (await TryListAsync(publication.Folder)).Select(one => one.Uri)]);
            throw;
        }
    }

    private void Check()
    {
        RedshiftSql.CheckUnloadOptions(options);
        if (request.Uri.Scheme != "s3")
        {
            throw new TaskFailedException($"Redshift unloads into S3 only, and {ObjectUri.Text(request.Uri)} lies elsewhere; SqlToS3Operator writes there.");
        }

        if (request.Reconcile == Reconciliation.Checksums)
        {
            throw new TaskFailedException("No row of an UNLOAD passes the worker, so there is nothing to hash: set Reconcile to counts, or extract with SqlToS3Operator.");
        }
    }

    private async ValueTask UnloadAsync(string query, string folder, CancellationToken cancellationToken)
    {
        if (request.Csv.NullMarker.Length == 0)
        {
            request.Log?.Invoke("Redshift writes an empty string like NULL without a marker: both will be NULL. NullMarker \"\\N\", the default, keeps them apart.");
        }

        var unload = RedshiftSql.Unload(query, folder, credentials, region, request.Csv, options);
        request.Log?.Invoke(credentials.Scrub(unload));
        try
        {
            await hook.ExecuteAsync(unload, null, cancellationToken);
        }
        catch (SqlHookException e)
        {
            throw credentials.Scrub(e);
        }
    }

    // What the list names, with its rows: an object that is not there, or rows that nobody wrote, must not be published.
    private async ValueTask<IReadOnlyList<WrittenObject>> WrittenAsync(string folder, Uri list, long unloaded, CancellationToken cancellationToken)
    {
        var there = (await ListAsync(folder, cancellationToken)).ToDictionary(one => one.Uri);
        if (!there.ContainsKey(list))
        {
            return unloaded == 0 ? [] : throw new TaskErrorException($"Redshift says that it unloaded {unloaded} rows, and there is no {ObjectUri.Text(list)} to tell where they are.");
        }

        var entries = (await ObjectManifest.ReadAsync(request.Store, list, cancellationToken)).Entries;
        if (entries.FirstOrDefault(entry => !there.ContainsKey(entry.Uri)) is { } missing)
        {
            throw new TaskErrorException($"Redshift says that it wrote {missing.Url}, and it is not there.");
        }

        // Headers count as rows there, says the manual; an object without rows may be without a header, too.
        var header = request.Csv.Header && entries.Sum(entry => entry.Meta.RecordCount) != unloaded ? 1 : 0;
        var written = entries.Select(entry => new WrittenObject(there[entry.Uri], Math.Max(0, entry.Meta.RecordCount - header))).ToList();
        return written.Sum(one => one.Rows) == unloaded
            ? written
            : throw new TaskFailedException(
                $"What arrived is not what left: Redshift says that it unloaded {unloaded} rows, and its objects have {written.Sum(one => one.Rows)}.");
    }

    private void Compare(RowEvidence? counted, long rows)
    {
        if (counted is not null)
        {
            request.Trail.Require(
                EvidenceTrail.Source, "the source", counted with { Columns = [] }, EvidenceTrail.Manifest, "the objects that Redshift wrote", new(rows, null, []));
            request.Trail.See(EvidenceTrail.Source, counted, "the source");
        }
    }

    private async ValueTask<IReadOnlyList<StoredObject>> ListAsync(string folder, CancellationToken cancellationToken)
    {
        var found = new List<StoredObject>();
        await foreach (var one in request.Store.ListAsync(ObjectUri.Parse(folder), cancellationToken))
        {
            found.Add(one);
        }

        return found;
    }

    // After a failure; what cannot be listed stays, named by nobody.
    private async ValueTask<IReadOnlyList<StoredObject>> TryListAsync(string folder)
    {
        try
        {
            return await ListAsync(folder, CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or TaskErrorException or TaskFailedException)
        {
            request.Log?.Invoke($"What was written below {folder} stays there: {e.Message}");
            return [];
        }
    }
}
