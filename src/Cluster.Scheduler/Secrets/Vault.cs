using Sluice.Authoring.Connections;
using Sluice.Storage.Secrets;

namespace Sluice.Scheduler.Secrets;

/// <summary>Connections and variables in plain text, for those that may have them.</summary>
internal sealed class Vault(ISecretStore store, SecretBox box)
{
    public async ValueTask<string?> FindAsync(SecretKind kind, string name, CancellationToken cancellationToken) =>
        await store.FindAsync(kind, name, cancellationToken) is { } value ? box.Open(kind, name, value) : null;

    public ValueTask SaveAsync(SecretKind kind, string name, string value, CancellationToken cancellationToken) =>
        store.SaveAsync(kind, name, box.Seal(kind, name, value), cancellationToken);

    public ValueTask<bool> DeleteAsync(SecretKind kind, string name, CancellationToken cancellationToken) =>
        store.DeleteAsync(kind, name, cancellationToken);

    public async Task<IReadOnlyDictionary<string, string>> AllAsync(SecretKind kind, CancellationToken cancellationToken) =>
        (await store.ListAsync(kind, cancellationToken)).ToDictionary(
            entry => entry.Key, entry => box.Open(kind, entry.Key, entry.Value), StringComparer.Ordinal);

    /// <summary>A value as people may see it.</summary>
    public static string Masked(SecretKind kind, string name, string value) => kind switch
    {
        SecretKind.Connection => ConnectionUri.Format(ConnectionUri.Parse(name, value), masked: true),
        _ => ConnectionUri.IsSecret(name) ? "***" : value,
    };
}
