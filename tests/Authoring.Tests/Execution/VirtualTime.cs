namespace Sluice.Authoring.Tests.Execution;

/// <summary>A clock that jumps to the next timer whenever somebody waits for one and nothing else happens.</summary>
internal sealed class VirtualTime(DateTimeOffset start) : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly PriorityQueue<Timer, DateTimeOffset> _due = new();
    private DateTimeOffset _now = start;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
        {
            return _now;
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(() => callback(state));
        lock (_gate)
        {
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                _due.Enqueue(timer, _now + dueTime);
            }
        }

        return timer;
    }

    /// <summary>Fires timers one after the other, each at its time, until the task has ended.</summary>
    public async Task<T> DriveAsync<T>(Task<T> task)
    {
        while (!task.IsCompleted)
        {
            Timer? next = null;
            lock (_gate)
            {
                if (_due.TryDequeue(out next, out var at) && !next.Disposed)
                {
                    _now = at > _now ? at : _now;
                }
            }

            if (next is { Disposed: false })
            {
                next.Fire();
            }

            await Task.Yield();
        }

        return await task;
    }

    private sealed class Timer(Action fire) : ITimer
    {
        public bool Disposed { get; private set; }

        public void Fire() => fire();

        public bool Change(TimeSpan dueTime, TimeSpan period) => !Disposed;

        public void Dispose() => Disposed = true;

        public ValueTask DisposeAsync()
        {
            Disposed = true;
            return ValueTask.CompletedTask;
        }
    }
}
