using System.Globalization;
using System.Text;
using Sluice.Authoring.Hooks;
using Sluice.Cluster.Wire;
using Sluice.Cluster.XComs;
using Sluice.Core.Connections;
using Sluice.Core.TaskInstances;

namespace Sluice.Cluster.Worker.Attempts;

/// <summary>Keeps XComs that are too large for the database in an object store.</summary>
/// <remarks>
/// Each attempt writes under a name of its own, before its outcome is told: a late attempt cannot touch what a newer one wrote, and no outcome
/// names an object that is not there. What a lost attempt wrote stays behind; let the store expire objects after the longest life of a run.
/// </remarks>
/// <param name="folder">Prefix of all objects; null: values stay in the database, whatever their size.</param>
/// <param name="connection">Id of the connection that the store is opened with; null: none.</param>
/// <param name="providers">Stores by the scheme of their URI.</param>
internal sealed class LargeXComs(Uri? folder, string? connection, ProviderCatalog providers)
{
    /// <summary>Longest value that stays in the database, in characters of JSON.</summary>
    public const int LongestInline = 64 * 1024;

    private const long RoomForLists = 32 * 1024 * 1024;

    // What lies in an object never changes: each attempt writes to names of its own.
    private readonly RecentlyUsed<Uri, JsonItems> _lists = new(RoomForLists, list => list.Size);
    private readonly SemaphoreSlim _reading = new(1);

    /// <summary>The outcome with its large values moved to the store.</summary>
    public async Task<TaskOutcome> MoveAsync(AttemptWork work, TaskOutcome outcome, Func<string, CancellationToken, ValueTask<Connection?>> find, CancellationToken cancellationToken)
    {
        if (folder is null || outcome.XComs is null || outcome.XComs.All(xcom => xcom.Value.Length <= LongestInline))
        {
            return outcome;
        }

        var moved = new List<XCom>(outcome.XComs.Count);
        Uri? at = null;
        try
        {
            await using var store = await OpenAsync(folder, find, cancellationToken).ConfigureAwait(false);
            foreach (var xcom in outcome.XComs)
            {
                if (xcom.Value.Length <= LongestInline)
                {
                    moved.Add(xcom);
                    continue;
                }

                // By number: a key may be any text, also one that no store takes for a name.
                var name = string.Create(
                    CultureInfo.InvariantCulture, $"{work.Run.Dag}/{work.Id.Run}/{Uri.EscapeDataString(work.Name.Value)}/{work.Id.Token}-{moved.Count}.json");
                at = new Uri(folder.AbsoluteUri.TrimEnd('/') + "/" + name);
                await using var write = await store.OpenWriteAsync(at, replace: true, cancellationToken).ConfigureAwait(false);
                await write.Body.WriteAsync(Encoding.UTF8.GetBytes(xcom.Value), cancellationToken).ConfigureAwait(false);
                await write.CommitAsync(cancellationToken).ConfigureAwait(false);
                moved.Add(new(xcom.Key, "", XComObject.Of(at, xcom.Value)));
            }

            return outcome with { XComs = moved };
        }
        catch (Exception e)
        {
            return new()
            {
                Kind = OutcomeKind.Failed,
                StartedAt = outcome.StartedAt,
                EndedAt = outcome.EndedAt,
                Error = $"XCom '{outcome.XComs[moved.Count].Key}' ({outcome.XComs[moved.Count].Value.Length} characters) could not be written to {at ?? folder}: {e.Message}",
            };
        }
    }

    /// <summary>Puts a value together whose parts lie in the store.</summary>
    /// <exception cref="TaskServiceException">A part cannot be read.</exception>
    public async Task<string> ReadAsync(XComParts parts, Func<string, CancellationToken, ValueTask<Connection?>> find, CancellationToken cancellationToken)
    {
        var values = new List<string>(parts.Parts.Count);
        foreach (var part in parts.Parts)
        {
            values.Add(part.Value ?? await ReadAsync(new Uri(part.Object!), find, cancellationToken).ConfigureAwait(false));
        }

        return parts.IsList ? $"[{string.Join(',', values)}]" : values[0];
    }

    /// <summary>Reads those elements of a list that lie in the store.</summary>
    /// <exception cref="TaskServiceException">One cannot be read.</exception>
    public async Task<XComItems> TakeAsync(
        XComItemParts parts, XComSlice slice, Func<string, CancellationToken, ValueTask<Connection?>> find, CancellationToken cancellationToken)
    {
        if (parts.Object is { } whole)
        {
            return (await ItemsAsync(new(whole), find, cancellationToken).ConfigureAwait(false)).Take(slice);
        }

        var values = new List<string>(parts.Parts.Count);
        foreach (var part in parts.Parts)
        {
            values.Add(part.Value ?? await ReadAsync(new Uri(part.Object!), find, cancellationToken).ConfigureAwait(false));
        }

        return new(parts.Length, values);
    }

    /// <summary>One by one: instances that begin together read their list once.</summary>
    private async Task<JsonItems> ItemsAsync(Uri uri, Func<string, CancellationToken, ValueTask<Connection?>> find, CancellationToken cancellationToken)
    {
        if (_lists.TryGet(uri, out var known))
        {
            return known;
        }

        await _reading.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_lists.TryGet(uri, out known))
            {
                known = JsonItems.Of(await ReadAsync(uri, find, cancellationToken).ConfigureAwait(false))
                    ?? throw new TaskServiceException($"The XCom at {uri} is neither a list nor an object: it has no elements.");
                _lists.Put(uri, known);
            }

            return known;
        }
        finally
        {
            _reading.Release();
        }
    }

    private async Task<string> ReadAsync(Uri uri, Func<string, CancellationToken, ValueTask<Connection?>> find, CancellationToken cancellationToken)
    {
        try
        {
            await using var store = await OpenAsync(uri, find, cancellationToken).ConfigureAwait(false);
            using var reader = new StreamReader(await store.OpenReadAsync(uri, cancellationToken).ConfigureAwait(false), Encoding.UTF8);
            return await reader.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new TaskServiceException($"The XCom at {uri} could not be read: {e.Message}");
        }
    }

    private async ValueTask<IObjectStore> OpenAsync(Uri uri, Func<string, CancellationToken, ValueTask<Connection?>> find, CancellationToken cancellationToken)
    {
        var opened = connection is null ? null
            : await find(connection, cancellationToken).ConfigureAwait(false)
                ?? throw new InvalidOperationException($"there is no connection '{connection}', which the worker's xcom_store_connection names");
        return providers.OpenObjectStore(uri.Scheme, opened);
    }
}
