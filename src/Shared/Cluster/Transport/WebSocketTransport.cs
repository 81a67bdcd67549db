using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Security.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Sluice.Cluster.Wire;

namespace Sluice.Cluster.Transport;

/// <summary>Links between processes over WebSockets. Every node may dial; those with a <see cref="ClusterServer"/> are dialled too.</summary>
public sealed partial class WebSocketTransport : ITransport
{
    /// <summary>Where a node is dialled.</summary>
    public const string Path = "/cluster";

    private const string AlreadyLinked = "already linked the other way round";
    private const string ReplacedByNewer = "replaced by a newer link";
    private const string NodeStopped = "the node stopped";
    private const string Closed = "the link was closed";

    private readonly WebSocketTransportOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();     // dials and tasks
    private readonly Lock _delivery = new(); // which links there are, and one event at a time
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<string, WebSocketLink> _links = new();
    private readonly Dictionary<string, Dial> _dials = [];
    private readonly HashSet<Task> _running = [];
    private Action<PeerEvent>? _handler;

    public WebSocketTransport(NodeInfo self, WebSocketTransportOptions options, ILoggerFactory loggers, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(self);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentException.ThrowIfNullOrEmpty(options.Secret, nameof(options));
        Self = self;
        _options = options;
        _time = time ?? TimeProvider.System;
        _logger = loggers.CreateLogger("Sluice.Cluster.Transport");
    }

    public NodeInfo Self { get; }

    public ValueTask StartAsync(Action<PeerEvent> handler, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _handler = handler;
            foreach (var dial in _dials.Values)
                Track(KeepLinkedAsync(dial));
        }

