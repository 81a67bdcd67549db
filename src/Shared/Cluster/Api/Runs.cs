namespace Sluice.Cluster.Api;

public sealed record RunName(string DagId, string RunId);

public sealed record TriggerRequest(string DagId, string? LogicalDate, string? RunId, string? Conf);

public sealed record RunFilter(string? DagId, string? State, string? BackfillId, int Limit = 25);

public sealed record RunSummary
{
    public required string DagId { get; init; }

    public required string RunId { get; init; }

    public required string RunType { get; init; }

    public required string State { get; init; }

    public required DateTimeOffset LogicalDate { get; init; }

    public required DateTimeOffset DataIntervalStart { get; init; }

    public required DateTimeOffset DataIntervalEnd { get; init; }

    public DateTimeOffset? QueuedAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public string? Reason { get; init; }

    public string? BackfillId { get; init; }

    /// <summary>Who triggered it by hand, or the task that did: <c>task dag/run/task</c>.</summary>
    public string? TriggeredBy { get; init; }

    public string? Conf { get; init; }

    public required string Version { get; init; }

    /// <summary>The updates of assets that it was made of; null for other runs.</summary>
    public IReadOnlyList<AssetEventSummary>? AssetEvents { get; init; }

    /// <summary>By when it should be over, in order of definition; null when there is no such moment.</summary>
    public IReadOnlyList<DeadlineSummary>? Deadlines { get; init; }
}

/// <param name="Name">As its Dag names it.</param>
/// <param name="Due">When the run should be over, UTC.</param>
/// <param name="State">pending, met or missed.</param>
/// <param name="MissedAt">When it was found that the run was not over by then.</param>
public sealed record DeadlineSummary(string Name, DateTimeOffset Due, string State, DateTimeOffset? MissedAt);

/// <param name="Run">The run.</param>
/// <param name="Tasks">In the Dag's order, each with its latest attempt; tasks that have not begun stand as none.</param>
/// <param name="Callbacks">Of the run and its tasks, in the order in which they were raised.</param>
public sealed record RunDetails(RunSummary Run, IReadOnlyList<TaskAttemptSummary> Tasks, IReadOnlyList<CallbackSummary> Callbacks);
