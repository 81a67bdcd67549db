namespace Sluice.Storage.Secrets;

/// <summary>Connections and variables, stored as ciphertext: the store never sees the key (SecretBox).</summary>
public interface ISecretStore
{
    /// <summary>Upserts.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="name">Its name, in plain text.</param>
    /// <param name="sealedValue">Ciphertext from SecretBox.</param>
    /// <param name="cancellationToken">Cancels the write.</param>
    ValueTask SaveAsync(SecretKind kind, string name, ReadOnlyMemory<byte> sealedValue, CancellationToken cancellationToken);

    /// <summary>Null when there is none.</summary>
    ValueTask<byte[]?> FindAsync(SecretKind kind, string name, CancellationToken cancellationToken);

    /// <summary>False when there was none.</summary>
    ValueTask<bool> DeleteAsync(SecretKind kind, string name, CancellationToken cancellationToken);

    /// <summary>Names and ciphertexts, by name.</summary>
    ValueTask<IReadOnlyList<KeyValuePair<string, byte[]>>> ListAsync(SecretKind kind, CancellationToken cancellationToken);
}

/// <summary>The numbers are stored: never renumber.</summary>
public enum SecretKind
{
    Connection = 0,
    Variable = 1,
}
