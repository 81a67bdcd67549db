using System.Globalization;
using Sluice.Core.DagRuns;

namespace Sluice.Scheduler.DagRuns;

/// <summary>Names and keys of new runs, and keys of callbacks. Shared by all Dags and runs.</summary>
internal sealed class RunIds(long epoch)
{
    private uint _count;

    /// <summary>Unique without asking anyone: no other leader has this epoch.</summary>
    public long NextKey() => (epoch << 32) | Interlocked.Increment(ref _count);

    /// <summary><c>{type}__{iso time}</c> (semantics.md, 2).</summary>
    public static RunId Of(RunType type, DateTimeOffset at) =>
        new($"{System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(type.ToString())}__{at.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFzzz", CultureInfo.InvariantCulture)}");
}
