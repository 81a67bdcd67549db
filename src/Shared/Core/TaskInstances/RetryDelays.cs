using System.Security.Cryptography;
using System.Text;
using Sluice.Core.Dags;

namespace Sluice.Core.TaskInstances;

/// <summary>How long a failed attempt waits before the next (semantics.md, 6).</summary>
public static class RetryDelays
{
    private static readonly TimeSpan Cap = TimeSpan.FromHours(24);

    /// <param name="task">The task, with its delay and backoff.</param>
    /// <param name="dag">Seeds the jitter, with the task, the logical date and the try: the same attempt always waits alike.</param>
    /// <param name="logicalDate">UTC.</param>
    /// <param name="tryNumber">The try that failed, from 1.</param>
    /// <param name="mapIndex">Instances of a mapped task do not come back all at once.</param>
    /// <returns>With backoff: between 1 and 2 times <c>delay * multiplier^(try-1)</c>, at most 24 h and at most the task's own cap.</returns>
    public static TimeSpan After(TaskSpec task, DagId dag, DateTimeOffset logicalDate, int tryNumber, int mapIndex = -1)
    {
        var multiplier = task.RetryBackoffMultiplier > 0 ? task.RetryBackoffMultiplier : task.RetryExponentialBackoff ? 2 : 0;
        if (multiplier == 0)
        {
            return task.RetryDelay;
        }

        // Finite, so that nothing times much is nothing.
        var factor = Math.Min(Math.Pow(multiplier, tryNumber - 1), double.MaxValue);
        var seconds = Math.Max(1, Math.Ceiling(task.RetryDelay.TotalSeconds * factor));
        var delay = Cap;
        if (seconds < Cap.TotalSeconds) // not so for infinity either
        {
            var seed = SHA256.HashData(Encoding.UTF8.GetBytes($"{dag}#{DagRuns.DagRunState.NameOf(task.Id, mapIndex)}#{logicalDate:O}#{tryNumber}"));
            var jitter = BitConverter.ToUInt32(seed) % (uint)seconds;
            delay = TimeSpan.FromSeconds(Math.Min(seconds + jitter, Cap.TotalSeconds));
        }

        return task.MaxRetryDelay is { } max && max < delay ? max : delay;
    }
}
