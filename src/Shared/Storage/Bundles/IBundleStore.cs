namespace Sluice.Storage.Bundles;

/// <summary>Code of Dags, by content hash. Stored once, never changed.</summary>
public interface IBundleStore
{
    /// <summary>No effect when the hash is there.</summary>
    ValueTask SaveAsync(string hash, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>Null when there is none.</summary>
    ValueTask<byte[]?> FindAsync(string hash, CancellationToken cancellationToken);
}
