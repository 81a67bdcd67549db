using System.Text.Json;
using Sluice.Cluster.Wire;
using Sluice.Core.Dags;
using Sluice.Storage.Bundles;
using Sluice.Storage.Secrets;

namespace Sluice.Scheduler.Bundles;

/// <summary>Bundles with the variables that their definitions read, as they were then: a run that is pinned to a bundle finds the same tasks in it.</summary>
internal sealed class BundleShelf(IBundleStore store, SecretBox box)
{
    public async ValueTask SaveAsync(ProcessedFile file, IReadOnlyDictionary<string, string> variables, CancellationToken cancellationToken)
    {
        if (file is not { BundleHash: { } hash, Bundle: { } content })
        {
            return;
        }

        var read = file.VariablesRead.Where(variables.ContainsKey).ToDictionary(name => name, name => variables[name], StringComparer.Ordinal);
        var sealedVariables = box.Seal(SecretKind.Variable, KeyOf(hash), JsonSerializer.Serialize(read));

        // The variables first: a bundle that is there is whole.
        await store.SaveAsync(KeyOf(hash), sealedVariables, cancellationToken);
        await store.SaveAsync(hash, content, cancellationToken);
    }

    /// <summary>Null when there is none by that hash.</summary>
    public async ValueTask<BundleContent?> FindAsync(string hash, CancellationToken cancellationToken)
    {
        if (await store.FindAsync(hash, cancellationToken) is not { } content)
        {
            return null;
        }

        var variables = await store.FindAsync(KeyOf(hash), cancellationToken) is { } envelope
            ? JsonSerializer.Deserialize<Dictionary<string, string>>(box.Open(SecretKind.Variable, KeyOf(hash), envelope))!
            : [];
        return new(content, variables);
    }

    private static string KeyOf(string hash) => hash + ".variables";
}
