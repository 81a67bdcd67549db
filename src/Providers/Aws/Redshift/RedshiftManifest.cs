using System.Text.Json;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;

namespace Sluice.Providers.Aws.Redshift;

/// <summary>Lists the objects of one COPY, so that it takes those and no others.</summary>
internal static class RedshiftManifest
{
    /// <summary>COPY takes every object whose key begins with what it is given, so a single name is exact only where no other begins with it.</summary>
    internal static async ValueTask<bool> IsNeededAsync(IReadOnlyList<Uri> objects, IObjectStore store, CancellationToken cancellationToken)
    {
        if (objects.Count > 1)
        {
            return true;
        }

        await foreach (var one in store.ListAsync(objects[0], cancellationToken))
        {
            if (one.Uri != objects[0])
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Writes one beside the first object, under a name that nobody else uses.</summary>
    /// <exception cref="TaskErrorException">An object has gone.</exception>
    internal static async ValueTask<Uri> WriteAsync(IReadOnlyList<Uri> objects, IObjectStore store, CancellationToken cancellationToken)
    {
        var sizes = await Task.WhenAll(objects.Select(one => store.HeadAsync(one, cancellationToken).AsTask()));
        var entries = objects.Zip(sizes, (uri, found) => found is null
            ? throw new TaskErrorException($"There is no object {ObjectUri.Text(uri)} any more.")
            : new { url = ObjectUri.Text(uri), mandatory = true, meta = new { content_length = found.Size } });
        var first = objects[0];
        var manifest = ObjectUri.Create("s3", first.Host, $"{ObjectUri.Key(first)}.{Guid.NewGuid():n}.manifest");
        await using var write = await store.OpenWriteAsync(manifest, replace: true, cancellationToken);
        await JsonSerializer.SerializeAsync(write.Body, new { entries }, cancellationToken: cancellationToken);
        await write.CommitAsync(cancellationToken);
        return manifest;
    }

    /// <summary>Takes it away; what a full bucket or a missing right leaves behind is no reason to fail a load.</summary>
    internal static async ValueTask DeleteAsync(Uri manifest, IObjectStore store, Action<string>? log)
    {
        try
        {
            await store.DeleteAsync(manifest, CancellationToken.None);
        }
        catch (Exception e)
        {
            log?.Invoke($"The manifest {ObjectUri.Text(manifest)} stays behind: {e.Message}");
        }
    }
}
