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
    private TaskCompletionSource<string> _leader = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Told by the worker: the leader's node id, null while no leader is linked.</summary>
    public void Follow(string? node)
    {
        lock (_lock)
        {
            if (_leader.Task.IsCompleted)
            {
                _leader = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            if (node is not null)
            {
                _leader.SetResult(node);
            }
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
        Task<string> leader;
        lock (_lock)
        {
            leader = _leader.Task;
        }

        try
        {
            var node = leader.IsCompleted ? await leader : await leader.WaitAsync(patience, host.System.Time, cancellationToken);
            return await host.AskAsync(node, method, body, AnswerWithin, cancellationToken);
        }
        catch (TimeoutException)
        {
            return new(0, null, $"No scheduler was reachable for {Patience.TotalSeconds:0} s.", 503);
        }
    }
}
