using Sluice.Core.Connections;
using Sluice.Storage.Secrets;

namespace Sluice.Scheduler.Secrets;

/// <summary>Connections and variables in plain text, for those that may have them: the environment's before the store's.</summary>
internal sealed class Vault(ISecretStore store, SecretBox box)
{
    public async ValueTask<string?> FindAsync(SecretKind kind, string name, CancellationToken cancellationToken) =>
        Environment.GetEnvironmentVariable(SecretVariables.NameOf(PrefixOf(kind), name)) is { Length: > 0 } given ? given
        : await store.FindAsync(kind, name, cancellationToken) is { } value ? box.Open(kind, name, value)
        : null;

    public ValueTask SaveAsync(SecretKind kind, string name, string value, CancellationToken cancellationToken) =>
        store.SaveAsync(kind, name, box.Seal(kind, name, value), cancellationToken);

    public ValueTask<bool> DeleteAsync(SecretKind kind, string name, CancellationToken cancellationToken) =>
        store.DeleteAsync(kind, name, cancellationToken);

    /// <remarks>What only the environment has goes by its name in lower case: a shell's name does not tell the other.</remarks>
    public async Task<IReadOnlyDictionary<string, string>> AllAsync(SecretKind kind, CancellationToken cancellationToken)
    {
        var all = (await store.ListAsync(kind, cancellationToken)).ToDictionary(
            entry => entry.Key, entry => box.Open(kind, entry.Key, entry.Value), StringComparer.Ordinal);
        foreach (System.Collections.DictionaryEntry entry in Environment.GetEnvironmentVariables())
        {
            if (entry is { Key: string variable, Value: string value } && variable.StartsWith(PrefixOf(kind), StringComparison.Ordinal))
            {
                var known = all.Keys.FirstOrDefault(name => SecretVariables.NameOf(PrefixOf(kind), name) == variable);
                all[known ?? variable[PrefixOf(kind).Length..].ToLowerInvariant()] = value;
            }
        }

        return all;
    }

    private static string PrefixOf(SecretKind kind) =>
        kind == SecretKind.Connection ? SecretVariables.ConnectionPrefix : SecretVariables.VariablePrefix;

    /// <summary>A value as people may see it.</summary>
    public static string Masked(SecretKind kind, string name, string value) => kind switch
    {
        SecretKind.Connection => ConnectionUri.Format(ConnectionUri.Parse(name, value), masked: true),
        _ => ConnectionUri.IsSecret(name) ? "***" : value,
    };
}
