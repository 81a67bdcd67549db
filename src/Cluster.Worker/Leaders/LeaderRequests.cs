using Sluice.Cluster.Nodes;
using Sluice.Cluster.Wire;

namespace Sluice.Cluster.Worker.Leaders;

/// <summary>Requests to the node that leads. While there is none, or it goes away, they wait for the next one.</summary>
internal sealed class LeaderRequests(NodeHost host) : ILeaderRequests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly Lock _lock = new();
    private readonly HashSet<TaskCompletionSource<string>> _waiting = [];
    private string? _leader;

    /// <summary>Told by the worker: the leader's node id, null while no leader is linked.</summary>
    public void Follow(string? node)
    {
        TaskCompletionSource<string>[] waiting;
        lock (_lock)
        {
            _leader = node;
            waiting = node is null ? [] : [.. _waiting];
        }

        foreach (var one in waiting)
        {
            one.TrySetResult(node!);
        }
    }

    public async Task<Response> RequestAsync(string method, string body, CancellationToken cancellationToken)
    {
        var time = host.System.Time;
        var begun = time.GetTimestamp();
        while (true)
        {
            var response = await TryAsync(method, body, Patience - time.GetElapsedTime(begun), cancellationToken);
            if (response.Code is not (503 or 504) || time.GetElapsedTime(begun) + Pause >= Patience)
            {
                return response;
            }

            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    private async Task<Response> TryAsync(string method, string body, TimeSpan patience, CancellationToken cancellationToken)
    {
        try
        {
            var node = await LeaderAsync(patience, cancellationToken);
            return await host.AskAsync(node, method, body, AnswerWithin, cancellationToken);
        }
        catch (TimeoutException)
        {
            return new(0, null, $"No scheduler was reachable for {Patience.TotalSeconds:0} s.", 503);
        }
    }

    // Awaited directly and not by Task.WaitAsync, which would go on by way of the thread pool: in a simulation that is outside of its time.
    private async Task<string> LeaderAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        var waiting = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_leader is { } leader)
            {
                return leader;
            }

            _waiting.Add(waiting);
        }

        try
        {
            await using var timer = host.System.Time.CreateTimer(
                static one => ((TaskCompletionSource<string>)one!).TrySetException(new TimeoutException()), waiting, patience, Timeout.InfiniteTimeSpan);
            await using var cancelled = cancellationToken.Register(() => waiting.TrySetCanceled(cancellationToken));
            return await waiting.Task;
        }
        finally
        {
            lock (_lock)
            {
                _waiting.Remove(waiting);
            }
        }
    }
}
