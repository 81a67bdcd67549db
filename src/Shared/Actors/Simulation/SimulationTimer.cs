namespace Sluice.Actors;

/// <summary>A timer on virtual time.</summary>
internal sealed class SimulationTimer(SimulationDispatcher simulation, SimulationNode node, TimerCallback callback, object? state) : ITimer
{
    private TimeSpan _period = Timeout.InfiniteTimeSpan;
    private bool _disposed;

    public SimulationNode Node { get; } = node;

    /// <summary>Counts the changes, so that the simulation knows a stale entry of its queue.</summary>
    public int Version { get; private set; }

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        if (_disposed)
            return false;
        Version++;
        _period = period;
        if (dueTime != Timeout.InfiniteTimeSpan)
            simulation.Schedule(this, dueTime);
        return true;
    }

    public void Fire()
    {
        if (_period > TimeSpan.Zero)
            simulation.Schedule(this, _period);
        callback(state);
    }

    public void Dispose()
    {
        _disposed = true;
        Version++;
    }

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    public override string ToString() => "timer";
}
