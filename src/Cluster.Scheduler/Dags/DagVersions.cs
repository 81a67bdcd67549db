using System.Collections.Concurrent;
using Sluice.Core.Dags;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.Dags;

/// <summary>Specs and graphs by version, read once and shared by all runs.</summary>
internal sealed class DagVersions(IReadModel readModel)
{
    private readonly ConcurrentDictionary<string, DagGraph> _graphs = new(StringComparer.Ordinal);

    public DagGraph Add(string version, DagSpec spec) => _graphs.GetOrAdd(version, static (_, given) => new(given), spec);

    /// <exception cref="Storage.StoreException">The version is not in the store.</exception>
    public async ValueTask<DagGraph> GetAsync(string version, CancellationToken cancellationToken)
    {
        if (_graphs.TryGetValue(version, out var graph))
        {
            return graph;
        }

        var json = await readModel.FindDagVersionAsync(version, cancellationToken)
            ?? throw new Storage.StoreException("store.missing_version", $"Dag version {version} is not in the store, but runs are pinned to it.");
        return Add(version, DagSpecJson.Deserialize(json));
    }
}
