using System.Globalization;
using System.Text;
using Sluice.Authoring.Hooks;
using Sluice.Cluster.Wire;
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