        return ValueTask.CompletedTask;
    }

    public void Connect(string address)
    {
        lock (_gate)
        {
            if (_stopping.IsCancellationRequested || _dials.ContainsKey(address))
                return;
            var dial = new Dial(address, CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token));
            _dials.Add(address, dial);
            if (_handler is not null)
                Track(KeepLinkedAsync(dial));
        }
    }

    public void Disconnect(string address)
    {
        lock (_gate)
        {
            if (!_dials.Remove(address, out var dial))
                return;
            _ = dial.Stop.CancelAsync();
            dial.Link?.Close(Closed);
        }
    }

    public bool Send(string nodeId, Message message)
    {
        if (!_links.TryGetValue(nodeId, out var link))
            return false;
        var result = link.Send(message);
        if (result == SendQueue.Result.TooLarge)
            LogTooLarge(_logger, message.GetType().Name, link.Peer.Name, Frames.MaxBytes);
        return result == SendQueue.Result.Queued;
    }

    /// <summary>Takes over a request that dialled this node; ends when its link does.</summary>
    public async Task AcceptAsync(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        if (!http.WebSockets.IsWebSocketRequest || _handler is null || _stopping.IsCancellationRequested)
        {
            http.Response.StatusCode = _handler is null || _stopping.IsCancellationRequested
                ? StatusCodes.Status503ServiceUnavailable
                : StatusCodes.Status426UpgradeRequired;
            return;
        }

        using var socket = await http.WebSockets.AcceptWebSocketAsync(
            new WebSocketAcceptContext { KeepAliveInterval = _options.KeepAliveInterval, KeepAliveTimeout = _options.KeepAliveTimeout });
        var running = ServeAsync(socket, $"{http.Connection.RemoteIpAddress}:{http.Connection.RemotePort}");
        lock (_gate)
            Track(running);
        await running;
    }

    public async ValueTask DisposeAsync()
    {
        Task[] running;
        lock (_gate)
        {
            if (_stopping.IsCancellationRequested)
                return;
            _stopping.Cancel();
            foreach (var link in _links.Values)
                link.Close(NodeStopped);
            running = [.. _running];
        }

        await Task.WhenAll(running);
    }

    private void Track(Task task)
    {
        _running.Add(task);
        _ = ForgetAsync(task);

        async Task ForgetAsync(Task tracked)
        {
            await tracked.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
            lock (_gate)
                _running.Remove(tracked);
        }
    }

    private async Task ServeAsync(WebSocket socket, string from)
    {
        NodeInfo peer;
        try
        {
            using var time = new CancellationTokenSource(_options.HandshakeTimeout, _time);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token, time.Token);
            peer = await new LinkHandshake(socket, Self, _options.Secret).AcceptAsync(limit.Token);
        }
        catch (LinkRefusedException refused)
        {
            if (refused.Message != Handshake.IsThisNode)
                LogRefusedIncoming(_logger, from, refused.Message);
            await CloseAsync(socket);
            return;
        }
        catch (Exception failure)
        {
            LogIncomingFailed(_logger, from, failure.Message);
            return;
        }

        using var link = new WebSocketLink(socket, peer, dialled: false, _options.MaxQueuedBytes);
        await RunAsync(link);
    }

    private async Task KeepLinkedAsync(Dial dial)
    {
        await Task.Yield();
        var failures = 0;
        string? lastReason = null;
        while (!dial.Stop.IsCancellationRequested)
        {
            var refused = false;
            string reason;
            try
            {
                using var socket = Open(dial);
                using var link = await DialAsync(dial, socket);
                failures = 0;
                lastReason = null;
                reason = await RunAsync(link);
            }
            catch (LinkRefusedException refusal)
            {
                refused = true;
                reason = refusal.Message;
            }
            catch (Exception failure)
            {
                reason = failure is OperationCanceledException ? "it did not answer in time" : failure.Message;
            }

            // Seeds are given the same list as everyone, with themselves in it.
            if (reason == Handshake.IsThisNode)
                LogItself(_logger, dial.Address);
            if (dial.Stop.IsCancellationRequested || reason == Handshake.IsThisNode)
                return;
            if (refused && reason != lastReason)
                LogRefused(_logger, dial.Address, reason);
            else if (reason != lastReason && failures > 0)
                LogUnreachable(_logger, dial.Address, reason);
            if (failures > 0 || refused)
                lastReason = reason;

            var pause = refused || reason == AlreadyLinked ? Max(_options.MaxBackoff, TimeSpan.FromSeconds(5)) : Backoff(failures);
            failures++;
            await Task.Delay(pause, _time, dial.Stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<WebSocketLink> DialAsync(Dial dial, ClientWebSocket socket)
    {
        using var time = new CancellationTokenSource(_options.HandshakeTimeout, _time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(dial.Stop.Token, time.Token);
        dial.Objection = null;
        try
        {
            await socket.ConnectAsync(new Uri($"{(_options.Tls is null ? "ws" : "wss")}://{dial.Address}{Path}"), limit.Token);
        }
        catch (WebSocketException) when (dial.Objection is { } objection)
        {
            throw new LinkRefusedException(objection);
        }
        catch (WebSocketException failure) when (Cause<AuthenticationException>(failure) is { } cause)
        {
            throw new LinkRefusedException($"it does not speak TLS as this node does ({cause.Message.TrimEnd('.')}); give it --tls-certificate");
        }
        catch (WebSocketException failure) when (Cause<HttpIOException>(failure) is { } cause && _options.Tls is null)
        {
            throw new LinkRefusedException($"it does not answer to plain WebSockets ({cause.Message.TrimEnd('.')}); if it listens with TLS, give this node --tls-ca");
        }

        var peer = await new LinkHandshake(socket, Self, _options.Secret).DialAsync(limit.Token);
        var link = new WebSocketLink(socket, peer, dialled: true, _options.MaxQueuedBytes);
        lock (_gate)
            dial.Link = link;
        if (dial.Stop.IsCancellationRequested)
            link.End(Closed);
        return link;
    }

    private ClientWebSocket Open(Dial dial)
    {
        var socket = new ClientWebSocket();
        socket.Options.Proxy = null; // a node is reached directly, whatever the environment says for the web
        socket.Options.KeepAliveInterval = _options.KeepAliveInterval;
        socket.Options.KeepAliveTimeout = _options.KeepAliveTimeout;
        if (_options.Tls is { } tls)
        {
            var host = new Uri($"wss://{dial.Address}").Host;
            socket.Options.RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
            {
                dial.Objection = tls.Objection(host, certificate, chain, errors);
                return dial.Objection is null;
            };
        }

        return socket;
    }

    /// <summary>Announces the link, runs it and announces its end.</summary>
    private async Task<string> RunAsync(WebSocketLink link)
    {
        lock (_delivery)
        {
            if (_links.TryGetValue(link.Peer.Id, out var other))
            {
                // Both dialled each other: both keep the link of the smaller id. A second link of the same direction means that the first is dead.
                var keepOther = other.Dialled != link.Dialled && other.Dialled == (string.CompareOrdinal(Self.Id, link.Peer.Id) < 0);
                if (keepOther)
                    return AlreadyLinked;
                other.End(ReplacedByNewer);
                _handler!(new PeerDown(link.Peer, ReplacedByNewer));
            }

            _links[link.Peer.Id] = link;
            _handler!(new PeerUp(link.Peer));
        }

        if (_stopping.IsCancellationRequested)
            link.Close(NodeStopped);
        var reason = await link.RunAsync(message => Deliver(link, message));
        lock (_delivery)
        {
            // When it was replaced, its end has been announced already.
            if (_links.TryRemove(KeyValuePair.Create(link.Peer.Id, link)))
                _handler!(new PeerDown(link.Peer, reason));
        }

        return reason;
    }

    private void Deliver(WebSocketLink link, Message message)
    {
        lock (_delivery)
        {
            // Nothing may arrive after the link was announced as down.
            if (_links.TryGetValue(link.Peer.Id, out var current) && ReferenceEquals(current, link))
                _handler!(new PeerMessage(link.Peer, message));
        }
    }

    private static T? Cause<T>(Exception? failure)
        where T : Exception
    {
        while (failure is not (null or T))
            failure = failure.InnerException;
        return (T?)failure;
    }

    private TimeSpan Backoff(int failures)
    {
        var longest = Math.Min(_options.MaxBackoff.TotalMilliseconds, _options.MinBackoff.TotalMilliseconds * Math.Pow(2, Math.Min(failures, 20)));

        // Half to the whole, so that nodes that lost the same seed do not all come back at once.
        return TimeSpan.FromMilliseconds(longest * (0.5 + (Random.Shared.NextDouble() / 2)));
    }

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private static async Task CloseAsync(WebSocket socket)
    {
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            await socket.CloseAsync(WebSocketCloseStatus.PolicyViolation, null, limit.Token);
        }
        catch (Exception failure) when (failure is WebSocketException or OperationCanceledException or IOException or InvalidOperationException)
        {
            // It is gone already, which is what was wanted.
        }
    }

    private sealed class Dial(string address, CancellationTokenSource stop)
    {
        public string Address { get; } = address;

        public CancellationTokenSource Stop { get; } = stop;

        public WebSocketLink? Link { get; set; }

        /// <summary>To the certificate that was shown last.</summary>
        public string? Objection { get; set; }
    }
}
