using Microsoft.Extensions.Logging;
using Sluice.Actors;
using Sluice.Authoring.Hooks;
using Sluice.Cluster.Nodes;
using Sluice.Cluster.Worker.Attempts;
using Sluice.Cluster.Worker.Bundles;
using Sluice.Cluster.Worker.Leaders;
using Sluice.Cluster.Worker.Logs;
using Sluice.Cluster.Worker.Runners;
using Sluice.Cluster.Worker.Workers;

namespace Sluice.Cluster.Worker;

/// <summary>A worker on a node: its actors, its runners, its logs. The node itself belongs to whoever made it.</summary>
public sealed partial class WorkerNode : IAsyncDisposable
{
    // Beyond the patience of the drain: killing, and having the last reports acknowledged.
    private static readonly TimeSpan DrainMargin = TimeSpan.FromSeconds(30);

    private readonly WorkerOptions _options;
    private readonly NodeHost _host;
    private readonly RunnerPool _runners;
    private readonly WorkerMemory _memory;
    private readonly ActorRef _worker;
    private readonly ActorRef _logs;
    private readonly ILogger _logger;
    private int _stopped;

    private WorkerNode(WorkerOptions options, NodeHost host, RunnerPool runners, ProviderCatalog providers, ILogger logger)
    {
        (_options, _host, _runners, _logger) = (options, host, runners, logger);
        var requests = new LeaderRequests(host);
        var bundles = new BundleCache(options.Home, requests, host.System.Time);
        bundles.DeleteUnused();
        var executor = new AttemptExecutor(options, runners, bundles, requests, providers, host.System.Time, logger);
        _memory = new(host.System.Time);
        _worker = Spawn(host, new(options.Slots, options.Queues), requests, executor, _memory);
        _logs = host.System.Spawn(Props.Create(() => new LogActor(host, options.Home)), "logs");
    }

    /// <summary>Ends when the worker cannot go on; its attempts are being killed. Dispose it, and end the process: a fresh one may do better.</summary>
    public Task Failed => _memory.GivenUp;

    /// <summary>Starts the warm runners, then the actors; they register as soon as the node hears of a leader.</summary>
    /// <param name="options">Validated here.</param>
    /// <param name="host">Its node; may be started before or after.</param>
    /// <param name="providers">Built-in operators and hooks.</param>
    /// <param name="loggers">For the worker's own log.</param>
    /// <exception cref="ArgumentException">An option makes no sense.</exception>
    /// <exception cref="IOException">The home cannot be written, or runners do not start here.</exception>
    public static async Task<WorkerNode> StartAsync(WorkerOptions options, NodeHost host, ProviderCatalog providers, ILoggerFactory loggers)
    {
        options.Validate();
        try
        {
            Directory.CreateDirectory(options.Home);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"Worker:Home is '{options.Home}', which cannot be used: {e.Message}", e);
        }

        var logger = loggers.CreateLogger("Sluice.Worker");
        var runners = new RunnerPool(RunnerLimits.From(options), new(options.RunnerPath, options.RunnerHeapLimit), host.System.Time, logger);
        try
        {
            await runners.StartAsync();
        }
        catch (RunnerStartException e)
        {
            await runners.DisposeAsync();
            throw new IOException(e.Message, e);
        }

        return new(options, host, runners, providers, logger);
    }

    /// <summary>The worker's actors alone, over any executor: what the simulation runs.</summary>
    public static ActorRef Spawn(NodeHost host, WorkerOffer offer, IAttemptExecutor executor) =>
        Spawn(host, offer, new LeaderRequests(host), executor, new(host.System.Time));

    /// <summary>Takes nothing more, waits for what runs (<see cref="WorkerOptions.DrainTimeout"/>), kills and reports the rest, ends the runners.</summary>
    public async Task StopAsync()
    {
        if (Interlocked.Exchange(ref _stopped, 1) == 1)
        {
            return;
        }

        await Task.WhenAny(DrainAsync(), Failed);
        await _host.System.StopAsync(_worker);
        _memory.KillAll("The worker is stopping.");
        await _host.System.StopAsync(_logs);
        await _runners.DisposeAsync();
    }

    public ValueTask DisposeAsync() => new(StopAsync());

    private async Task DrainAsync()
    {
        try
        {
            var drained = await _worker.AskAsync<Drained>(new Drain(_options.DrainTimeout), _options.DrainTimeout + _options.KillGrace + DrainMargin);
            if (drained.Unreported > 0)
            {
                LogUnreported(_logger, drained.Unreported);
            }
        }
        catch (Exception e) when (e is AskTimeoutException or ActorStoppedException)
        {
            LogNotDrained(_logger, e.Message);
        }
    }

    // A slot that fails fails the worker: what it watched is taken up again from the memory.
    private static ActorRef Spawn(NodeHost host, WorkerOffer offer, LeaderRequests requests, IAttemptExecutor executor, WorkerMemory memory) =>
        host.System.Spawn(
            Props.Create(() => new WorkerActor(offer, host, requests, executor, memory)).WithSupervision(SupervisionStrategy.Escalate), "worker");

    [LoggerMessage(Level = LogLevel.Warning, Message = "Stopped with {Count} reports that no scheduler has acknowledged; their attempts will be found lost and run again")]
    private static partial void LogUnreported(ILogger logger, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Stopped without having drained: {Reason}")]
    private static partial void LogNotDrained(ILogger logger, string reason);
}
