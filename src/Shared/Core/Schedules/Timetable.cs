namespace Sluice.Core.Schedules;

/// <summary>One firing of a schedule.</summary>
/// <param name="Interval">The data interval, UTC.</param>
/// <param name="RunAfter">The earliest instant at which the run may be created, UTC: the interval's end, or the tick.</param>
public readonly record struct Firing(DataInterval Interval, DateTimeOffset RunAfter)
{
    /// <summary>Start of the interval; Airflow's <c>execution_date</c>.</summary>
    public DateTimeOffset LogicalDate => Interval.Start;
}
