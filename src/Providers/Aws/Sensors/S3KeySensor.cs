using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Sensors;

namespace Sluice.Providers.Aws.Sensors;

/// <summary>Waits until an object, or each of several, is there: in S3 or in a folder.</summary>
public sealed class S3KeySensor : Sensor
{
    /// <summary>Bucket of the keys. Default: the keys are whole addresses, <c>s3://bucket/key</c> or <c>file:///folder/name</c>.</summary>
    [Templated]
    public string? BucketName { get; set; }

    /// <summary>The key.</summary>
    [Templated]
    public string? BucketKey { get; set; }

    /// <summary>Several keys; all must be there.</summary>
    [Templated]
    public IReadOnlyList<string> BucketKeys { get; set; } = [];

    /// <summary><c>*</c>, <c>?</c> and <c>[abc]</c> in a key match any object so named; a <c>*</c> takes slashes too. Default: false.</summary>
    public bool WildcardMatch { get; set; }

    /// <summary>Bytes that an object must have at least, so that an empty marker does not count. Default: 0.</summary>
    public long MinSize { get; set; }

    /// <summary>Connection of S3. Default: the AWS SDK's own chain.</summary>
    [Templated]
    public string? AwsConnectionId { get; set; }

    /// <inheritdoc/>
    public override async ValueTask<Poke> PokeAsync(TaskContext context, CancellationToken cancellationToken)
    {
        string[] keys = string.IsNullOrEmpty(BucketKey) ? [.. BucketKeys] : [BucketKey, .. BucketKeys];
        if (keys.Length == 0)
        {
            throw new TaskFailedException("S3KeySensor needs BucketKey or BucketKeys.");
        }

        var watches = context.Task.Sensor is { Watch: not null };
        var there = new List<StoredObject>();
        IObjectStore? store = null;
        try
        {
            foreach (var uri in Addresses(keys))
            {
                store ??= await context.ObjectStoreAsync(uri, AwsConnectionId, cancellationToken);
                if (await FindAsync(store, uri, watches, cancellationToken) is not { } found)
                {
                    context.Log($"{ObjectUri.Text(uri)} is not there yet.");
                    return Poke.NotYet;
                }

                there.Add(found);
            }

            // A watcher is told of the newest: of an object that is written again, too.
            return watches
                ? new(true, ObjectUri.Text(there.MaxBy(one => one.LastModified)!.Uri), string.Join(' ', there.Select(one => $"{ObjectUri.Text(one.Uri)} {one.LastModified:O} {one.Size}")))
                : Poke.Done;
        }
        finally
        {
            await (store?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
    }

    private List<Uri> Addresses(string[] keys)
    {
        if (!string.IsNullOrEmpty(BucketName))
        {
            return Array.Find(keys, key => key.Contains("://", StringComparison.Ordinal)) is { } whole
                ? throw new TaskFailedException($"S3KeySensor has BucketName '{BucketName}' and the whole address '{whole}'; give keys of the bucket, or leave BucketName out.")
                : [.. keys.Select(key => ObjectUri.Create("s3", BucketName, key))];
        }

        var addresses = keys.Select(ObjectUri.Parse).ToList();
        return addresses.Find(one => one.Scheme != addresses[0].Scheme) is { } other
            ? throw new TaskFailedException($"S3KeySensor waits for {ObjectUri.Text(addresses[0])} and {ObjectUri.Text(other)}, which are in different stores; use a sensor for each.")
            : addresses;
    }

    private async ValueTask<StoredObject?> FindAsync(IObjectStore store, Uri uri, bool newest, CancellationToken cancellationToken)
    {
        var pattern = ObjectUri.Key(uri);
        if (!WildcardMatch || !Wildcard.IsIn(pattern))
        {
            return await store.HeadAsync(uri, cancellationToken) is { } one && one.Size >= MinSize ? one : null;
        }

        var regex = Wildcard.Compile(pattern, acrossFolders: true);
        StoredObject? found = null;
        await foreach (var one in store.ListAsync(ObjectUri.Create(uri.Scheme, uri.Host, Wildcard.Prefix(pattern)), cancellationToken))
        {
            if (one.Size >= MinSize && regex.IsMatch(ObjectUri.Key(one.Uri)) && (found is null || one.LastModified > found.LastModified))
            {
                found = one;
                if (!newest)
                {
                    break;
                }
            }
        }

        return found;
    }
}
