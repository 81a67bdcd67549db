namespace Sluice.Core.Dags;

/// <summary>Bounds that a deployment sets on Dags.</summary>
public sealed record DagLimits
{
    public static DagLimits Default { get; } = new();

    /// <summary>Most tasks in one Dag. Default: 10,000. More makes for slower graphs and larger runs, not for a different engine.</summary>
    public int MaxTasks { get; init; } = 10_000;
}
