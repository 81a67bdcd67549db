using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Sluice.Cluster.Transport;
using Sluice.Cluster.Wire;

namespace Sluice.Cluster.Tests.Transport;

public sealed class WebSocketTransportTests
{
    private readonly CollectedLog _log = new();

    [Fact]
    public async Task Two_nodes_with_the_same_secret_exchange_messages_in_order_in_few_frames()
    {
        await using var listener = await Node.ListenAsync("listener", _log);
        await using var dialler = await Node.DialAsync("dialler", listener.Address, _log);
        await dialler.IsUpAsync();
        await listener.IsUpAsync();

        for (var number = 0; number < 20_000; number++)
            Assert.True(dialler.Transport.Send("listener", new Heartbeat(number, [])));
        Assert.True(listener.Transport.Send("dialler", new KillTasks(7, [new(1, 2, 3)], "why \"not\" 한국어")));
        await Until.True(() => listener.Messages.Count() == 20_000 && dialler.Messages.Count() == 1, "all arrived");

        Assert.Equal(Enumerable.Range(0, 20_000), listener.Messages.Select(message => (int)((Heartbeat)message).Epoch));
        var kill = Assert.IsType<KillTasks>(dialler.Messages.Single());
        Assert.Equal("why \"not\" 한국어", kill.Reason);
        Assert.Equal(new(1, 2, 3), kill.Ids.Single());
        Assert.Equal("dialler", listener.Events.OfType<PeerUp>().Single().Peer.Id);
    }

    [Fact]
    public async Task A_wrong_secret_is_refused_with_one_sentence_at_both_ends_and_tried_again_slowly()
    {
        var listenerLog = new CollectedLog();
        await using var listener = await Node.ListenAsync("listener", listenerLog);
        var begun = Stopwatch.StartNew();
        await using var stranger = await Node.DialAsync("stranger", listener.Address, _log, "guessed");

        await Until.True(() => !_log.Lines.IsEmpty && !listenerLog.Lines.IsEmpty, "both logged");

        Assert.Equal($"Error: Link to {listener.Address} refused: cluster secret does not match", Assert.Single(_log.Lines));
        Assert.Matches("^Error: Link from 127.0.0.1:[0-9]+ refused: cluster secret does not match$", listenerLog.Lines.First());
        Assert.Empty(listener.Events);
        Assert.Empty(stranger.Events);
        await Until.True(() => listenerLog.Lines.Count > 1, "it was tried again");
        Assert.True(begun.Elapsed.TotalSeconds > 4.9, $"It was tried again within {begun.Elapsed}.");
    }

    [Fact]
    public async Task A_listener_without_the_secret_is_not_believed_either()
    {
        // Takes every proof and cannot give one: what a thief of the address would be.
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        using var server = await listener.AcceptTcpClientAsync();
        using var near = WebSocket.CreateFromStream(client.GetStream(), new WebSocketCreationOptions());
        using var far = WebSocket.CreateFromStream(server.GetStream(), new WebSocketCreationOptions { IsServer = true });
        var dialling = new LinkHandshake(near, new NodeInfo("dialler", NodeRole.Worker, null, "dialler"), "secret").DialAsync(CancellationToken.None);

        await far.ReceiveAsync(new byte[4096], CancellationToken.None);
        await Say(Handshake.Greet(new NodeInfo("thief", NodeRole.Seed, null, "thief")));
        await far.ReceiveAsync(new byte[4096], CancellationToken.None);
        await Say(new Proof(new byte[32], null));

        var refused = await Assert.ThrowsAsync<LinkRefusedException>(() => dialling);
        Assert.Equal("cluster secret does not match", refused.Message);

        Task Say(object word) => far.SendAsync(
            JsonSerializer.SerializeToUtf8Bytes(word, word.GetType(), HandshakeJson.Default), WebSocketMessageType.Text, true, CancellationToken.None);
    }

    [Fact]
    public void A_proof_holds_for_its_direction_and_its_hellos_only()
    {
        byte[] one = [1], two = [2];
        var proof = Handshake.Prove("secret", fromDialler: true, one, two);

        Assert.True(Handshake.Matches(proof, Handshake.Prove("secret", true, one, two)));
        Assert.False(Handshake.Matches(proof, Handshake.Prove("secret", false, one, two)));
        Assert.False(Handshake.Matches(proof, Handshake.Prove("secret", true, two, one)));
        Assert.False(Handshake.Matches(proof, Handshake.Prove("secret", true, one, [3])));
        Assert.False(Handshake.Matches(proof, Handshake.Prove("Secret", true, one, two)));
        Assert.False(Handshake.Matches(null, proof));
        Assert.False(Handshake.Matches([], proof));
    }

