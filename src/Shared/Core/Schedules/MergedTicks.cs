namespace Sluice.Core.Schedules;

/// <summary>Several sequences as one: a tick of any of them is a tick.</summary>
internal sealed class MergedTicks(IReadOnlyList<Ticks> parts) : Ticks
{
    public IReadOnlyList<Ticks> Parts => parts;

    public override DateTime? After(DateTime instant)
    {
        DateTime? earliest = null;
        foreach (var part in parts)
        {
            earliest = part.After(instant) is { } tick && !(earliest <= tick) ? tick : earliest;
        }

        return earliest;
    }

    public override DateTime? Before(DateTime instant)
    {
        DateTime? latest = null;
        foreach (var part in parts)
        {
            latest = part.Before(instant) is { } tick && !(latest >= tick) ? tick : latest;
        }

        return latest;
    }
}
