using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Sensors;

namespace Sluice.Providers.Aws.Operators;

/// <summary>Lists objects. Returns their addresses in ascending order: <c>["s3://bucket/a", ...]</c>.</summary>
public sealed class S3ListOperator : Operator
{
    private const int MostKeys = 10_000;

    /// <summary>What the addresses begin with: <c>s3://bucket/folder/</c> or <c>file:///folder/</c>. <c>*</c>, <c>?</c> and <c>[abc]</c> match, a <c>*</c> slashes too.</summary>
    [Templated]
    public string Uri { get; set; } = "";

    /// <summary>Connection of S3. Default: the AWS SDK's own chain.</summary>
    [Templated]
    public string? AwsConnectionId { get; set; }

    /// <inheritdoc/>
    public override async ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken)
    {
        var uri = ObjectUri.Parse(Uri);
        await using var store = await context.ObjectStoreAsync(uri, AwsConnectionId, cancellationToken);
        var found = new List<string>();
        await foreach (var one in ObjectSearch.FindAsync(store, uri, cancellationToken))
        {
            found.Add(ObjectUri.Text(one.Uri));
            if (found.Count > MostKeys)
            {
                throw new TaskFailedException($"More than {MostKeys} objects match {Uri}; make it narrower.");
            }
        }

        context.Log($"{found.Count} objects match {Uri}.");
        return found;
    }
}

/// <summary>Copies one object, inside a store or from one to another. Returns <c>{"uri", "bytes"}</c>.</summary>
public sealed class S3CopyOperator : Operator
{
    /// <summary>The object: <c>s3://bucket/key</c> or <c>file:///folder/name</c>.</summary>
    [Templated]
    public string SourceUri { get; set; } = "";

    /// <summary>Where the copy goes.</summary>
    [Templated]
    public string DestinationUri { get; set; } = "";

    /// <summary>Connection of S3 for the source. Default: the AWS SDK's own chain.</summary>
    [Templated]
    public string? SourceConnectionId { get; set; }

    /// <summary>Connection of S3 for the destination. Default: the source's.</summary>
    [Templated]
    public string? DestinationConnectionId { get; set; }

    /// <summary>Overwrites the destination when it exists, instead of failing; what an earlier try of this task in this run wrote is overwritten anyway. Default: false.</summary>
    public bool Replace { get; set; }

    /// <summary>Storage class of the copy in S3. Default: the bucket's; never the source's.</summary>
    public string? StorageClass { get; set; }

    /// <summary>Encryption at rest of the copy in S3: AES256 or aws:kms. Default: the bucket's; never the source's.</summary>
    public string? Encryption { get; set; }

    /// <summary>With aws:kms: id or ARN of the key. Default: the account's.</summary>
    [Templated]
    public string? KmsKeyId { get; set; }

    /// <summary>Tags of the copy in S3. Default: none; the source's are not taken along.</summary>
    [Templated]
    public Dictionary<string, string> ObjectTags { get; set; } = [];

    /// <inheritdoc/>
    public override async ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken)
    {
        var (from, to) = (ObjectUri.Parse(SourceUri), ObjectUri.Parse(DestinationUri));
        if (from == to)
        {
            throw new TaskFailedException($"{SourceUri} cannot be copied onto itself.");
        }

        await using var source = await context.ObjectStoreAsync(from, SourceConnectionId, cancellationToken);
        await using var destination = await context.ObjectStoreAsync(
            to, string.IsNullOrEmpty(DestinationConnectionId) ? SourceConnectionId : DestinationConnectionId, cancellationToken);
        await using var write = await destination.OpenWriteAsync(to, WriteOptions(context), cancellationToken);
        await using (var read = await OpenAsync(source, from, cancellationToken))
        {
            await read.CopyToAsync(write.Body, cancellationToken);
        }

        var stored = await write.CommitAsync(cancellationToken);
        context.Log($"Copied {stored.Size} bytes from {SourceUri} to {DestinationUri}.");
        return new Dictionary<string, object> { ["uri"] = ObjectUri.Text(to), ["bytes"] = stored.Size };
    }

    private ObjectWriteOptions WriteOptions(TaskContext context) => new()
    {
        Replace = Replace,
        Writer = context.Writer,
        StorageClass = StorageClass,
        Encryption = Encryption,
        KmsKeyId = string.IsNullOrEmpty(KmsKeyId) ? null : KmsKeyId,
        Tags = ObjectTags,
    };

    private static async ValueTask<Stream> OpenAsync(IObjectStore store, Uri uri, CancellationToken cancellationToken)
    {
        try
        {
            return await store.OpenReadAsync(uri, cancellationToken);
        }
        catch (FileNotFoundException e)
        {
            throw new TaskErrorException($"There is no object {ObjectUri.Text(uri)}.", e);
        }
    }
}

/// <summary>Deletes objects by their addresses; one that is not there is no error. Returns how many were there.</summary>
public sealed class S3DeleteOperator : Operator
{
    /// <summary>Addresses: <c>s3://bucket/key</c> or <c>file:///folder/name</c>. <c>*</c>, <c>?</c> and <c>[abc]</c> match, a <c>*</c> slashes too; without them one object is meant, never all that begin so.</summary>
    [Templated]
    public IReadOnlyList<string> Uris { get; set; } = [];

    /// <summary>Connection of S3. Default: the AWS SDK's own chain.</summary>
    [Templated]
    public string? AwsConnectionId { get; set; }

    /// <inheritdoc/>
    public override async ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken)
    {
        if (Uris.Count == 0)
        {
            throw new TaskFailedException("S3DeleteOperator needs Uris.");
        }

        var addresses = Uris.Select(ObjectUri.Parse).ToList();
        if (addresses.FirstOrDefault(uri => ObjectUri.Key(uri).Trim('*').Length == 0) is { } all)
        {
            throw new TaskFailedException($"{ObjectUri.Text(all)} means everything; name what is to be deleted.");
        }

        var deleted = 0;
        foreach (var uri in addresses)
        {
            await using var store = await context.ObjectStoreAsync(uri, AwsConnectionId, cancellationToken);
            await foreach (var one in ObjectSearch.FindAsync(store, uri, cancellationToken, isPrefix: false))
            {
                await store.DeleteAsync(one.Uri, cancellationToken);
                deleted++;
            }
        }

        context.Log($"Deleted {deleted} objects.");
        return deleted;
    }
}

/// <summary>Finds objects by an address with wildcards.</summary>
internal static class ObjectSearch
{
    /// <param name="store">Where to look.</param>
    /// <param name="uri">With wildcards or without.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <param name="isPrefix">Without wildcards: all that begin so, instead of the one.</param>
    internal static async IAsyncEnumerable<StoredObject> FindAsync(
        IObjectStore store, Uri uri, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken, bool isPrefix = true)
    {
        var pattern = ObjectUri.Key(uri);
        if (!Wildcard.IsIn(pattern) && !isPrefix)
        {
            if (await store.HeadAsync(uri, cancellationToken) is { } one)
            {
                yield return one;
            }

            yield break;
        }

        var regex = Wildcard.IsIn(pattern) ? Wildcard.Compile(pattern, acrossFolders: true) : null;
        var prefix = regex is null ? uri : ObjectUri.Create(uri.Scheme, uri.Host, Wildcard.Prefix(pattern));
        await foreach (var one in store.ListAsync(prefix, cancellationToken))
        {
            if (regex is null || regex.IsMatch(ObjectUri.Key(one.Uri)))
            {
                yield return one;
            }
        }
    }
}
