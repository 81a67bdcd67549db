namespace Sluice.Cluster.Api;

public sealed record DagName(string DagId);

public sealed record DagSummary
{
    public required string DagId { get; init; }

    public required string Schedule { get; init; }

    public required bool Paused { get; init; }

    public required bool Active { get; init; }

    public required string Version { get; init; }

    public required string File { get; init; }

    public DateTimeOffset? NextRunAfter { get; init; }

    public string? Description { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    public string? Owner { get; init; }

    /// <summary>Why nothing new runs though its file defines it; null when all is well.</summary>
    public string? Problem { get; init; }

    /// <summary>How far it is with the assets that it waits for; null when it waits for none.</summary>
    public AssetWaitSummary? WaitsForAssets { get; init; }
}

public sealed record DagDetails(DagSummary Dag, IReadOnlyList<TaskSummary> Tasks, IReadOnlyList<RunSummary> LatestRuns);

public sealed record TaskSummary(
    string TaskId, string Operator, IReadOnlyList<string> Upstream, string TriggerRule, int Retries, string Pool, string Queue, int Priority);

/// <param name="Version">Content hash.</param>
/// <param name="Number">Counts from 1, in the order in which versions were first seen; versions that no run used are not kept.</param>
/// <param name="CreatedAt">When it was first seen.</param>
/// <param name="Runs">Runs that are pinned to it.</param>
/// <param name="IsCurrent">New runs take it.</param>
public sealed record DagVersionSummary(string Version, int Number, DateTimeOffset CreatedAt, long Runs, bool IsCurrent);

/// <param name="DagId">The Dag.</param>
/// <param name="File">Where it is defined.</param>
/// <param name="Paused">It makes no scheduled runs.</param>
/// <param name="ActiveRuns">Runs that are queued or running.</param>
/// <param name="Spec">Its definition as JSON.</param>
public sealed record DeployedDagAnswer(string DagId, string File, bool Paused, int ActiveRuns, string Spec);

public sealed record ImportErrorSummary(string File, string Message, DateTimeOffset At);
