using Microsoft.Extensions.Logging;
using Sluice.Actors;
using Sluice.Cluster.Membership;
using Sluice.Cluster.Transport;
using Sluice.Cluster.Wire;

namespace Sluice.Cluster.Nodes;

/// <summary>
/// One node: its actors, its transport, and the way between them. A transport has one handler, which is this: it hands every event to the
/// actors that subscribed, in order, and every question to the actor that serves its method.
/// </summary>
public sealed partial class NodeHost : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly ILogger _logger;
    private readonly Dictionary<string, NodeInfo> _linked = [];
    private readonly Dictionary<string, ActorRef> _servers = [];
    private readonly List<Subscription> _subscriptions = [];

    /// <param name="system">Disposed with the node.</param>
    /// <param name="transport">Disposed with the node; not started yet.</param>
    /// <param name="seeds">Addresses of the seeds, host:port; none for a seed that stands alone.</param>
    public NodeHost(ActorSystem system, ITransport transport, IReadOnlyList<string> seeds, ILoggerFactory loggers)
    {
        ArgumentNullException.ThrowIfNull(system);
        ArgumentNullException.ThrowIfNull(transport);
        ArgumentNullException.ThrowIfNull(seeds);
        System = system;
        Transport = transport;
        _logger = loggers.CreateLogger("Sluice.Cluster.Node");
        Requests = new RequestClient(transport, system.Time, (request, reply) => Dispatch(new IncomingRequest(Self, request, reply)));
        Membership = system.Spawn(Props.Create(() => new MembershipActor(this, seeds)), "membership");
    }

    public ActorSystem System { get; }

    public ITransport Transport { get; }

    public NodeInfo Self => Transport.Self;

    /// <summary>The membership actor: takes <see cref="ClaimLeadership"/>, <see cref="WithdrawLeadership"/>, <see cref="GetMembership"/>.</summary>
    public ActorRef Membership { get; }

    public RequestClient Requests { get; }

    /// <summary>Nodes that are linked now.</summary>
    public IReadOnlyList<NodeInfo> Linked
    {
        get
        {
            lock (_gate)
                return [.. _linked.Values];
        }
    }

    /// <summary>Starts the transport, and with it the dialling of the seeds.</summary>
    public ValueTask StartAsync(CancellationToken cancellationToken) => Transport.StartAsync(Handle, cancellationToken);

    /// <summary>Tells the actor every <see cref="PeerEvent"/> from now on, first a <see cref="PeerUp"/> for each node that is linked already.</summary>
    /// <param name="filter">What to tell; null for all. Questions and answers (<see cref="Request"/>, <see cref="Response"/>) never come this way.</param>
    /// <remarks>An actor that may restart calls it in PreStartAsync: it replaces its subscription and hears again who is linked.</remarks>
    public void Subscribe(ActorRef actor, Func<PeerEvent, bool>? filter = null)
    {
        ArgumentNullException.ThrowIfNull(actor);
        var subscription = new Subscription(actor, filter);
        lock (_gate)
        {
            _subscriptions.RemoveAll(other => ReferenceEquals(other.Actor, actor));
            _subscriptions.Add(subscription);
            foreach (var peer in _linked.Values)
                subscription.Tell(new PeerUp(peer));
        }
    }

    public void Unsubscribe(ActorRef actor)
    {
        lock (_gate)
            _subscriptions.RemoveAll(subscription => ReferenceEquals(subscription.Actor, actor));
    }

    /// <summary>From now on questions of this method are told to the actor as <see cref="IncomingRequest"/>. One actor a method; the last one counts.</summary>
    /// <param name="method">One of <see cref="Methods"/>. <see cref="Methods.Actors"/> is served by the node itself.</param>
    public void Serve(string method, ActorRef actor)
    {
        ArgumentNullException.ThrowIfNull(actor);
        lock (_gate)
            _servers[method] = actor;
    }

    /// <summary>Asks another node, or this one. See <see cref="RequestClient.AskAsync"/>.</summary>
    public Task<Response> AskAsync(string nodeId, string method, string body, TimeSpan timeout, CancellationToken cancellationToken = default) =>
        Requests.AskAsync(nodeId, method, body, timeout, cancellationToken);

    /// <summary>Stops the actors, which may still send, and then the transport.</summary>
    public async ValueTask DisposeAsync()
    {
        await System.DisposeAsync();
        await Transport.DisposeAsync();
    }

    private void Handle(PeerEvent happened)
    {
        switch (happened)
        {
            case PeerMessage { Message: Request request } asked:
                var peer = asked.Peer;
                Dispatch(new IncomingRequest(peer, request, response => Transport.Send(peer.Id, response)));
                return;

            case PeerMessage { Message: Response response }:
                Requests.Take(response);
                return;

            case PeerUp up:
                LogUp(_logger, up.Peer.Name, up.Peer.Id);
                break;

            case PeerDown down:
                LogDown(_logger, down.Peer.Name, down.Peer.Id, down.Reason);
                Requests.LinkBroke(down.Peer, down.Reason);
                break;
        }

        lock (_gate)
        {
            if (happened is PeerUp)
                _linked[happened.Peer.Id] = happened.Peer;
            else if (happened is PeerDown)
                _linked.Remove(happened.Peer.Id);
            foreach (var subscription in _subscriptions)
                subscription.Tell(happened);
        }
    }

    private void Dispatch(IncomingRequest asked)
    {
        if (asked.Method == Methods.Actors)
        {
            asked.ReplyWith(System.Inspect());
            return;
        }

        ActorRef? server;
        lock (_gate)
            _servers.TryGetValue(asked.Method, out server);
        if (server is null)
            asked.Fail(404, $"{Self.Name} does not answer '{asked.Method}'.");
        else
            server.Tell(asked);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Linked to {Peer} ({Id})")]
    private static partial void LogUp(ILogger logger, string peer, string id);

    [LoggerMessage(Level = LogLevel.Information, Message = "Link to {Peer} ({Id}) is down: {Reason}")]
    private static partial void LogDown(ILogger logger, string peer, string id, string reason);

    private sealed record Subscription(ActorRef Actor, Func<PeerEvent, bool>? Filter)
    {
        public void Tell(PeerEvent happened)
        {
            if (Filter is null || Filter(happened))
                Actor.Tell(happened);
        }
    }
}
