using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Sluice.Actors;
using Sluice.Cluster.Configuration;
using Sluice.Cluster.Hosting;
using Sluice.Cluster.Nodes;
using Sluice.Cluster.Seed;
using Sluice.Cluster.Transport;
using Sluice.Cluster.Wire;
using Sluice.Cluster.Worker;
using Sluice.Cluster.Worker.Hosting;
using Sluice.Providers.All;
using Sluice.Scheduler;
using Sluice.Scheduler.Hosting;
using Sluice.Storage;

namespace Sluice.Cli.Hosting;

/// <summary>What a local cluster takes.</summary>
public sealed record LocalClusterOptions
{
    /// <summary>Folder for databases, logs, keys and caches; made when missing.</summary>
    public required string Home { get; init; }

    public required string DagFolder { get; init; }

    /// <summary>host:port of the API; port 0 takes any that is free.</summary>
    public string Listen { get; init; } = "127.0.0.1:0";

    public int Slots { get; init; } = 8;

    public string LogLevel { get; init; } = "warning";
}

/// <summary>All roles in one process: the same actors and the same protocol as on many machines, over an in-process network.</summary>
public sealed class LocalCluster : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _parts;
    private readonly string _apiFile;

    private LocalCluster(List<IAsyncDisposable> parts, Task workerFailed, Uri apiUrl, string apiToken, string apiFile) =>
        (_parts, WorkerFailed, ApiUrl, ApiToken, _apiFile) = (parts, workerFailed, apiUrl, apiToken, apiFile);

    /// <summary>See <see cref="WorkerNode.Failed"/>.</summary>
    public Task WorkerFailed { get; }

    public Uri ApiUrl { get; }

    public string ApiToken { get; }

    /// <exception cref="SettingException">A setting makes no sense.</exception>
    /// <exception cref="StoreException">The database cannot be used.</exception>
    /// <exception cref="ListenException">The address cannot be listened on.</exception>
    public static async Task<LocalCluster> StartAsync(LocalClusterOptions options, CancellationToken cancellationToken)
    {
        string[] args =
        [
            "--home", options.Home, "--dag-folder", options.DagFolder, "--listen", options.Listen,
            "--slots", options.Slots.ToString(System.Globalization.CultureInfo.InvariantCulture), "--log-level", options.LogLevel,
        ];
        var loggers = ConsoleLog.Create(options.LogLevel);
        return await StartAsync(SettingReader.Read(Roles.Up, args, static _ => null), loggers, [loggers as IAsyncDisposable ?? new Disposer(loggers)], cancellationToken);
    }

    internal static Task<LocalCluster> StartAsync(SettingValues values, ILoggerFactory loggers, CancellationToken cancellationToken) =>
        StartAsync(values, loggers, [], cancellationToken);

    /// <summary>Stops the worker first, so that what runs can still be reported, then the scheduler, then the seed.</summary>
    public async ValueTask DisposeAsync()
    {
        File.Delete(_apiFile);
        await DisposeAsync(_parts);
    }

    private static async Task<LocalCluster> StartAsync(
        SettingValues values, ILoggerFactory loggers, List<IAsyncDisposable> parts, CancellationToken cancellationToken)
    {
        try
        {
            var home = Path.GetFullPath(values.Get("home"));
            Directory.CreateDirectory(home);
            var options = SchedulerSettings.Options(values);
            var workerOptions = WorkerProgram.Options(values);
            workerOptions.XComStore ??= new UriBuilder("file", "") { Path = Path.Combine(home, "xcoms") }.Uri;
            var store = Add(await SchedulerSettings.OpenStoreAsync(values, cancellationToken));
            var box = SchedulerSettings.OpenBox(values);
            var network = new InProcessNetwork();

            var secret = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
            var seed = Add(await SeedNode.StartAsync(
                new() { Listen = values.Get("listen"), Secret = secret }, loggers, transport: network.CreateTransport, cancellationToken: cancellationToken));

            var schedulerHost = Add(Host(NodeProgram.Describe(NodeRole.Scheduler, "local-scheduler")));
            Add(SchedulerNode.Attach(schedulerHost, store, box, options));
            var workerHost = Add(Host(NodeProgram.Describe(NodeRole.Worker, null)));
            var worker = Add(await WorkerNode.StartAsync(workerOptions, workerHost, BuiltInProviders.Catalog(), loggers));
            await schedulerHost.StartAsync(cancellationToken);
            await workerHost.StartAsync(cancellationToken);

            var url = new Uri($"http://{seed.Address}");
            var token = Sluice.Cluster.Wire.ApiToken.FromSecret(secret);
            return new(parts, worker.Failed, url, token, await ApiFile.WriteAsync(home, url, token, cancellationToken));

            NodeHost Host(NodeInfo self) => new(
                new ActorSystem(self.Role.ToString().ToLowerInvariant(), new ThreadPoolDispatcher(), TimeProvider.System, loggers),
                network.CreateTransport(self), [seed.Address], loggers);

            T Add<T>(T part)
                where T : IAsyncDisposable
            {
                parts.Add(part);
                return part;
            }
        }
        catch
        {
            await DisposeAsync(parts);
            throw;
        }
    }

    private static async ValueTask DisposeAsync(List<IAsyncDisposable> parts)
    {
        for (var i = parts.Count - 1; i >= 0; i--)
        {
            await parts[i].DisposeAsync();
        }
    }

    private sealed class Disposer(IDisposable inner) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            inner.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
