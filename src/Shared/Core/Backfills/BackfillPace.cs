namespace Sluice.Core.Backfills;

/// <summary>How fast runs end, from the ends of the latest ones.</summary>
/// <param name="From">Since when they are counted, UTC.</param>
/// <param name="Ended">Runs that ended since; the one at <paramref name="From"/> itself is not among them.</param>
public readonly record struct BackfillPace(DateTimeOffset From, int Ended)
{
    /// <summary>Ends that are remembered: enough to even out bursts, few enough to follow a change.</summary>
    public const int Window = 32;

    /// <summary>Runs a second; falls while nothing ends. Null when nothing has ended yet.</summary>
    public double? RateAt(DateTimeOffset now) => Ended > 0 && now > From ? Ended / (now - From).TotalSeconds : null;

    /// <summary>Time until the rest is done at this rate; null when it is not known, or longer than a century.</summary>
    public TimeSpan? LeftAt(DateTimeOffset now, int runs) =>
        runs <= 0 ? TimeSpan.Zero : RateAt(now) is { } rate && runs / rate < 36500 * 86400.0 ? TimeSpan.FromSeconds(runs / rate) : null;
}
