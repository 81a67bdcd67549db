namespace Sluice.Core.Schedules;

/// <summary>Times on a wall clock without a zone at which something ticks: strictly increasing.</summary>
public abstract class WallTicks
{
    /// <summary>Every hour is allowed: such a schedule runs through a repeated hour, others do not.</summary>
    public abstract bool RunsEveryHour { get; }

    /// <summary>The first tick strictly after a wall-clock time; null past the end of the calendar.</summary>
    public abstract DateTime? Next(DateTime after);

    /// <summary>The last tick strictly before a wall-clock time; null before the start of the calendar.</summary>
    public abstract DateTime? Previous(DateTime before);
}
