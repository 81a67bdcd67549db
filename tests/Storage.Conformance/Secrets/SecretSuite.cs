using Sluice.Storage.Secrets;

namespace Sluice.Storage.Conformance.Secrets;

public abstract class SecretSuite(IEngine engine) : StoreSuite(engine)
{
    [Fact]
    public async Task Secrets_are_kept_by_kind_and_name()
    {
        await Store.Secrets.SaveAsync(SecretKind.Connection, "x", new byte[] { 1 }, None);
        await Store.Secrets.SaveAsync(SecretKind.Variable, "x", new byte[] { 2 }, None);
        await Store.Secrets.SaveAsync(SecretKind.Variable, "x", new byte[] { 3 }, None);

        Assert.Equal([1], await Store.Secrets.FindAsync(SecretKind.Connection, "x", None));
        Assert.Equal([3], await Store.Secrets.FindAsync(SecretKind.Variable, "x", None));
        Assert.Null(await Store.Secrets.FindAsync(SecretKind.Variable, "y", None));
    }

    [Fact]
    public async Task Secrets_are_listed_by_name()
    {
        foreach (var name in new[] { "b", "Z", "a", "é", "변수" })
        {
            await Store.Secrets.SaveAsync(SecretKind.Variable, name, new byte[] { 7 }, None);
        }

        var listed = await Store.Secrets.ListAsync(SecretKind.Variable, None);

        Assert.Equal(["Z", "a", "b", "é", "변수"], listed.Select(secret => secret.Key));
        Assert.All(listed, secret => Assert.Equal([7], secret.Value));
        Assert.Empty(await Store.Secrets.ListAsync(SecretKind.Connection, None));
    }

    [Fact]
    public async Task Deleting_says_whether_there_was_one()
    {
        await Store.Secrets.SaveAsync(SecretKind.Variable, "x", new byte[] { 1 }, None);

        Assert.True(await Store.Secrets.DeleteAsync(SecretKind.Variable, "x", None));
        Assert.False(await Store.Secrets.DeleteAsync(SecretKind.Variable, "x", None));
        Assert.Null(await Store.Secrets.FindAsync(SecretKind.Variable, "x", None));
    }
}