    [Fact]
    public async Task A_node_that_comes_back_is_linked_again()
    {
        using var port = new ReservedPort();
        await using var dialler = await Node.DialAsync("dialler", $"127.0.0.1:{port.Number}", _log);
        for (var round = 1; round <= 3; round++)
        {
            var expected = round;
            var listener = await Node.ListenAsync($"listener-{round}", _log, $"127.0.0.1:{port.Number}");
            await Until.True(() => dialler.Events.OfType<PeerUp>().Count() == expected, "linked");
            Assert.True(dialler.Transport.Send($"listener-{round}", new Heartbeat(round, [])));
            await Until.True(() => listener.Messages.Count() == 1, "arrived");
            await listener.DisposeAsync();
            await Until.True(() => dialler.Events.OfType<PeerDown>().Count() == expected, "down");
            Assert.False(dialler.Transport.Send($"listener-{round}", new Heartbeat(round, [])));
        }

        Assert.Equal(
            ["up listener-1", "down listener-1", "up listener-2", "down listener-2", "up listener-3", "down listener-3"],
            dialler.Events.Select(happened => $"{(happened is PeerUp ? "up" : "down")} {happened.Peer.Id}"));
    }

    [Fact]
    public async Task A_message_of_many_megabytes_arrives_and_one_above_the_limit_does_not_leave()
    {
        await using var listener = await Node.ListenAsync("listener", _log);
        await using var dialler = await Node.DialAsync("dialler", listener.Address, _log);
        await dialler.IsUpAsync();
        var body = new string('x', 40 * 1024 * 1024);

        Assert.True(dialler.Transport.Send("listener", new Heartbeat(1, [])));
        Assert.True(dialler.Transport.Send("listener", new Request(1, "large", body)));
        Assert.True(dialler.Transport.Send("listener", new Request(2, "large", body)));
        Assert.False(dialler.Transport.Send("listener", new Request(3, "too large", new string('x', Frames.MaxBytes))));
        Assert.True(dialler.Transport.Send("listener", new Heartbeat(2, [])));
        await Until.True(() => listener.Messages.Count() == 4, "all arrived");

        Assert.Equal(body, ((Request)listener.Messages.ElementAt(1)).Body);
        Assert.Equal(2, ((Heartbeat)listener.Messages.Last()).Epoch);
        Assert.Contains(_log.Lines, line => line.StartsWith("Error: Request to listener is too large to send", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_was_sent_before_a_node_stops_still_arrives()
    {
        await using var listener = await Node.ListenAsync("listener", _log);
        var dialler = await Node.DialAsync("dialler", listener.Address, _log);
        await dialler.IsUpAsync();

        for (var number = 0; number < 5_000; number++)
            dialler.Transport.Send("listener", new Heartbeat(number, []));
        await dialler.DisposeAsync();
        await Until.True(() => listener.Events.Any(happened => happened is PeerDown), "down");

        Assert.Equal(5_000, listener.Messages.Count());
    }

    [Fact]
    public async Task A_link_that_takes_nothing_is_dropped_with_its_reason()
    {
        await using var listener = await Node.ListenAsync("listener", _log);
        using var stuck = new ManualResetEventSlim();
        listener.Before = happened =>
        {
            if (happened is PeerMessage)
                stuck.Wait(TimeSpan.FromSeconds(60));
        };
        await using var dialler = await Node.DialAsync("dialler", listener.Address, _log, queue: 20 * 1024 * 1024);
        await dialler.IsUpAsync();
        dialler.Transport.Disconnect("nobody");

        var body = new string('x', 1024 * 1024);
        await Until.True(() => !dialler.Transport.Send("listener", new Request(1, "much", body)), "the queue is full");
        await Until.True(() => dialler.Events.Any(happened => happened is PeerDown), "down");
        stuck.Set();

        Assert.Equal("it did not take what it was sent: more than 20 MiB were waiting", dialler.Events.OfType<PeerDown>().First().Reason);
    }

    [Fact]
    public async Task An_address_whose_link_has_ended_can_be_given_up()
    {
        var listener = await Node.ListenAsync("listener", _log);
        await using var dialler = await Node.DialAsync("dialler", listener.Address, _log);
        await dialler.IsUpAsync();
        await listener.DisposeAsync();
        await Until.True(() => _log.Lines.Any(line => line.Contains("No link to", StringComparison.Ordinal)), "it is dialled in vain");

        dialler.Transport.Disconnect(listener.Address);

        Assert.False(dialler.Transport.Send("listener", new Heartbeat(1, [])));
    }

    [Fact]
    public async Task A_half_open_link_is_found_by_both_sides()
    {
        // Between the two stands a relay that stops relaying and keeps its sockets open, as a lost network would.
        await using var listener = await Node.ListenAsync("listener", _log, keepAlive: TimeSpan.FromMilliseconds(200));
        using var relay = new Relay(listener.Address);
        await using var dialler = await Node.DialAsync("dialler", relay.Address, _log, keepAlive: TimeSpan.FromMilliseconds(200));
        await dialler.IsUpAsync();

        relay.Freeze();

        await Until.True(() => dialler.Events.Any(happened => happened is PeerDown), "the dialler noticed");
        await Until.True(() => listener.Events.Any(happened => happened is PeerDown), "the listener noticed");
    }

    [Fact]
    public async Task Nodes_that_dial_each_other_settle_on_one_link()
    {
        await using var one = await Node.ListenAsync("a", _log);
        await using var other = await Node.ListenAsync("b", _log);
        one.Transport.Connect(other.Address);
        other.Transport.Connect(one.Address);
        await one.IsUpAsync();
        await other.IsUpAsync();

        await Until.True(
            () => one.Transport.Send("b", new Heartbeat(1, [])) && other.Messages.Any() && other.Transport.Send("a", new Heartbeat(1, [])) && one.Messages.Any(),
            "both can send");

        Assert.InRange(one.Events.Count(happened => happened is PeerUp), 1, 2);
        Assert.InRange(other.Events.Count(happened => happened is PeerUp), 1, 2);
    }

    [Fact]
    public async Task A_node_that_is_told_to_dial_itself_gives_up_quietly()
    {
        await using var node = await Node.ListenAsync("self", _log);
        await using var other = await Node.DialAsync("other", node.Address, _log);
        node.Transport.Connect(node.Address);
        await other.IsUpAsync();
        await Until.True(() => !_log.Lines.IsEmpty, "it has met itself");

        Assert.Equal($"Debug: {node.Address} is this node itself; it is not dialled again", Assert.Single(_log.Lines));
        Assert.DoesNotContain(node.Events, happened => happened.Peer.Id == "self");
    }

    [Fact]
    public async Task What_is_unreadable_ends_the_link_with_its_reason()
    {
        await using var listener = await Node.ListenAsync("listener", _log);
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://{listener.Address}/cluster"), CancellationToken.None);
        await Say("""{"version":1,"node":{"id":"x","role":"Worker","name":"x"},"nonce":"AAAA"}""");
        await Hear();
        await Say("nonsense");
        await Until.True(() => !_log.Lines.IsEmpty, "refused");
        Assert.Contains("refused: it does not speak the cluster protocol", Assert.Single(_log.Lines), StringComparison.Ordinal);

        Task Say(string word) => socket.SendAsync(Encoding.UTF8.GetBytes(word), WebSocketMessageType.Text, true, CancellationToken.None);

        Task Hear() => socket.ReceiveAsync(new byte[4096], CancellationToken.None);
    }

    [Fact]
    public async Task With_tls_the_certificate_must_be_signed_by_the_authority()
    {
        using var authority = Certificate("authority");
        using var impostor = Certificate("impostor");
        await using var listener = await Node.ListenAsync("listener", _log, certificate: authority);
        await using var good = await Node.DialAsync("good", listener.Address, _log, authority: authority);
        await good.IsUpAsync();
        var log = new CollectedLog();
        await using var bad = await Node.DialAsync("bad", listener.Address, log, authority: impostor);

        await Until.True(() => !log.Lines.IsEmpty, "it was not trusted");
        await Until.True(() => !_log.Lines.IsEmpty, "the listener tells so, too");

        Assert.Empty(bad.Events);
        Assert.Contains("issued by CN=authority) is not signed by the authority of --tls-ca (CN=impostor)", Assert.Single(log.Lines), StringComparison.Ordinal);
        Assert.Contains("did not complete TLS. Perhaps it does not trust this node's certificate", Assert.Single(_log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_in_use_is_one_sentence()
    {
        await using var first = await ClusterServer.StartAsync("127.0.0.1:0", _log);

        var refused = await Assert.ThrowsAsync<ListenException>(() => ClusterServer.StartAsync(first.Address, _log));

        Assert.Equal($"Cannot listen on {first.Address}: the port is in use. Stop what uses it or choose another.", refused.Message);
        await Assert.ThrowsAsync<ListenException>(() => ClusterServer.StartAsync("nonsense", _log));
        Assert.Empty(_log.Lines);
    }

    private static X509Certificate2 Certificate(string name)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }

    private sealed class Node(WebSocketTransport transport, ClusterServer? server) : IAsyncDisposable
    {
        public WebSocketTransport Transport { get; } = transport;

        public string Address => server!.Address;

        public ConcurrentQueue<PeerEvent> Events { get; } = new();

        public IEnumerable<Message> Messages => Events.OfType<PeerMessage>().Select(happened => happened.Message);

        public Action<PeerEvent>? Before { get; set; }

        public static async Task<Node> ListenAsync(
            string id, CollectedLog log, string listen = "127.0.0.1:0", TimeSpan? keepAlive = null, X509Certificate2? certificate = null)
        {
            var server = await ClusterServer.StartAsync(listen, log, certificate is null ? null : new LinkTls { Certificate = certificate });
            var transport = new WebSocketTransport(new NodeInfo(id, NodeRole.Scheduler, server.Address, id), Options("secret", keepAlive), log);
            server.Attach(transport);
            return await new Node(transport, server).StartAsync();
        }

        public static async Task<Node> DialAsync(
            string id, string address, CollectedLog log, string secret = "secret", long? queue = null, TimeSpan? keepAlive = null, X509Certificate2? authority = null)
        {
            var options = Options(secret, keepAlive) with { Tls = authority is null ? null : new LinkTls { Authorities = [authority] } };
            if (queue is { } bytes)
                options = options with { MaxQueuedBytes = bytes };
            var transport = new WebSocketTransport(new NodeInfo(id, NodeRole.Worker, null, id), options, log);
            transport.Connect(address);
            transport.Connect(address);
            return await new Node(transport, null).StartAsync();
        }

        public Task IsUpAsync() => Until.True(() => Events.Any(happened => happened is PeerUp), "the link is up");

        public async ValueTask DisposeAsync()
        {
            await Transport.DisposeAsync();
            if (server is not null)
                await server.DisposeAsync();
        }

        private static WebSocketTransportOptions Options(string secret, TimeSpan? keepAlive)
        {
            // A busy machine takes many seconds for a large message: no link ends by silence but where a test asks for it.
            var every = keepAlive ?? TimeSpan.FromMinutes(5);
            return new() { Secret = secret, KeepAliveInterval = every, KeepAliveTimeout = every * 2, HandshakeTimeout = TimeSpan.FromMinutes(2) };
        }

        private async Task<Node> StartAsync()
        {
            await Transport.StartAsync(
                happened =>
                {
                    Before?.Invoke(happened);
                    Events.Enqueue(happened);
                },
                CancellationToken.None);
            return this;
        }
    }

    /// <summary>Passes bytes on until it is frozen; then it takes and gives nothing.</summary>
    private sealed class Relay : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly ConcurrentBag<TcpClient> _clients = [];
        private volatile bool _frozen;

        public Relay(string target)
        {
            _listener.Start();
            _ = AcceptAsync(IPEndPoint.Parse(target));
        }

        public string Address => _listener.LocalEndpoint.ToString()!;

        public void Freeze() => _frozen = true;

        public void Dispose()
        {
            _listener.Stop();
            foreach (var client in _clients)
                client.Dispose();
        }

        private async Task AcceptAsync(IPEndPoint target)
        {
            while (!_frozen)
            {
                var one = await _listener.AcceptTcpClientAsync();
                var other = new TcpClient();
                _clients.Add(one);
                _clients.Add(other);
                await other.ConnectAsync(target);
                _ = PassAsync(one, other);
                _ = PassAsync(other, one);
            }
        }

        private async Task PassAsync(TcpClient from, TcpClient to)
        {
            var buffer = new byte[64 * 1024];
            while (await from.GetStream().ReadAsync(buffer) is var count and > 0)
            {
                if (_frozen)
                    return;
                await to.GetStream().WriteAsync(buffer.AsMemory(0, count));
            }
        }
    }
}
