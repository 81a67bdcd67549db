using Sluice.Cli.CommandLine;
using Sluice.Cli.Deployments;
using Sluice.Cluster.Api;
using Sluice.Cluster.Wire;

namespace Sluice.Cli.TaskInstances;

/// <summary>The log of one attempt, which lies on the worker that ran it.</summary>
internal sealed class TaskLog(Invocation invocation, ApiClient api, string dag, string task)
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);

    private string? _holder;

    /// <summary>Prints it from its beginning.</summary>
    /// <param name="run">The run's id.</param>
    /// <param name="attempt">Whose log.</param>
    /// <param name="follow">Goes on until the attempt has ended.</param>
    /// <returns>Whether there is a log.</returns>
    public async Task<bool> PrintAsync(string run, TaskAttemptSummary attempt, bool follow)
    {
        long offset = 0;
        var there = false;
        await Waiting.ForAsync(
            async () =>
            {
                // First the state, then the log: what was written up to the end is then surely read.
                var ended = !follow || attempt.EndedAt is not null || await HasEndedAsync(run, attempt.Token);
                LogContent piece;
                do
                {
                    piece = await FetchAsync(run, attempt, offset);
                    offset = piece.Next;
                    there |= piece.Exists;
                    await invocation.Terminal.Out.WriteAsync(piece.Text);
                }
                while (piece.Text.Length > 0);
                return ended;
            },
            ended => ended,
            Every,
            invocation.Terminal.Time,
            invocation.Cancel);
        return there;
    }

    /// <summary>Reads it whole.</summary>
    /// <returns>Null when there is no log.</returns>
    public async Task<string?> ReadAsync(string run, TaskAttemptSummary attempt)
    {
        using var text = new StringWriter();
        var piece = await FetchAsync(run, attempt, 0);
        var there = piece.Exists;
        while (piece.Text.Length > 0)
        {
            await text.WriteAsync(piece.Text);
            piece = await FetchAsync(run, attempt, piece.Next);
        }

        return there ? text.ToString() : null;
    }

    private async Task<LogContent> FetchAsync(string run, TaskAttemptSummary attempt, long offset)
    {
        try
        {
            return await FetchAsync(_holder ?? attempt.Worker!, run, attempt.Token, offset);
        }
        catch (DeploymentException e) when (!e.IsTransient && _holder is null)
        {
            // A worker that was started again has another id, and the logs of the one before in its home.
            var nodes = (await api.NodesAsync(invocation.Cancel)).Nodes;
            foreach (var node in nodes.Where(node => node.Role == "worker"))
            {
                var piece = await FetchAsync(node.Id, run, attempt.Token, offset);
                if (piece.Exists)
                {
                    _holder = node.Id;
                    return piece;
                }
            }

            throw;
        }
    }

    private Task<LogContent> FetchAsync(string worker, string run, int token, long offset) => api.LogAsync(dag, run, task, token, worker, offset, invocation.Cancel);

    private async Task<bool> HasEndedAsync(string run, int token)
    {
        var answer = await api.TaskStateAsync(dag, task, run, invocation.Cancel);
        return answer.Attempts.FirstOrDefault(other => other.Token == token) is not { EndedAt: null };
    }
}
