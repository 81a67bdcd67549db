using System.CommandLine;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Output;
using Sluice.Cluster.Api;

namespace Sluice.Cli.Assets;

/// <summary><c>sluice assets</c>.</summary>
internal static class AssetsCommands
{
    private static readonly Argument<string> Name = new("name") { Description = "The asset's name." };
    private static readonly Argument<string?> OfAsset = new("name") { Description = "Only of this asset.", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<string?> Alias = new("--alias") { Description = "Only those that tasks gave under this alias.", HelpName = "ALIAS" };
    private static readonly Option<string?> Extra = new("--extra") { Description = "JSON object for those who wait for it.", HelpName = "JSON" };
    private static readonly Option<int> Limit = new("--limit") { Description = "At most so many.", HelpName = "N", DefaultValueFactory = _ => 25 };

    public static Command Create(CommandFactory factory) => CommandFactory.Group(
        "assets",
        "Look at the data that Dags make and wait for, and tell of updates from outside.",
        factory.Remote(new("list", "List assets that Dags update or wait for.", "sluice assets list"), ListAsync),
        factory.Remote(new("show", "Show an asset: who updates it, who waits for it, its latest updates.", "sluice assets show orders"), ShowAsync, Name),
        factory.Remote(
            new("events", "List updates of assets, latest first.", "sluice assets events orders", "sluice assets events --alias files_of_today"), EventsAsync, OfAsset, Alias, Limit),
        factory.Remote(
            new("emit", "Tell that an asset was updated outside of Sluice.", "sluice assets emit orders", "sluice assets emit orders --extra '{\"rows\": 12}'"), EmitAsync, Name, Extra));

    private static async Task<int> ListAsync(Invocation invocation, ApiClient api) => invocation.Show<IReadOnlyList<AssetSummary>>(
        await api.CallAsync(Operations.ListAssets, new Nothing(), invocation.Cancel),
        assets =>
        {
            var listing = new Listing("No Dag updates an asset or waits for one.", "asset", "uri", "updated by", "waited for by");
            foreach (var asset in assets)
            {
                listing.Add(NameOf(asset), asset.Uri, SourcesOf(asset), string.Join(", ", asset.Consumers));
            }

            listing.WriteTo(invocation.Terminal);
            foreach (var circle in assets.Select(asset => asset.Circle).OfType<string>().Distinct())
            {
                invocation.Terminal.Line($"Warning: Dags make each other run without end: {circle}");
            }
        });

    private static async Task<int> ShowAsync(Invocation invocation, ApiClient api)
    {
        var name = invocation.Get(Name);
        var assets = ApiClient.Read<IReadOnlyList<AssetSummary>>(await api.CallAsync(Operations.ListAssets, new Nothing(), invocation.Cancel)).Where(asset => asset.Asset == name).ToList();
        if (assets.Count == 0)
        {
            throw new UsageException($"No Dag knows an asset '{name}'. See those that are known: sluice assets list");
        }

        if (invocation.Json)
        {
            invocation.Terminal.Line(ApiJson.Serialize<IReadOnlyList<AssetSummary>>(assets));
            return ExitCodes.Ok;
        }

        foreach (var asset in assets)
        {
            new Facts()
                .Add("Asset", NameOf(asset))
                .Add("URI", asset.Uri)
                .Add("Extra", asset.Extra)
                .Add("Updated by", SourcesOf(asset))
                .Add("Waited for by", string.Join(", ", asset.Consumers))
                .Add("Without end", asset.Circle)
                .WriteTo(invocation.Terminal);
            invocation.Terminal.Line();
            var filter = new AssetEventFilter(asset.IsAlias ? null : name, asset.IsAlias ? name : null, 10);
            Show(invocation, ApiClient.Read<IReadOnlyList<AssetEventSummary>>(await api.CallAsync(Operations.ListAssetEvents, filter, invocation.Cancel)));
        }

        return ExitCodes.Ok;
    }

    private static async Task<int> EventsAsync(Invocation invocation, ApiClient api)
    {
        var filter = new AssetEventFilter(invocation.Find(OfAsset), invocation.Find(Alias), invocation.Find(Limit));
        if (filter is { Asset: not null, Alias: not null })
        {
            throw new UsageException("Give the name of an asset or --alias, not both.");
        }

        return invocation.Show<IReadOnlyList<AssetEventSummary>>(
            await api.CallAsync(Operations.ListAssetEvents, filter, invocation.Cancel), events => Show(invocation, events));
    }

    private static async Task<int> EmitAsync(Invocation invocation, ApiClient api)
    {
        var name = invocation.Get(Name);
        return invocation.Show<Changed>(
            await api.CallAsync(Operations.EmitAsset, new EmitRequest(name, invocation.Find(Extra)), invocation.Cancel),
            _ => invocation.Terminal.Line($"Asset '{name}' is updated."));
    }

    private static void Show(Invocation invocation, IReadOnlyList<AssetEventSummary> events)
    {
        var listing = new Listing("It has not been updated yet.", "!at (UTC)", "asset", "by", "run", "extra");
        foreach (var one in events)
        {
            listing.Add(
                Wording.Time(one.At), one.Alias is null ? one.Asset : $"{one.Asset} (alias {one.Alias})", one.SourceDagId is null ? one.By : $"{one.SourceDagId}.{one.SourceTaskId}", one.SourceRunId, one.Extra);
        }

        listing.WriteTo(invocation.Terminal);
    }

    private static string NameOf(AssetSummary asset) => asset.IsAlias ? $"{asset.Asset} (alias)" : asset.Asset;

    private static string SourcesOf(AssetSummary asset) => string.Join(", ", asset.UpdatedBy.Select(task => $"{task.DagId}.{task.TaskId}"));
}
