using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Sluice.Actors;
using Sluice.Cluster.Nodes;
using Sluice.Cluster.Seed.Api;
using Sluice.Cluster.Seed.Membership;
using Sluice.Cluster.Seed.Web;
using Sluice.Cluster.Transport;
using Sluice.Cluster.Wire;

namespace Sluice.Cluster.Seed;

/// <summary>A running seed: the address by which nodes and operators find the cluster.</summary>
public sealed class SeedNode : IAsyncDisposable
{
    private readonly ClusterServer _server;

    private SeedNode(NodeHost host, ClusterServer server)
    {
        Host = host;
        _server = server;
    }

    public NodeHost Host { get; }

    /// <summary>host:port that it listens on, with the real port where 0 was asked for.</summary>
    public string Address => _server.Address;

    /// <summary>Listens.</summary>
    /// <param name="transport">How its nodes reach it, when it is not over WebSockets: for a cluster inside one process.</param>
    /// <exception cref="ListenException">The address makes no sense or is in use; its message is one sentence.</exception>
    public static async Task<SeedNode> StartAsync(
        SeedOptions options,
        ILoggerFactory loggers,
        Func<NodeInfo, ITransport>? transport = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentException.ThrowIfNullOrEmpty(options.Secret, nameof(options));
        SeedApi? api = null;
        var server = await ClusterServer.StartAsync(
            options.Listen,
            loggers,
            options.Tls,
            app =>
            {
                SeedApi.Map(app, () => api);
                WebPages.Map(app);
            },
            cancellationToken);

        var self = new NodeInfo($"seed-{Guid.NewGuid().ToString("N")[..8]}", NodeRole.Seed, options.Advertise ?? server.Address, options.Name);
        var links = transport?.Invoke(self) ?? new WebSocketTransport(self, new WebSocketTransportOptions { Secret = options.Secret, Tls = options.Tls }, loggers);
        var system = new ActorSystem(options.Name, ThreadPoolDispatcher.Instance, TimeProvider.System, loggers);
        var host = new NodeHost(system, links, [], loggers);
        var seed = system.Spawn(Props.Create(() => new SeedActor(host)), "seed");
        await host.StartAsync(cancellationToken);
        api = new SeedApi(host, seed, options);
        if (links is WebSocketTransport sockets)
            server.Attach(sockets);
        return new SeedNode(host, server);
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await _server.DisposeAsync();
    }
}
