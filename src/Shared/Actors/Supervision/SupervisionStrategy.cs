namespace Sluice.Actors;

/// <summary>What becomes of a child that failed.</summary>
public enum SupervisionDirective
{
    /// <summary>A new instance takes over mailbox and address after a pause; the message that failed is dropped, its children are stopped.</summary>
    Restart,

    /// <summary>It stops for good.</summary>
    Stop,

    /// <summary>The parent fails with the same exception.</summary>
    Escalate,
}

/// <summary>How a parent treats a child whose handler threw.</summary>
public sealed class SupervisionStrategy
{
    private static readonly TimeSpan LeastBackoff = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MostBackoff = TimeSpan.FromSeconds(30);

    private readonly Func<Exception, SupervisionDirective> _decide;

    private SupervisionStrategy(
        Func<Exception, SupervisionDirective> decide, TimeSpan minBackoff, TimeSpan maxBackoff, int maxRestarts, TimeSpan window)
    {
        _decide = decide;
        MinBackoff = minBackoff;
        MaxBackoff = maxBackoff;
        MaxRestarts = maxRestarts;
        Window = window;
    }

    /// <summary>Restarts after 100 ms, then 200 ms and so on up to 30 s; more than 20 restarts within ten minutes escalate.</summary>
    public static SupervisionStrategy Default { get; } = Restart();

    /// <summary>A child that failed is stopped.</summary>
    public static SupervisionStrategy Stop { get; } =
        new(static _ => SupervisionDirective.Stop, LeastBackoff, MostBackoff, int.MaxValue, TimeSpan.FromMinutes(10));

    /// <summary>A failed child fails its parent.</summary>
    public static SupervisionStrategy Escalate { get; } =
        new(static _ => SupervisionDirective.Escalate, LeastBackoff, MostBackoff, int.MaxValue, TimeSpan.FromMinutes(10));

    internal TimeSpan MinBackoff { get; }

    internal TimeSpan MaxBackoff { get; }

    internal int MaxRestarts { get; }

    internal TimeSpan Window { get; }

    /// <summary>Restarts a child that failed.</summary>
    /// <param name="minBackoff">Pause before the first restart; doubles with each that follows. Default: 100 ms.</param>
    /// <param name="maxBackoff">Longest pause; a child that ran for longer starts from the shortest again. Default: 30 s.</param>
    /// <param name="maxRestarts">How many restarts within <paramref name="window"/> before the failure is the parent's. Default: 20.</param>
    /// <param name="window">Default: 10 minutes.</param>
    public static SupervisionStrategy Restart(
        TimeSpan? minBackoff = null, TimeSpan? maxBackoff = null, int maxRestarts = 20, TimeSpan? window = null)
    {
        var least = minBackoff ?? LeastBackoff;
        var most = maxBackoff ?? (least > MostBackoff ? least : MostBackoff);
        ArgumentOutOfRangeException.ThrowIfLessThan(least, TimeSpan.Zero, nameof(minBackoff));
        ArgumentOutOfRangeException.ThrowIfLessThan(most, least, nameof(maxBackoff));
        ArgumentOutOfRangeException.ThrowIfNegative(maxRestarts);
        return new(static _ => SupervisionDirective.Restart, least, most, maxRestarts, window ?? TimeSpan.FromMinutes(10));
    }

    /// <summary>Decides by exception; the pauses and limits of restarts stay.</summary>
    public SupervisionStrategy Deciding(Func<Exception, SupervisionDirective> decide)
    {
        ArgumentNullException.ThrowIfNull(decide);
        return new(decide, MinBackoff, MaxBackoff, MaxRestarts, Window);
    }

    internal SupervisionDirective Decide(Exception failure) => _decide(failure);
}
