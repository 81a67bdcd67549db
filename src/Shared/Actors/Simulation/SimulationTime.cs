namespace Sluice.Actors;

/// <summary>The clock of a simulated node: it moves only when nothing is left to do.</summary>
public sealed class SimulationTime : TimeProvider
{
    private readonly SimulationDispatcher _simulation;
    private readonly SimulationNode _node;

    internal SimulationTime(SimulationDispatcher simulation, SimulationNode node)
    {
        _simulation = simulation;
        _node = node;
    }

    /// <summary>How far the wall clock of this node is off; timers and timestamps are not.</summary>
    public TimeSpan Skew { get; set; }

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => _simulation.Now + Skew;

    public override long GetTimestamp() => _simulation.Now.UtcTicks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new SimulationTimer(_simulation, _node, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }
}
