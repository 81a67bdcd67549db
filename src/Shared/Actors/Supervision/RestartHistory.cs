namespace Sluice.Actors;

/// <summary>What a parent remembers of a child's failures.</summary>
internal sealed class RestartHistory
{
    private readonly Queue<DateTimeOffset> _within = new();
    private DateTimeOffset _runsSince;
    private int _inARow;

    /// <summary>Counts a failure.</summary>
    /// <returns>The pause before the restart, or null when there were too many.</returns>
    public TimeSpan? NextPause(SupervisionStrategy strategy, DateTimeOffset now)
    {
        while (_within.TryPeek(out var oldest) && now - oldest > strategy.Window)
            _within.Dequeue();
        if (_within.Count >= strategy.MaxRestarts)
            return null;

        if (_inARow > 0 && now - _runsSince > strategy.MaxBackoff)
            _inARow = 0;

        var factor = Math.Pow(2, Math.Min(_inARow, 40));
        var pause = TimeSpan.FromTicks((long)Math.Min(strategy.MaxBackoff.Ticks, strategy.MinBackoff.Ticks * factor));
        _inARow++;
        _within.Enqueue(now);
        _runsSince = now + pause;
        return pause;
    }
}
