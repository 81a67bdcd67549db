namespace Sluice.Core.Schedules;

/// <summary>What one field of a cron expression allows.</summary>
internal record struct CronFieldValues
{
    /// <summary>Bit n stands for the value n.</summary>
    public ulong Values;

    /// <summary>Day of month: bit n stands for n days before the last (<c>L</c>, <c>L-3</c>).</summary>
    public uint BeforeLast;

    /// <summary>Day of month: bit n stands for the weekday nearest to the nth (<c>15W</c>).</summary>
    public uint Nearest;

    /// <summary>Day of month: the last weekday (<c>LW</c>).</summary>
    public bool LastWeekday;

    /// <summary>Day of week: bit 7(n-1)+d stands for the nth day d (<c>FRI#2</c>).</summary>
    public ulong Nth;

    /// <summary>Day of week: bit d stands for the last day d (<c>5L</c>).</summary>
    public uint Last;
}
