namespace Sluice.Authoring.Hooks;

/// <summary>Objects by URI: an S3 bucket or a local folder. Safe for concurrent use.</summary>
public interface IObjectStore : IAsyncDisposable
{
    /// <summary>Facts about one object; null when it does not exist.</summary>
    ValueTask<StoredObject?> HeadAsync(Uri uri, CancellationToken cancellationToken);

    /// <summary>Objects whose URI begins with a prefix, in ascending order of key.</summary>
    IAsyncEnumerable<StoredObject> ListAsync(Uri prefix, CancellationToken cancellationToken);

    /// <summary>Opens an object for reading from its beginning.</summary>
    /// <exception cref="FileNotFoundException">There is no such object.</exception>
    ValueTask<Stream> OpenReadAsync(Uri uri, CancellationToken cancellationToken);

    /// <summary>Opens an object for writing. Nothing is visible until <see cref="IObjectWrite.CommitAsync"/>; disposing without it leaves nothing behind.</summary>
    /// <exception cref="ObjectExistsException">It exists and may not be replaced, nor is it the writer's own from before (checked again at the commit).</exception>
    /// <exception cref="Operators.TaskFailedException">The store does not have what an option asks for.</exception>
    ValueTask<IObjectWrite> OpenWriteAsync(Uri uri, ObjectWriteOptions options, CancellationToken cancellationToken);

    /// <summary>Deletes an object; no error when it does not exist.</summary>
    ValueTask DeleteAsync(Uri uri, CancellationToken cancellationToken);
}

/// <summary>An object being written.</summary>
public interface IObjectWrite : IAsyncDisposable
{
    /// <summary>Takes the bytes; writing waits when the store is slower.</summary>
    Stream Body { get; }

    /// <summary>The earlier attempt whose object this one replaces though others may not be replaced; null when there is none.</summary>
    ObjectWriter? TakesOverFrom => null;

    /// <summary>Publishes the object whole.</summary>
    /// <exception cref="ObjectChangedException">Someone else has written it since the writing began: the later one has the say, not whoever was slower.</exception>
    ValueTask<StoredObject> CommitAsync(CancellationToken cancellationToken);
}

/// <summary>Facts about an object.</summary>
/// <param name="Uri">Where it lies.</param>
/// <param name="Size">Bytes.</param>
/// <param name="LastModified">UTC.</param>
public sealed record StoredObject(Uri Uri, long Size, DateTimeOffset LastModified)
{
    /// <summary>Tells this content from what is there after the next write (S3: the ETag); null when it is not known.</summary>
    public string? Version { get; init; }

    /// <summary>Who wrote it, where that was said and one object is asked about; null when it is not known.</summary>
    public ObjectWriter? Writer { get; init; }
}

/// <summary>The object exists and may not be replaced.</summary>
public sealed class ObjectExistsException(Uri uri) : IOException($"{uri} exists already; set replace to overwrite it.");

/// <summary>The object was written by someone else while it was being written.</summary>
public sealed class ObjectChangedException(Uri uri)
    : IOException($"{ObjectUri.Text(uri)} was written by someone else since this attempt began to write it; theirs stays.");
