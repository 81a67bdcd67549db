namespace Sluice.Core.Schedules;

/// <summary>Ticks of one length in elapsed time through an anchor, before and after it.</summary>
internal sealed class FixedTicks(DateTime anchor, TimeSpan length) : Ticks
{
    public override DateTime? After(DateTime instant) => At(FloorDiv(instant.Ticks - anchor.Ticks, length.Ticks) + 1);

    public override DateTime? Before(DateTime instant) => At(FloorDiv(instant.Ticks - 1 - anchor.Ticks, length.Ticks));

    private DateTime? At(long index)
    {
        var ticks = (Int128)anchor.Ticks + ((Int128)index * length.Ticks);
        return ticks < DateTime.MinValue.Ticks || ticks > DateTime.MaxValue.Ticks ? null : new DateTime((long)ticks, DateTimeKind.Utc);
    }

    private static long FloorDiv(long value, long by) => value >= 0 ? value / by : ((value + 1) / by) - 1;
}
