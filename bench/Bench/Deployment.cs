using System.Diagnostics;
using System.Text.Json.Nodes;
using Npgsql;
using Sluice.Client;
using Sluice.Cluster.Wire;
using Sluice.Machine;
using Sluice.Services;

namespace Sluice.Bench;

/// <summary>Real processes, started for one series of measurements and ended with it.</summary>
internal sealed class Deployment : IAsyncDisposable
{
    private const int BenchDags = 104;

    private readonly List<Process> _processes = [];
    private readonly ReservedPort _seedPort = new();
    private readonly ReservedPort _schedulerPort = new();
    private readonly string _home = Directory.CreateTempSubdirectory("sluice-bench-").FullName;
    private PostgresServer? _postgres;
    private Process? _worker;
    private string? _database;

    private Deployment(string name) => Name = name;

    public string Name { get; }

    public ApiClient Api { get; private set; } = null!;

    /// <summary>Everything in one process, on SQLite.</summary>
    public static async Task<Deployment> EmbeddedAsync(string dags, int slots)
    {
        var deployment = new Deployment("embedded, SQLite");
        try
        {
            deployment.Start("up", "--home", deployment._home, "--dag-folder", dags, "--listen", "127.0.0.1:0", "--slots", $"{slots}", "--warm-runners", "2",
                "--import-timeout", "5m");
            var file = Path.Combine(deployment._home, "api.json");
            await deployment.UntilAsync(() => Task.FromResult(File.Exists(file) && new FileInfo(file).Length > 0), "the API to be up");
            var api = JsonNode.Parse(await File.ReadAllTextAsync(file))!;
            deployment.Api = new(new($"{api["url"]}/"), $"{api["token"]}");
            await deployment.UntilReadyAsync();
            return deployment;
        }
        catch
        {
            await deployment.DisposeAsync();
            throw;
        }
    }

    /// <summary>One seed, one scheduler, one worker, on PostgreSQL with durable commits.</summary>
    /// <param name="dags">Folder of the Dags.</param>
    /// <param name="slots">Slots of the worker.</param>
    /// <param name="slowDisk">Each commit takes a millisecond more.</param>
    /// <param name="dagCount">So many Dags are waited for.</param>
    public static async Task<Deployment> ClusterAsync(string dags, int slots, bool slowDisk, int dagCount = BenchDags)
    {
        var deployment = new Deployment(slowDisk ? "cluster, PostgreSQL, commit_delay 1 ms" : "cluster, PostgreSQL");
        try
        {
            IEnumerable<string> settings = slowDisk ? ["commit_delay=1000", "commit_siblings=0"] : [];
            deployment._postgres = await PostgresServer.StartAsync(durable: true, settings);
            var uri = await deployment._postgres.CreateDatabaseUriAsync();
            deployment._database = deployment._postgres.ConnectionString(new Uri(uri).AbsolutePath.Trim('/'));
            const string Secret = "bench-secret-of-the-cluster";
            var seed = $"127.0.0.1:{deployment._seedPort.Number}";
            Environment.SetEnvironmentVariable("SLUICE_CLUSTER_SECRET", Secret);
            deployment.Start("seed", "--listen", seed);
            deployment.Start(
                "scheduler", "--seeds", seed, "--listen", $"127.0.0.1:{deployment._schedulerPort.Number}", "--database", uri, "--dag-folder", dags, "--home", deployment._home,
                "--import-timeout", "5m");
            deployment._worker = deployment.Start("worker", "--seeds", seed, "--slots", $"{slots}", "--home", deployment._home, "--warm-runners", "2");
            deployment.Api = new(new($"http://{seed}/"), ApiToken.FromSecret(Secret));
            await deployment.UntilReadyAsync(dagCount);
            return deployment;
        }
        catch
        {
            await deployment.DisposeAsync();
            throw;
        }
    }

    /// <summary>Most resident memory that the worker has had, in megabytes.</summary>
    public double WorkerPeakMegabytes() => TransferStep.PeakMegabytes($"{_worker!.Id}");

    /// <summary>Bytes of write-ahead log so far; null on SQLite.</summary>
    public async Task<long?> WalBytesAsync()
    {
        if (_database is null)
        {
            return null;
        }

        await using var connection = new NpgsqlConnection(_database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT (pg_current_wal_lsn() - '0/0')::bigint", connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    public async ValueTask DisposeAsync()
    {
        Api?.Dispose();
        for (var i = _processes.Count - 1; i >= 0; i--)
        {
            using var process = _processes[i];
            if (!process.HasExited)
            {
                using var kill = Process.Start("kill", ["-TERM", $"{process.Id}"]);
                await kill.WaitForExitAsync();
                using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
                try
                {
                    await process.WaitForExitAsync(limit.Token);
                }
                catch (OperationCanceledException)
                {
                    process.Kill(entireProcessTree: true);
                }
            }
        }

        if (_postgres is not null)
        {
            await _postgres.DisposeAsync();
        }

        _seedPort.Dispose();
        _schedulerPort.Dispose();
        Directory.Delete(_home, recursive: true);
    }

    private Process Start(params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "sluice.dll"), .. args, "--log-level", "warning"])
        {
            RedirectStandardOutput = true,
        };
        var process = Process.Start(start)!;
        process.OutputDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        _processes.Add(process);
        return process;
    }

    private async Task UntilReadyAsync(int dagCount = BenchDags) => await UntilAsync(
        async () =>
        {
            try
            {
                if ((await Api.ListImportErrorsAsync()).Select(error => error.Message).FirstOrDefault() is { } error)
                {
                    throw new InvalidOperationException($"The benchmarks' Dags cannot be imported: {error}");
                }

                return (await Api.ListDagsAsync()).Count >= dagCount;
            }
            catch (DeploymentException e) when (e.IsTransient)
            {
                return false;
            }
        },
        "the Dags to be there");

    private async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        var limit = Stopwatch.StartNew();
        while (!await condition())
        {
            if (limit.Elapsed > TimeSpan.FromMinutes(2) || _processes.Any(process => process.HasExited))
            {
                throw new TimeoutException($"Waited in vain for {what}.");
            }

            await Task.Delay(100);
        }
    }
}
