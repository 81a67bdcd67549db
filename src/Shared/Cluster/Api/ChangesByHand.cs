namespace Sluice.Cluster.Api;

/// <summary>Which runs to move to another version, or which tasks of which runs to clear or mark.</summary>
public sealed record ChangeRequest
{
    public required string DagId { get; init; }

    /// <summary>A run id or a logical date; null: the runs of a range.</summary>
    public string? RunId { get; init; }

    /// <summary>Without a run: first logical date, inclusive; a bare date is midnight in the Dag's zone.</summary>
    public string? Start { get; init; }

    /// <summary>Without a run: last logical date, exclusive.</summary>
    public string? End { get; init; }

    /// <summary>Also the runs before the named one.</summary>
    public bool Past { get; init; }

    /// <summary>Also the runs after the named one.</summary>
    public bool Future { get; init; }

    /// <summary>Ids of tasks or groups, or names of instances such as <c>load[3]</c>. Empty: all.</summary>
    public IReadOnlyList<string> Tasks { get; init; } = [];

    public bool Upstream { get; init; }

    public bool Downstream { get; init; }

    /// <summary>Of all these only what is failed or upstream_failed.</summary>
    public bool OnlyFailed { get; init; }

    /// <summary>What is failed or upstream_failed among the tasks, and everything after that.</summary>
    public bool FromFailed { get; init; }

    /// <summary>To mark: success, failed or skipped.</summary>
    public string? State { get; init; }

    /// <summary>
    /// To clear or to move: the runs go on by this version of the Dag: <c>latest</c>, or a content hash or its beginning. When it is missing, a
    /// run that is cleared keeps its version (<c>original</c>), and one that is moved gets the latest.
    /// </summary>
    public string? Version { get; init; }

    /// <summary>Why, for those who look at it later.</summary>
    public string? Note { get; init; }

    /// <summary>Only say what would happen.</summary>
    public bool DryRun { get; init; }
}

/// <param name="Runs">By logical date; those that would not change are left out.</param>
public sealed record ChangeAnswer(bool DryRun, IReadOnlyList<RunChangeSummary> Runs);

/// <param name="RunId">The run.</param>
/// <param name="LogicalDate">UTC.</param>
/// <param name="StateBefore">Its state until then.</param>
/// <param name="StateAfter">Its state right after it.</param>
/// <param name="Tasks">In the Dag's order.</param>
/// <param name="Refusal">Why nothing was done with this run.</param>
public sealed record RunChangeSummary(
    string RunId, DateTimeOffset LogicalDate, string StateBefore, string StateAfter, IReadOnlyList<TaskChangeSummary> Tasks, string? Refusal = null)
{
    /// <summary>The version that it had until then; missing when it keeps it.</summary>
    public string? VersionBefore { get; init; }

    /// <summary>The version that it goes on by; missing when it keeps its own.</summary>
    public string? VersionAfter { get; init; }
}

/// <param name="TaskId">The instance.</param>
/// <param name="From">Its state until then.</param>
/// <param name="To">None when it is cleared.</param>
/// <param name="Stops">A worker has it, and is told to stop it.</param>
/// <param name="IsNew">The run did not have it in the version before.</param>
public sealed record TaskChangeSummary(string TaskId, string From, string To, bool Stops, bool IsNew = false);

/// <param name="TaskId">The instance that the answer is about: of a mapped task the one that is furthest behind.</param>
/// <param name="RunId">The run that was found.</param>
/// <param name="RunState">Its state.</param>
/// <param name="Version">The Dag's version that it is pinned to.</param>
/// <param name="State">The instance's state.</param>
/// <param name="TryNumber">Tries begun.</param>
/// <param name="MaxTries">Tries that it may have, by what is known now.</param>
/// <param name="Reasons">What weighs most first.</param>
public sealed record TaskWhyAnswer(
    string TaskId, string RunId, string RunState, string Version, string State, int TryNumber, int MaxTries, IReadOnlyList<TaskReasonSummary> Reasons);

/// <param name="Kind">For programs.</param>
/// <param name="Text">For people.</param>
/// <param name="Until">When it is over, if that is known.</param>
public sealed record TaskReasonSummary(string Kind, string Text, DateTimeOffset? Until = null);
