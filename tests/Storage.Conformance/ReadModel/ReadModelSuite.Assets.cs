using Sluice.Core.Assets;
using Sluice.Core.Schedules;
using Sluice.Storage.ReadModel;

namespace Sluice.Storage.Conformance.ReadModel;

/// <content>Updates of assets.</content>
public abstract partial class ReadModelSuite
{
    [Fact]
    public async Task The_oldest_events_of_an_asset_are_deleted_but_for_the_latest_of_each_source()
    {
        AssetEventRow Event(string asset, string? dag, int n) => new(new() { Asset = asset, SourceDag = dag, At = DateTimeOffset.UnixEpoch.AddHours(n), Extra = $$"""{"n":{{n}}}""" });
        await WriteAsync(Event("a", "rare", 1), Event("a", "busy", 2), Event("b", "busy", 3), Event("a", null, 4), Event("a", "busy", 5), Event("a", "busy", 6));
        await WriteAsync(Event("a", "busy", 7), new AssetEventsTrimmed("a", 2), new AssetEventsTrimmed("b", 2), new AssetEventsTrimmed("none", 2), Event("a", "busy", 8));

        var left = await Store.ReadModel.ListAssetEventsAsync(new(), None);
        Assert.Equal([1, 3, 4, 7, 8], left.Select(one => one.At.Hour));
        var ofRare = await Store.ReadModel.ListAssetEventsAsync(new() { Of = [new Asset("a")], SourceDag = "rare", NewestFirst = true, Limit = 1 }, None);
        Assert.Equal(1, ofRare.Single().At.Hour);
        await WriteAsync(Event("a", "busy", 9));
        Assert.True((await Store.ReadModel.ListAssetEventsAsync(new() { After = left[^1].Id }, None)).Single().Id > left[^1].Id);
    }

    [Fact]
    public async Task Events_of_assets_get_ids_in_the_order_of_their_commits_and_are_found_by_asset_and_alias()
    {
        var bare = new AssetEvent { Asset = "orders", At = Day(1) };
        var whole = new AssetEvent
        {
            Asset = "고객/2021", Alias = "files", At = Noon, Extra = """{"rows":1}""", SourceDag = "weather", SourceRun = "r", SourceTask = "load[3]",
            SourceInterval = new(Day(1), Day(2)), By = "ann",
        };
        Assert.Equal(0, await Store.ReadModel.FindLatestAssetEventAsync(None));
        await WriteAsync(new AssetEventRow(bare), new AssetEventRow(whole));
        await WriteAsync(new AssetEventRow(bare with { At = Day(2) }));

        var all = await Store.ReadModel.ListAssetEventsAsync(new(), None);
        Assert.Equal([bare with { Id = all[0].Id }, whole with { Id = all[1].Id, At = Noon.ToUniversalTime() }, bare with { Id = all[2].Id, At = Day(2) }], all);
        Assert.True(0 < all[0].Id && all[0].Id < all[1].Id && all[1].Id < all[2].Id);
        Assert.Equal(all[2].Id, await Store.ReadModel.FindLatestAssetEventAsync(None));

        async Task AssertFindsAsync(AssetEventQuery query, params int[] found) =>
            Assert.Equal(found.Select(index => all[index]), await Store.ReadModel.ListAssetEventsAsync(query, None));
        await AssertFindsAsync(new() { Of = [new Asset("orders")] }, 0, 2);
        await AssertFindsAsync(new() { Of = [new Asset("orders")], After = all[0].Id }, 2);
        await AssertFindsAsync(new() { Of = [new AssetAlias("files")] }, 1);
        await AssertFindsAsync(new() { Of = [new Asset("orders"), new AssetAlias("files")], NewestFirst = true, Limit = 2 }, 2, 1);
        await AssertFindsAsync(new() { Of = [new Asset("files"), new AssetAlias("orders")] });
        await AssertFindsAsync(new() { Of = [] });
    }
}
