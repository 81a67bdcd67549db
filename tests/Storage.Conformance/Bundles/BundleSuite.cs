namespace Sluice.Storage.Conformance.Bundles;

public abstract class BundleSuite(IEngine engine) : StoreSuite(engine)
{
    [Fact]
    public async Task A_bundle_comes_back_as_it_was_saved()
    {
        var content = new byte[2_000_000];
        new Random(1).NextBytes(content);

        await Store.Bundles.SaveAsync("sha256:1", content, None);

        Assert.Equal(content, await Store.Bundles.FindAsync("sha256:1", None));
        Assert.Null(await Store.Bundles.FindAsync("sha256:2", None));
    }

    [Fact]
    public async Task A_bundle_is_stored_once_and_never_changed()
    {
        await Store.Bundles.SaveAsync("h", new byte[] { 1 }, None);
        await Store.Bundles.SaveAsync("h", new byte[] { 2 }, None);

        Assert.Equal([1], await Store.Bundles.FindAsync("h", None));
    }
}
