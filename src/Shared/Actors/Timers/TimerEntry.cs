namespace Sluice.Actors;

/// <summary>One timer that was started. It travels through the mailbox itself, so that its identity tells a current tick from an old one.</summary>
internal sealed class TimerEntry : IDisposable
{
    // Clocks take no longer delay than some 49 days; longer ones go in steps.
    private static readonly TimeSpan LongestStep = TimeSpan.FromDays(40);

    private readonly Lock _gate = new();
    private readonly ActorCell _cell;
    private readonly TimeSpan _delay;
    private TimeSpan _left;
    private ITimer? _timer;
    private bool _waits; // a tick is in the mailbox
    private bool _disposed;

    public TimerEntry(ActorCell cell, object key, object message, TimeSpan delay, bool periodic)
    {
        _cell = cell;
        _delay = _left = delay;
        Key = key;
        Message = message;
        Periodic = periodic;
    }

    public object Key { get; }

    public object Message { get; }

    public bool Periodic { get; }

    public void Arm()
    {
        // The locals of whoever starts a timer must not live as long as the timer.
        using var noFlow = ExecutionContext.IsFlowSuppressed() ? default(AsyncFlowControl?) : ExecutionContext.SuppressFlow();
        lock (_gate)
        {
            _timer =_cell.System.Time.CreateTimer(static entry => ((TimerEntry)entry!).Elapsed(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            Step();
        }
    }

    public void Taken() => Volatile.Write(ref _waits, false);

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _timer?.Dispose();
        }
    }

    private void Step()
    {
        if (_left > LongestStep)
        {
            _left -= LongestStep;
            _timer!.Change(LongestStep, Timeout.InfiniteTimeSpan);
            return;
        }

        var step = _left;
        _left = TimeSpan.Zero;
        if (Periodic && _delay <= LongestStep)
            _timer!.Change(step, _delay);
        else
            _timer!.Change(step, Timeout.InfiniteTimeSpan);
    }

    private void Elapsed()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            if (_left > TimeSpan.Zero)
            {
                Step();
                return;
            }

            if (Periodic && _delay > LongestStep)
            {
                _left = _delay;
                Step();
            }

            if (_waits)
                return;
            _waits = true;
        }

        _cell.Deliver(this);
    }
}
