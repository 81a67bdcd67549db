using Sluice.EndToEnd.Tests.Nodes;
using Sluice.Services;

namespace Sluice.EndToEnd.Tests.Transfers;

/// <summary>Values that are too large for the database go through S3.</summary>
public sealed class LargeXComTests
{
    [Fact]
    public async Task Tasks_are_mapped_over_and_read_what_lies_in_S3()
    {
        var s3 = await S3Server.StartSharedAsync();
        var bucket = await s3.CreateBucketAsync();
        await using var cluster = await TestCluster.CreateAsync();
        await cluster.StartSeedAsync();
        await cluster.StartSchedulerAsync("scheduler");
        await cluster.StartWorkerAsync("worker", 8, null, "--xcom-store", $"s3://{bucket}/xcoms", "--xcom-store-connection", "xcoms");
        await cluster.ReadyAsync();
        await cluster.Api.SetConnectionAsync("xcoms", S3Uri.Of(s3));
        await cluster.AddDagAsync(
            "large_values",
            """
            Dag.Define("large_values", dag =>
            {
                var pages = dag.Run("pages", ctx => Enumerable.Range(0, 4).Select(i => new string((char)('a' + i), 30_000)).ToList());
                var twice = dag.Map("twice", pages.Items(), (ctx, page) => page + page + page);
                var total = dag.Run("total", async ctx =>
                {
                    var all = (await ctx.PullAsync<List<string>>("twice"))!;
                    ctx.Log($"{all.Count}:{all.Sum(page => page.Length)}:{string.Concat(all.Select(page => page[0]))}");
                });
                twice.Then(total);
            });
            """);

        await cluster.Api.TriggerAsync("large_values");
        await cluster.Api.SucceededAsync("large_values");

        Assert.Contains("4:360000:abcd", await cluster.Api.LogAsync("large_values", "total"), StringComparison.Ordinal);
        var objects = Directory.GetFiles(Path.Combine(s3.Folder, "buckets", bucket), "*._S3rver_object", SearchOption.AllDirectories);
        Assert.Equal(5, objects.Length); // the list, and one of each instance
    }
}
