using Sluice.Cluster.Api;
using Sluice.Core.Connections;
using Sluice.EndToEnd.Tests.Nodes;
using Sluice.Providers.Aws.S3;
using Sluice.Services;

namespace Sluice.EndToEnd.Tests.Transfers;

/// <summary>An object that may not be replaced, and a worker that dies when it is published and nobody knows of it yet.</summary>
public sealed class KilledExtractTests
{
    private static readonly string[] Patience = ["--lease-duration", "2s", "--heartbeat-every", "500ms", "--fence-after", "3s", "--lost-after", "4s"];

    [Fact]
    public async Task A_retry_takes_over_its_own_object_in_S3_and_in_a_folder_and_another_run_is_refused()
    {
        var s3 = await S3Server.StartSharedAsync();
        var mysql = await MariaDbServer.StartSharedAsync();
        var source = await mysql.CreateDatabaseAsync();
        var schema = new Uri(source).AbsolutePath.Trim('/');
        await mysql.QueryAsync("CREATE TABLE orders (id INT PRIMARY KEY, rate FLOAT); INSERT INTO orders VALUES (1, 16777216)", schema);
        await using var cluster = await TestCluster.CreateAsync(null, Patience);
        await cluster.StartSeedAsync();
        await cluster.StartSchedulerAsync("scheduler");
        var worker = await cluster.StartWorkerAsync("worker_0");
        await cluster.ReadyAsync();
        var api = cluster.Api;
        await api.SetConnectionAsync("source", source);
        await api.SetConnectionAsync("s3", S3Uri.Of(s3));
        var bucket = await s3.CreateBucketAsync();
        var (hold, published) = (Path.Combine(cluster.Folder, "hold"), Path.Combine(cluster.Folder, "published"));
        await cluster.AddDagAsync(
            "keeps",
            $$"""
            Dag.Define("keeps", dag =>
            {
                dag.Add("to_s3", new HeldExtract { Uri = "s3://{{bucket}}/orders.csv", AwsConnectionId = "s3" });
                dag.Add("to_folder", new HeldExtract { Uri = "file://{{cluster.Folder}}/orders.csv" });
            });

            // The extract as it is, and then a pause in which the worker can be killed.
            public sealed class HeldExtract : Operator
            {
                public string Uri { get; set; } = "";

                public string? AwsConnectionId { get; set; }

                public override async ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken)
                {
                    var wrote = await new SqlToS3Operator { Table = "orders", SqlConnectionId = "source", AwsConnectionId = AwsConnectionId, Uri = Uri }.ExecuteAsync(context, cancellationToken);
                    File.WriteAllText("{{published}}" + context.Task.Id.Value, "");
                    while (File.Exists("{{hold}}"))
                    {
                        await Task.Delay(50, cancellationToken);
                    }

                    return wrote;
                }
            }
            """);

        await File.WriteAllTextAsync(hold, "");
        await api.CallAsync<TriggerRequest, RunSummary>(Operations.TriggerRun, new("keeps", "2021-02-05", "first", null));
        await Until.TrueAsync(() => File.Exists(published + "to_s3") && File.Exists(published + "to_folder"), "both objects are published", () => cluster.Logs);
        var next = await cluster.StartWorkerAsync("worker_1");
        await Until.TrueAsync(() => next.Log.Contains("Linked to", StringComparison.Ordinal), "the next worker has joined");
        await worker.KillAsync();
        await mysql.QueryAsync("INSERT INTO orders VALUES (2, 16777218)", schema);
        File.Delete(hold);

        await api.SucceededAsync("keeps", "first");
        const string Both = "id,rate\n1,16777216\n2,16777218\n";
        Assert.Equal(Both, (await File.ReadAllTextAsync(Path.Combine(cluster.Folder, "orders.csv"))).ReplaceLineEndings("\n"));
        Assert.Equal(Both, await ReadAsync());

        await api.CallAsync<TriggerRequest, RunSummary>(Operations.TriggerRun, new("keeps", "2021-02-06", "second", null));
        Assert.Equal("failed", (await api.EndedAsync("keeps", "second")).Run.State);
        Assert.Equal(Both, await ReadAsync());

        async Task<string> ReadAsync()
        {
            await using var store = new S3ObjectStore(ConnectionUri.Parse("s3", S3Uri.Of(s3)));
            using var text = new StreamReader(await store.OpenReadAsync(new($"s3://{bucket}/orders.csv"), CancellationToken.None));
            return (await text.ReadToEndAsync()).ReplaceLineEndings("\n");
        }
    }
}
