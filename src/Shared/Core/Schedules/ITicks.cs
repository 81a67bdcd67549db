namespace Sluice.Core.Schedules;

/// <summary>The instants at which a schedule ticks: an endless, strictly increasing sequence. Times are UTC.</summary>
internal interface ITicks
{
    /// <summary>The first tick strictly after an instant; null past the end of the calendar.</summary>
    DateTime? After(DateTime instant);

    /// <summary>The last tick strictly before an instant; null before the start of the calendar.</summary>
    DateTime? Before(DateTime instant);

    /// <summary>The instant itself when it is a tick, else the next one.</summary>
    DateTime? AtOrAfter(DateTime instant) => After(instant.AddTicks(-1));

    /// <summary>The instant itself when it is a tick, else the one before.</summary>
    DateTime? AtOrBefore(DateTime instant) => Before(instant.AddTicks(1));
}
