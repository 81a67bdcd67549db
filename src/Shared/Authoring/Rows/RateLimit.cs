namespace Sluice.Authoring.Rows;

/// <summary>Holds readers back to so many rows and bytes a second, together. Safe for concurrent use.</summary>
/// <remarks>A reader that was slower than it may be does not make up for it later by more than a second's worth.</remarks>
/// <param name="rows">Rows a second; null for any number.</param>
/// <param name="bytes">Bytes a second, before compression; null for any number.</param>
/// <param name="time">The clock.</param>
internal sealed class RateLimit(long? rows, long? bytes, TimeProvider time)
{
    private static readonly TimeSpan MostSaved = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private DateTimeOffset _freeAt = time.GetUtcNow();

    /// <summary>True when there is a limit.</summary>
    internal bool Applies => rows is not null || bytes is not null;

    /// <summary>Waits until so much more was allowed.</summary>
    internal async ValueTask WaitAsync(long moreRows, long moreBytes, CancellationToken cancellationToken)
    {
        if (!Applies)
        {
            return;
        }

        var seconds = Math.Max(rows is { } r ? (double)moreRows / r : 0, bytes is { } b ? (double)moreBytes / b : 0);
        TimeSpan wait;
        lock (_lock)
        {
            var now = time.GetUtcNow();
            var from = _freeAt < now - MostSaved ? now - MostSaved : _freeAt;
            _freeAt = from + TimeSpan.FromSeconds(seconds);
            wait = _freeAt - now;
        }

        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, time, cancellationToken);
        }
    }
}
