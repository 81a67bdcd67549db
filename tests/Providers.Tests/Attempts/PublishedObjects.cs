using Sluice.Authoring.Objects;
using Sluice.Providers.Aws.S3;

namespace Sluice.Providers.Tests.Attempts;

/// <summary>What a manifest in S3 names.</summary>
internal static class PublishedObjects
{
    /// <summary>It names so many rows, and each of its objects is there with all its bytes.</summary>
    internal static async Task AssertWholeAsync(TaskRun run, Uri manifest, long rows)
    {
        await using var store = new S3ObjectStore(run.Connection("s3"));
        var named = await ObjectManifest.ReadAsync(store, manifest, CancellationToken.None);
        Assert.Equal(rows, named.Meta.RecordCount);
        Assert.NotEmpty(named.Entries);
        foreach (var entry in named.Entries)
        {
            Assert.Equal(entry.Meta.ContentLength, (await store.HeadAsync(entry.Uri, CancellationToken.None))!.Size);
        }
    }
}
