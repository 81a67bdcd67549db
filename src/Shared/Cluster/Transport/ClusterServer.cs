using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Sluice.Cluster.Transport;

/// <summary>The address cannot be listened on; the message is one sentence for people.</summary>
public sealed class ListenException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A small web server that is there first, so that its port is known before the node that it serves.</summary>
public sealed partial class ClusterServer : IAsyncDisposable
{
    private static readonly object Spoke = new();

    private readonly WebApplication _app;
    private WebSocketTransport? _transport;

    private ClusterServer(WebApplication app) => _app = app;

    /// <summary>host:port, with the real port where 0 was asked for.</summary>
    public string Address { get; private set; } = "";

    /// <summary>Listens. Links are taken once <see cref="Attach"/> has been called; until then they are told to come back.</summary>
    /// <param name="listen">host:port; the host is an IP address, <c>localhost</c>, or <c>*</c> for every interface. Port 0 takes any that is free.</param>
    /// <param name="tls">With it, TLS only.</param>
    /// <param name="configure">More to serve beside <see cref="WebSocketTransport.Path"/>.</param>
    /// <exception cref="ListenException">The address makes no sense or is in use.</exception>
    public static async Task<ClusterServer> StartAsync(
        string listen,
        ILoggerFactory loggers,
        LinkTls? tls = null,
        Action<WebApplication>? configure = null,
        CancellationToken cancellationToken = default)
    {
        var (address, port) = Parse(listen);
        var logger = loggers.CreateLogger("Sluice.Cluster.Server");
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton<ILoggerFactory>(new ServerLoggers(loggers));
        builder.Services.AddSingleton<IHostLifetime, PartOfNodeLifetime>();
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore();
        if (tls is not null)
            builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            if (address is null && port != 0)
                kestrel.ListenLocalhost(port, Endpoint);
            else
                kestrel.Listen(address ?? IPAddress.Loopback, port, Endpoint);
        });
        var app = builder.Build();
        var server = new ClusterServer(app);
        if (tls is not null)
        {
            app.Use(static (http, next) =>
            {
                http.Features.Get<IConnectionItemsFeature>()!.Items[Spoke] = true;
                return next(http);
            });
        }

        app.UseWebSockets();
        app.MapGet(WebSocketTransport.Path, server.AcceptAsync);
        configure?.Invoke(app);
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (Exception failure) when (failure is IOException or SocketException or AddressInUseException or InvalidOperationException)
        {
            await app.DisposeAsync();
            throw new ListenException(Explain(listen, failure), failure);
        }

        var bound = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        server.Address = $"{listen[..listen.LastIndexOf(':')]}:{new Uri(bound.Replace("[::]", "localhost", StringComparison.Ordinal)).Port}";
        return server;

        void Endpoint(ListenOptions options)
        {
            options.Protocols = HttpProtocols.Http1;
            if (tls is null)
                return;

            // Around TLS: a connection that ends before the first request has failed at it.
            options.Use(next => async connection =>
            {
                await next(connection);
                if (!connection.Items.ContainsKey(Spoke))
                    LogNoTls(logger, connection.RemoteEndPoint);
            });
            options.UseHttps(https => (https.ServerCertificate, https.ServerCertificateChain) = (tls.Certificate, tls.Chain));
        }
    }

    /// <summary>From now on links go to this transport.</summary>
    public void Attach(WebSocketTransport transport) => _transport = transport;

    /// <summary>Stops listening. Dispose the transport before, or this waits for its links.</summary>
    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await _app.StopAsync(limit.Token);
        await _app.DisposeAsync();
    }

    private static (IPAddress? Address, int Port) Parse(string listen)
    {
        var colon = listen.LastIndexOf(':');
        if (colon <= 0 || !ushort.TryParse(listen.AsSpan(colon + 1), out var port))
            throw new ListenException($"'{listen}' is no address to listen on; give host:port, such as 127.0.0.1:7400.");
        var host = listen[..colon].Trim('[', ']');
        return host switch
        {
            "localhost" => (null, port),
            "*" or "0.0.0.0" => (IPAddress.Any, port),
            _ when IPAddress.TryParse(host, out var address) => (address, port),
            _ => throw new ListenException($"'{host}' in '{listen}' is no IP address of this machine; give one, or localhost, or * for all."),
        };
    }

    private static string Explain(string listen, Exception failure)
    {
        for (var cause = failure; cause is not null; cause = cause.InnerException)
        {
            if (cause is AddressInUseException or SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse })
                return $"Cannot listen on {listen}: the port is in use. Stop what uses it or choose another.";
            if (cause is SocketException { SocketErrorCode: SocketError.AccessDenied })
                return $"Cannot listen on {listen}: this user may not use that port. Choose one above 1023.";
        }

        return $"Cannot listen on {listen}: {failure.Message}";
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Connection from {Address} refused: it did not complete TLS. Perhaps it does not trust this node's certificate (its --tls-ca must hold who signed it), or does not speak TLS (it has no --tls-ca)")]
    private static partial void LogNoTls(ILogger logger, System.Net.EndPoint? address);

    private Task AcceptAsync(HttpContext http)
    {
        if (_transport is { } transport)
            return transport.AcceptAsync(http);
        http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        return Task.CompletedTask;
    }
}
