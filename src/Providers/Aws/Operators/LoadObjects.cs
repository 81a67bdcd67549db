using Sluice.Authoring.Hooks;
using Sluice.Authoring.Objects;
using Sluice.Authoring.Operators;

namespace Sluice.Providers.Aws.Operators;

/// <summary>The objects that a load reads.</summary>
/// <param name="Uris">In order.</param>
/// <param name="Manifest">What named them; null when they were found by their keys.</param>
internal sealed record LoadObjects(IReadOnlyList<Uri> Uris, ObjectManifest? Manifest)
{
    /// <summary>How they are written, as the manifest says; null when it does not.</summary>
    internal CsvFormat? Csv => Manifest?.Meta?.Sluice?.Csv;

    /// <exception cref="TaskErrorException">There is nothing.</exception>
    /// <exception cref="TaskFailedException">There is both an object and a manifest by this name, or the objects are no CSV.</exception>
    internal static async ValueTask<LoadObjects> FindAsync(IObjectStore store, Uri uri, CancellationToken cancellationToken)
    {
        if (ObjectManifest.IsNamedSo(uri))
        {
            return await store.HeadAsync(uri, cancellationToken) is null
                ? throw new TaskErrorException($"There is no manifest {ObjectUri.Text(uri)}.")
                : await ReadAsync(store, uri, cancellationToken);
        }

        if (uri.AbsolutePath.EndsWith('/'))
        {
            return await ListAsync(store, uri, cancellationToken);
        }

        var manifest = ObjectUri.Parse(ObjectUri.Text(uri) + ObjectManifest.Ending);
        var hasManifest = await store.HeadAsync(manifest, cancellationToken) is not null;
        var hasObject = await store.HeadAsync(uri, cancellationToken) is not null;
        return (hasManifest, hasObject) switch
        {
            (true, true) => throw new TaskFailedException(
                $"There is both {ObjectUri.Text(uri)} and {ObjectUri.Text(manifest)}, from extracts of different kinds; delete one, or name the manifest."),
            (true, false) => await ReadAsync(store, manifest, cancellationToken),
            (false, true) => new([uri], null),
            _ => await ListAsync(store, uri, cancellationToken),
        };
    }

    private static async ValueTask<LoadObjects> ReadAsync(IObjectStore store, Uri uri, CancellationToken cancellationToken)
    {
        var manifest = await ObjectManifest.ReadAsync(store, uri, cancellationToken);
        return manifest.Meta?.Sluice is { Format: not "csv" } other
            ? throw new TaskFailedException($"The objects of {ObjectUri.Text(uri)} are {other.Format}; only CSV can be loaded.")
            : new([.. manifest.Entries.Select(entry => entry.Uri)], manifest);
    }

    private static async ValueTask<LoadObjects> ListAsync(IObjectStore store, Uri uri, CancellationToken cancellationToken)
    {
        var found = new List<Uri>();
        await foreach (var one in store.ListAsync(uri, cancellationToken))
        {
            // A manifest is no data: one of a COPY that runs at this moment, or that a killed worker left.
            if (!ObjectManifest.IsNamedSo(one.Uri))
            {
                found.Add(one.Uri);
            }
        }

        return found.Count > 0
            ? new(found, null)
            : throw new TaskErrorException($"There is no object {ObjectUri.Text(uri)}, and none whose key begins so.");
    }
}
