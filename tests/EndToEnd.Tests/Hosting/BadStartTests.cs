using System.Net;
using System.Net.Sockets;
using Sluice.EndToEnd.Tests.Nodes;
using Sluice.Services;

namespace Sluice.EndToEnd.Tests.Hosting;

/// <summary>Nodes that cannot start, or cannot join, say why in one line.</summary>
public sealed class BadStartTests : IDisposable
{
    private const string Seed = "Sluice.Cluster.Seed";
    private const string Scheduler = "Sluice.Cluster.Scheduler";
    private const string Worker = "Sluice.Cluster.Worker";

    private readonly string _folder = Directory.CreateTempSubdirectory("sluice-e2e-start-").FullName;

    public void Dispose() => TemporaryFolder.Delete(_folder);

    [Theory]
    [InlineData(Seed, 2, "--listen 127.0.0.1:0 --cluster-secret short", "shorter than 16 characters")]
    [InlineData(Seed, 2, "--listen 127.0.0.1:0 --cluster-secret-file FOLDER/none", "--cluster-secret-file")]
    [InlineData(Seed, 2, "--listn 127.0.0.1:0 SECRET", "--listn")]
    [InlineData(Seed, 1, "--listen 127.0.0.1:BUSY SECRET", "BUSY")]
    [InlineData(Seed, 1, "--listen nonsense SECRET", "nonsense")]
    [InlineData(Worker, 2, "SECRET --home FOLDER/w", "--seeds")]
    [InlineData(Worker, 2, "SECRET --home FOLDER/w --seeds 127.0.0.1:1 --slots many", "--slots is 'many'")]
    [InlineData(Worker, 1, "SECRET --home FOLDER/file/below --seeds 127.0.0.1:1", "FOLDER/file/below")]
    [InlineData(Scheduler, 2, "SECRET --home FOLDER/s --seeds 127.0.0.1:1 --dag-folder FOLDER/none", "FOLDER/none")]
    [InlineData(Scheduler, 1, "SECRET --home FOLDER/file/below --seeds 127.0.0.1:1 --dag-folder FOLDER", "FOLDER/file/below")]
    [InlineData(Scheduler, 1, "SECRET --home FOLDER/s --seeds 127.0.0.1:1 --dag-folder FOLDER --listen 127.0.0.1:BUSY", "BUSY")]
    [InlineData(Scheduler, 2, "SECRET --home FOLDER/s --seeds 127.0.0.1:1 --dag-folder FOLDER --lost-after 1s", "lost_after")]
    [InlineData(Scheduler, 2, "SECRET --home FOLDER/s --seeds 127.0.0.1:1 --dag-folder FOLDER --database oracle://x", "--database")]
    [InlineData(Scheduler, 1, "SECRET --home FOLDER/s --seeds 127.0.0.1:1 --dag-folder FOLDER --database postgres://me:hush-hush@127.0.0.1:1/db", "127.0.0.1:1")]
    [InlineData(Scheduler, 1, "SECRET --home FOLDER/s --seeds 127.0.0.1:1 --dag-folder FOLDER --database postgres://me:hush-hush@127.0.0.1:POSTGRES/db", "me")]
    [InlineData("sluice", 1, "up --home FOLDER/file/below --dag-folder FOLDER --listen 127.0.0.1:0", "FOLDER/file/below")]
    [InlineData("sluice", 1, "up --home FOLDER/up --dag-folder FOLDER --listen 127.0.0.1:BUSY", "BUSY")]
    [InlineData("sluice", 2, "up --home FOLDER/up --dag-folder FOLDER/none --listen 127.0.0.1:0", "FOLDER/none")]
    public async Task A_start_that_cannot_be_ends_with_one_line(string program, int code, string args, string says)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "file"), "");
        using var busy = new TcpListener(IPAddress.Loopback, 0);
        busy.Start();
        var port = args.Contains("POSTGRES", StringComparison.Ordinal) ? (await PostgresServer.StartSharedAsync()).Port : 0;

        var (exit, error) = await NodeProcess.RunAsync(program, Filled(args).Split(' '));

        Assert.True(exit == code, $"exit code {exit}: {error}");
        Assert.EndsWith("\n", error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd('\n').Split('\n'));
        Assert.Contains(Filled(says), error, StringComparison.Ordinal);
        Assert.DoesNotContain("hush-hush", error, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", error, StringComparison.Ordinal);

        string Filled(string text) => text
            .Replace("FOLDER", _folder, StringComparison.Ordinal)
            .Replace("BUSY", $"{((IPEndPoint)busy.LocalEndpoint).Port}", StringComparison.Ordinal)
            .Replace("POSTGRES", $"{port}", StringComparison.Ordinal)
            .Replace("SECRET", $"--cluster-secret {TestCluster.Secret}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_worker_with_the_wrong_secret_is_told_so_once_and_does_not_join()
    {
        await using var cluster = await TestCluster.CreateAsync();
        var seed = await cluster.StartSeedAsync();
        await Until.TrueAsync(() => seed.IsAlive && TryConnect(cluster.SeedAddress), "the seed listens");
        await using var worker = await NodeProcess.StartAsync(
            "stranger", Worker, ["--seeds", cluster.SeedAddress, "--home", Path.Combine(_folder, "w"), "--cluster-secret", "another-secret-altogether"]);

        await Until.TrueAsync(() => worker.Log.Contains("refused", StringComparison.Ordinal), "the worker is refused", () => worker.Log);

        Assert.Contains("secret", Assert.Single(Lines(worker)), StringComparison.Ordinal);
        await Until.TrueAsync(
            () => Lines(seed).Any(line => line.Contains("refused", StringComparison.Ordinal) && line.Contains("secret", StringComparison.Ordinal)),
            "the seed says whom it refused", () => seed.Log);
        Assert.DoesNotContain("another-secret-altogether", worker.Log + seed.Log, StringComparison.Ordinal);
        Assert.DoesNotContain(TestCluster.Secret, worker.Log + seed.Log, StringComparison.Ordinal);
        Assert.Single((await cluster.Api.NodesAsync()).Nodes);
    }

    [Fact]
    public async Task A_worker_whose_seed_is_not_there_says_so_once_and_joins_when_it_is()
    {
        await using var cluster = await TestCluster.CreateAsync();
        var worker = await cluster.StartWorkerAsync("early");
        await Until.TrueAsync(() => worker.Log.Contains($"No link to {cluster.SeedAddress}", StringComparison.Ordinal), "the worker says that it finds no seed", () => worker.Log);

        await cluster.StartSeedAsync();
        await Until.TrueAsync(() => worker.Log.Contains("Linked to", StringComparison.Ordinal), "the worker has joined", () => worker.Log);

        Assert.Single(Lines(worker), line => line.Contains("No link to", StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", worker.Log, StringComparison.Ordinal);
    }

    private static string[] Lines(NodeProcess node) => node.Log.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static bool TryConnect(string address)
    {
        try
        {
            using var client = new TcpClient();
            client.Connect(IPEndPoint.Parse(address));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
