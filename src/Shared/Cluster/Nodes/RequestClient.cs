using System.Collections.Concurrent;
using Sluice.Cluster.Transport;
using Sluice.Cluster.Wire;

namespace Sluice.Cluster.Nodes;

/// <summary>Questions to other nodes and their answers. Safe to use from any thread and any actor.</summary>
public sealed class RequestClient
{
    private readonly ITransport _transport;
    private readonly TimeProvider _time;
    private readonly Action<Request, Action<Response>> _askSelf;
    private readonly ConcurrentDictionary<long, Waiting> _waiting = new();
    private long _lastId;

    internal RequestClient(ITransport transport, TimeProvider time, Action<Request, Action<Response>> askSelf)
    {
        _transport = transport;
        _time = time;
        _askSelf = askSelf;
    }

    /// <summary>Asks and waits. Failing is an answer too: 503 when there is no link or it breaks, 504 when the time is up;
    /// <see cref="Response.Delivery"/> tells whether the other node may have acted.</summary>
    /// <param name="nodeId">May be this node itself.</param>
    /// <param name="method">One of <see cref="Methods"/>.</param>
    /// <param name="body">JSON text of the method's request type.</param>
    /// <exception cref="OperationCanceledException">Only when <paramref name="cancellationToken"/> asks for it.</exception>
    public Task<Response> AskAsync(string nodeId, string method, string body, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        var waiting = new Waiting(this, Interlocked.Increment(ref _lastId), nodeId, method, timeout);
        _waiting[waiting.Id] = waiting;
        waiting.Arm(_time, cancellationToken);

        var request = new Request(waiting.Id, method, body);
        if (nodeId == _transport.Self.Id)
            _askSelf(request, Take);
        else if (!_transport.Send(nodeId, request))
            waiting.End(new Response(waiting.Id, null, $"There is no link to node {nodeId}.", 503) { Delivery = Delivery.NotSent });
        return waiting.Task;
    }

    internal void Take(Response response)
    {
        if (_waiting.TryGetValue(response.Id, out var waiting))
            waiting.End(response);
    }

    internal void LinkBroke(NodeInfo peer, string reason)
    {
        foreach (var waiting in _waiting.Values.Where(waiting => waiting.NodeId == peer.Id))
        {
            waiting.End(new Response(waiting.Id, null, $"The link to {peer.Name} broke before it answered '{waiting.Method}': {reason}.", 503)
            {
                Delivery = Delivery.Unknown,
            });
        }
    }

    private sealed class Waiting(RequestClient client, long id, string nodeId, string method, TimeSpan timeout)
        : TaskCompletionSource<Response>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        private ITimer? _timer;
        private CancellationTokenRegistration _cancellation;

        public long Id { get; } = id;

        public string NodeId { get; } = nodeId;

        public string Method { get; } = method;

        public void Arm(TimeProvider time, CancellationToken cancellationToken)
        {
            _timer = time.CreateTimer(static waiting => ((Waiting)waiting!).TimedOut(), this, timeout, Timeout.InfiniteTimeSpan);
            _cancellation = cancellationToken.UnsafeRegister(static (waiting, token) => ((Waiting)waiting!).Cancelled(token), this);
            if (Task.IsCompleted)
                _timer.Dispose();
        }

        public void End(Response response)
        {
            Leave();
            _cancellation.Unregister();
            TrySetResult(response);
        }

        private void TimedOut() =>
            End(new Response(Id, null, $"Node {NodeId} did not answer '{Method}' within {timeout.TotalSeconds:0.###} s.", 504) { Delivery = Delivery.Unknown });

        private void Cancelled(CancellationToken token)
        {
            Leave();
            TrySetCanceled(token);
        }

        private void Leave()
        {
            client._waiting.TryRemove(Id, out _);
            _timer?.Dispose();
        }
    }
}
