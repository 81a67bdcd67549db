using Sluice.Cluster.Api;
using Sluice.Core.Assets;
using Sluice.Scheduler.Assets;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.Api;

/// <summary>Assets: who updates them, who waits for them, and what happened to them.</summary>
internal sealed partial class OperatorApi
{
    private const int MostEvents = 1000;

    private async Task<IReadOnlyList<AssetSummary>> ListAssetsAsync(CancellationToken cancel)
    {
        var answer = await LeaderAsync<KnownAssets>(AssetsQuestion.Instance, cancel);
        return
        [
            .. answer.Assets.Select(known => new AssetSummary(
                known.Asset.Name, known.Asset is AssetAlias, (known.Asset as Asset)?.Uri, (known.Asset as Asset)?.Extra,
                [.. known.UpdatedBy.Select(task => new AssetSource(task.Dag.Value, task.Task.Value))], [.. known.Consumers.Select(dag => dag.Value)])
            {
                Circle = answer.Circles.FirstOrDefault(circle => circle.Assets.Any(asset => asset.Key == known.Asset.Key))?.Path,
            }),
        ];
    }

    private async Task<IReadOnlyList<AssetEventSummary>> ListAssetEventsAsync(AssetEventFilter filter, CancellationToken cancel)
    {
        if (filter.Limit is < 1 or > MostEvents)
        {
            throw new ApiException(400, $"The limit is {filter.Limit}; give 1 to {MostEvents}.");
        }

        NamedAsset? of = filter.Alias is not null ? new AssetAlias(filter.Alias) : filter.Asset is not null ? new Asset(filter.Asset) : null;
        var query = new AssetEventQuery { Of = of is null ? null : [of], NewestFirst = true, Limit = filter.Limit };
        return [.. (await store.ReadModel.ListAssetEventsAsync(query, cancel)).Select(Summaries.Of)];
    }

    private async Task<Changed> EmitAssetAsync(EmitRequest request, string who, CancellationToken cancel)
    {
        var extra = string.IsNullOrWhiteSpace(request.Extra) ? "{}" : request.Extra;
        if (AssetRules.ExtraProblem(extra) is { } problem)
        {
            throw new ApiException(400, $"The extra {problem}.");
        }

        var answer = await LeaderAsync<EmitAnswer>(new EmitAsset(request.Asset, extra, who), cancel);
        return answer.Refusal is null ? new(true) : throw new ApiException(404, answer.Refusal);
    }
}
