using System.Security.Cryptography;
using System.Text;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;

namespace Sluice.Core.TaskInstances;

/// <summary>How long a sensor waits between two pokes (semantics.md, 9).</summary>
public static class PokeGaps
{
    // What is longer than any timeout is as good as for ever.
    private const double LongestSeconds = 1e9;

    /// <summary>The gap after a poke that said no.</summary>
    /// <param name="sensor">Interval, backoff and limits.</param>
    /// <param name="dag">Seeds the jitter, with the task and its first poke: sensors that began together do not poke together for ever.</param>
    /// <param name="task">The task, with its map index.</param>
    /// <param name="firstPokeAt">When the first poke began, UTC.</param>
    /// <param name="elapsed">Since then.</param>
    /// <returns>
    /// Without backoff the interval. With it, gap k is of <c>b</c> to <c>2b - 1</c> seconds, where <c>b</c> is <c>interval * 2^(k-2)</c>, at least one second;
    /// k is the first gap that would end after <paramref name="elapsed"/>, so that a sensor that starts anew for each poke needs no memory of the ones
    /// before. At most the sensor's longest wait, and what is left of its timeout.
    /// </returns>
    public static TimeSpan After(SensorSpec sensor, DagId dag, TaskId task, DateTimeOffset firstPokeAt, TimeSpan elapsed)
    {
        if (!sensor.ExponentialBackoff)
        {
            return sensor.PokeInterval;
        }

        var (gap, passed) = (0.0, 0.0);
        for (var k = 1; passed <= elapsed.TotalSeconds && gap < LongestSeconds; k++)
        {
            gap = Seconds(sensor, $"{dag}#{task}#{firstPokeAt:O}#{k}", k);
            passed += gap;
        }

        var longest = sensor.MaxWait ?? TimeSpan.MaxValue;

        // The last poke comes when the time is up. Then a second later, since only what has waited longer gives up.
        var left = sensor.Timeout - elapsed;
        left = left > TimeSpan.Zero ? left : TimeSpan.FromSeconds(1);
        var wait = TimeSpan.FromSeconds(Math.Min(gap, LongestSeconds));
        wait = wait < left ? wait : left;
        return wait < longest ? wait : longest;
    }

    private static double Seconds(SensorSpec sensor, string seed, int k)
    {
        var least = Math.Max(1, Math.Floor(sensor.PokeInterval.TotalSeconds * Math.Pow(2, k - 2)));
        return least >= LongestSeconds
            ? LongestSeconds
            : least + (BitConverter.ToUInt32(SHA256.HashData(Encoding.UTF8.GetBytes(seed))) % (uint)least);
    }
}
