using Sluice.Cli.CommandLine;
using Sluice.Cli.Deployments;
using Sluice.Cluster.Wire;

namespace Sluice.Cli.Logs;

/// <summary>The log of one attempt of a task, or of one handing out of a callback: it lies on the worker that ran it.</summary>
/// <param name="invocation">Prints it.</param>
/// <param name="api">The deployment.</param>
/// <param name="dag">The Dag.</param>
/// <param name="run">The run's id.</param>
/// <param name="task">The instance, or <c>callback-</c> and the event's id.</param>
/// <param name="token">Of the attempt.</param>
/// <param name="worker">Who ran it; null when that is not known.</param>
/// <param name="former">Ids that the Dag had before; null for none.</param>
/// <param name="formerTasks">Names that the instance had before; null for none.</param>
internal sealed class AttemptLog(
    Invocation invocation, ApiClient api, string dag, string run, string task, int token, string? worker, IReadOnlyList<string>? former = null,
    IReadOnlyList<string>? formerTasks = null)
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);

    private string? _holder;
    private (string Dag, string Task)? _names; // when the attempt ran

    /// <summary>Prints it from its beginning.</summary>
    /// <param name="hasEnded">Asked before each look; it goes on until the answer is yes.</param>
    /// <returns>Whether there is a log.</returns>
    public async Task<bool> PrintAsync(Func<Task<bool>> hasEnded)
    {
        long offset = 0;
        var there = false;
        await Waiting.ForAsync(
            async () =>
            {
                // First the state, then the log: what was written up to the end is then surely read.
                var ended = await hasEnded();
                LogContent piece;
                do
                {
                    piece = await FetchAsync(offset);
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
    public async Task<string?> ReadAsync()
    {
        using var text = new StringWriter();
        var piece = await FetchAsync(0);
        var there = piece.Exists;
        while (piece.Text.Length > 0)
        {
            await text.WriteAsync(piece.Text);
            piece = await FetchAsync(piece.Next);
        }

        return there ? text.ToString() : null;
    }

    private async Task<LogContent> FetchAsync(long offset)
    {
        if (_holder is null && worker is null)
        {
            return await FindAsync(offset) ?? new("", offset, Exists: false);
        }

        try
        {
            return await FetchAsync(_holder ?? worker!, offset);
        }
        catch (DeploymentException e) when (!e.IsTransient && _holder is null)
        {
            if (await FindAsync(offset) is { } found)
            {
                return found;
            }

            throw;
        }
    }

    /// <summary>A worker that was started again has another id, and the logs of the one before in its home.</summary>
    private async Task<LogContent?> FindAsync(long offset)
    {
        var nodes = (await api.NodesAsync(invocation.Cancel)).Nodes;
        foreach (var node in nodes.Where(node => node.Role == "worker"))
        {
            var piece = await FetchAsync(node.Id, offset);
            if (piece.Exists)
            {
                _holder = node.Id;
                return piece;
            }
        }

        return null;
    }

    private async Task<LogContent> FetchAsync(string node, long offset)
    {
        var (ofDag, ofTask) = _names ?? (dag, task);
        var piece = await api.LogAsync(ofDag, run, ofTask, token, node, offset, invocation.Cancel);
        foreach (var names in piece.Exists || _names is not null ? [] : FormerNames())
        {
            var earlier = await api.LogAsync(names.Dag, run, names.Task, token, node, offset, invocation.Cancel);
            if (earlier.Exists)
            {
                _names = names;
                return earlier;
            }
        }

        return piece;
    }

    /// <summary>It lies under the names that the Dag and the task had then, either of which may have changed since.</summary>
    private IEnumerable<(string Dag, string Task)> FormerNames() =>
        from ofDag in (string[])[dag, .. former ?? []] from ofTask in (string[])[task, .. formerTasks ?? []] where ofDag != dag || ofTask != task select (ofDag, ofTask);
}
