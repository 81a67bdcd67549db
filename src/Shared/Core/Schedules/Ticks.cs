namespace Sluice.Core.Schedules;

/// <summary>The instants at which a schedule ticks: an endless, strictly increasing sequence. Times are UTC.</summary>
internal abstract class Ticks
{
    /// <summary>The first tick strictly after an instant; null past the end of the calendar.</summary>
    public abstract DateTime? After(DateTime instant);

    /// <summary>The last tick strictly before an instant; null before the start of the calendar.</summary>
    public abstract DateTime? Before(DateTime instant);

    /// <summary>The instant itself when it is a tick, else the next one.</summary>
    public DateTime? AtOrAfter(DateTime instant) => After(instant == DateTime.MinValue ? instant : instant.AddTicks(-1));

    /// <summary>The instant itself when it is a tick, else the one before.</summary>
    public DateTime? AtOrBefore(DateTime instant) => Before(instant == DateTime.MaxValue ? instant : instant.AddTicks(1));
}
