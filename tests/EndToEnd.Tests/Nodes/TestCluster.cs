using System.Security.Cryptography.X509Certificates;
using Sluice.Cluster.Transport;
using Sluice.Cluster.Wire;
using Sluice.Services;

namespace Sluice.EndToEnd.Tests.Nodes;

/// <summary>A cluster of real processes on a PostgreSQL, with a Dag folder and a home of its own.</summary>
internal sealed class TestCluster : IAsyncDisposable
{
    public const string Secret = "secret-of-the-test-cluster";

    private readonly List<NodeProcess> _nodes = [];
    private readonly ReservedPort _port = new(); // of the seed, also while it is gone
    private readonly string _database;
    private readonly string _folder = Directory.CreateTempSubdirectory("sluice-e2e-").FullName;
    private readonly string[] _patience;
    private readonly TestClusterOptions _options;

    private TestCluster(string database, TestClusterOptions options, string[] patience)
    {
        (_database, _options, _patience) = (database, options, patience);
        Directory.CreateDirectory(DagFolder);
        SeedAddress = $"{options.Host}:{_port.Number}";
        var tls = options.Authority is null ? null : new LinkTls { Authorities = [options.Authority] };
        Api = new(new($"{(tls is null ? "http" : "https")}://{SeedAddress}/"), ApiToken.FromSecret(Secret), tls);
    }

    public string SeedAddress { get; }

    public ClusterApi Api { get; }

    public string DagFolder => Path.Combine(_folder, "dags");

    /// <summary>For files of the tests.</summary>
    public string Folder => _folder;

    /// <summary>What the nodes have logged.</summary>
    public string Logs => string.Join('\n', _nodes.Select(node => $"--- {node.Name}\n{node.Log}"));

    /// <summary>Without nodes yet.</summary>
    /// <param name="database">Of the engine; null for one of the shared server.</param>
    /// <param name="patience">Flags of the schedulers: how soon who is given up.</param>
    public static async Task<TestCluster> CreateAsync(string? database = null, params string[] patience) =>
        await CreateSpecialAsync(new() { Database = database }, patience);

    /// <summary>Without nodes yet, and out of the ordinary.</summary>
    public static async Task<TestCluster> CreateSpecialAsync(TestClusterOptions options, params string[] patience) =>
        new(options.Database ?? await (await PostgresServer.StartSharedAsync()).CreateDatabaseUriAsync(), options, patience);

    /// <summary>A seed, a scheduler and a worker.</summary>
    public static async Task<TestCluster> StartAsync(string? database = null, int slots = 8, params string[] patience)
    {
        var cluster = await CreateAsync(database, patience);
        try
        {
            await cluster.StartSeedAsync();
            await cluster.StartSchedulerAsync("scheduler");
            await cluster.StartWorkerAsync("worker", slots);
            await cluster.ReadyAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public Task<NodeProcess> StartSeedAsync() => StartAsync("seed", "Sluice.Cluster.Seed", ["--listen", SeedAddress, .. _options.OfThoseWhoListen]);

    public Task<NodeProcess> StartSchedulerAsync(string name) => StartAsync(
        name,
        "Sluice.Cluster.Scheduler",
        [
            "--seeds", SeedAddress, "--listen", $"{_options.Host}:0", .. _options.OfThoseWhoListen, "--database", _database, "--dag-folder", DagFolder, "--scan-every", "200ms",
            "--home", Path.Combine(_folder, "scheduler"), .. _patience,
        ]);

    /// <param name="name">Also of its home.</param>
    /// <param name="slots">Tasks at once.</param>
    /// <param name="host">See <see cref="NodeProcess.StartAsync"/>.</param>
    public Task<NodeProcess> StartWorkerAsync(string name, int slots = 8, IEnumerable<string>? host = null, params string[] flags) => StartAsync(
        name,
        "Sluice.Cluster.Worker",
        ["--seeds", SeedAddress, "--slots", $"{slots}", "--home", Path.Combine(_folder, name), "--kill-grace", "2s", .. _options.OfThoseWhoDial, .. flags],
        host);

    /// <summary>Waits until a leader answers.</summary>
    public Task ReadyAsync() => Until.ValueAsync(() => ClusterApi.TryAsync(() => Api.AtOnce.ListDagsAsync()), "the API answers", () => Task.FromResult(Logs));

    /// <summary>Writes a Dag file and waits until its Dag is there.</summary>
    /// <param name="id">Of the Dag that the file defines; the file is named for it.</param>
    /// <param name="text">The file.</param>
    public async Task AddDagAsync(string id, string text)
    {
        await WriteDagFileAsync($"{id}.cs", text);
        await Until.TrueAsync(
            async () =>
            {
                Assert.DoesNotContain(await Api.ImportErrorsAsync(), error => error.File == $"{id}.cs");
                return (await Api.DagsAsync()).Any(dag => dag.DagId == id);
            },
            $"Dag {id} is there",
            () => Logs);
    }

    /// <summary>The file appears whole, as an editor or a deployment writes it.</summary>
    public async Task WriteDagFileAsync(string name, string text)
    {
        var draft = Path.Combine(_folder, name + ".draft");
        await File.WriteAllTextAsync(draft, text);
        File.Move(draft, Path.Combine(DagFolder, name), overwrite: true);
    }

    /// <summary>The node that leads, when a leader is linked.</summary>
    public async Task<long?> LeaderEpochAsync() =>
        (await Api.NodesAsync()).Leader is { Linked: true } leader ? leader.Epoch : null;

    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }

        _port.Dispose();

        // A runner whose worker was killed goes on for a moment.
        await Task.Run(() => TemporaryFolder.Delete(_folder));
    }

    private async Task<NodeProcess> StartAsync(string name, string program, string[] args, IEnumerable<string>? host = null)
    {
        // A killed worker leaves the folder of its sockets: in ours, it goes with us.
        var temporary = Directory.CreateDirectory(Path.Combine(_folder, "tmp")).FullName;
        var node = await NodeProcess.StartAsync(name, program, args, new Dictionary<string, string> { ["SLUICE_CLUSTER_SECRET"] = Secret, ["TMPDIR"] = temporary }, host);
        _nodes.Add(node);
        return node;
    }
}

/// <summary>What is out of the ordinary in a test cluster.</summary>
internal sealed record TestClusterOptions
{
    /// <summary>Of the engine; null for one of the shared server.</summary>
    public string? Database { get; init; }

    /// <summary>Where seed and scheduler listen.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>Flags of seed and scheduler.</summary>
    public IReadOnlyList<string> OfThoseWhoListen { get; init; } = [];

    /// <summary>Flags of workers.</summary>
    public IReadOnlyList<string> OfThoseWhoDial { get; init; } = [];

    /// <summary>Who signed the seed's certificate; null when the API is not encrypted.</summary>
    public X509Certificate2? Authority { get; init; }
}
