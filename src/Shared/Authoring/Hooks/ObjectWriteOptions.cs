namespace Sluice.Authoring.Hooks;

/// <summary>How an object is written.</summary>
public sealed record ObjectWriteOptions
{
    /// <summary>Overwrites the object when it exists. Default: false.</summary>
    public bool Replace { get; init; }

    /// <summary>Who writes. Without <see cref="Replace"/>, an object is overwritten that an earlier attempt of the same wrote. Null: nobody is remembered, and nothing overwritten.</summary>
    public ObjectWriter? Writer { get; init; }

    /// <summary>S3 only: STANDARD, STANDARD_IA, INTELLIGENT_TIERING, ...; null for the bucket's default.</summary>
    public string? StorageClass { get; init; }

    /// <summary>S3 only: AES256 or aws:kms; null for the bucket's default.</summary>
    public string? Encryption { get; init; }

    /// <summary>S3 only, with aws:kms: id or ARN of the key; null for the account's default.</summary>
    public string? KmsKeyId { get; init; }

    /// <summary>S3 only: tags of the object.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>True when a setting is one that only S3 knows.</summary>
    public bool IsForS3 => StorageClass is not null || Encryption is not null || KmsKeyId is not null || Tags.Count > 0;
}

/// <summary>Short forms.</summary>
public static class ObjectStoreExtensions
{
    /// <summary>Opens an object for writing, with nothing special.</summary>
    public static ValueTask<IObjectWrite> OpenWriteAsync(this IObjectStore store, Uri uri, bool replace, CancellationToken cancellationToken) =>
        store.OpenWriteAsync(uri, new ObjectWriteOptions { Replace = replace }, cancellationToken);
}
