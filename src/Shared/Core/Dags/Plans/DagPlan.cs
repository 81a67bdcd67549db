using Sluice.Core.Schedules;

namespace Sluice.Core.Dags.Plans;

/// <summary>A Dag as it is deployed.</summary>
/// <param name="Spec">Its definition.</param>
/// <param name="File">Where it is defined.</param>
/// <param name="Paused">It makes no scheduled runs.</param>
/// <param name="ActiveRuns">Runs that are queued or running.</param>
public sealed record DeployedDag(DagSpec Spec, string File, bool Paused = false, int ActiveRuns = 0);

/// <summary>A Dag as a changed folder would define it.</summary>
public sealed record ProposedDag(DagSpec Spec, string File);

/// <summary>What a changed folder will do to a deployment, Dag by Dag, by id.</summary>
public sealed record DagPlan(IReadOnlyList<DagChange> Dags);

/// <summary>What becomes of a Dag or a task.</summary>
public enum ChangeKind
{
    /// <summary>It means the same: no new version.</summary>
    Unchanged,
    Added,
    Removed,

    /// <summary>It looks like one that is gone, under another id; it may have changed, too.</summary>
    Renamed,
    Changed,
}

/// <summary>What becomes of one Dag.</summary>
public sealed record DagChange
{
    public required ChangeKind Kind { get; init; }

    /// <summary>The id from now on; of a removed one, the id that it had.</summary>
    public required DagId Id { get; init; }

    /// <summary>The id that it had, when it is renamed.</summary>
    public DagId? Before { get; init; }

    /// <summary>For a renamed one: its file says what it was (renamed_from), so its history goes with it. Otherwise it only looks like it, and begins anew.</summary>
    public bool KeepsHistory { get; init; }

    public required string File { get; init; }

    public string? VersionBefore { get; init; }

    public string? VersionAfter { get; init; }

    /// <summary>Of the Dag itself.</summary>
    public IReadOnlyList<FieldChange> Fields { get; init; } = [];

    /// <summary>Only those that change, in order of definition, removed ones last.</summary>
    public IReadOnlyList<TaskChange> Tasks { get; init; } = [];

    /// <summary>Runs in flight: they keep the version that they began with.</summary>
    public int ActiveRuns { get; init; }

    /// <summary>The next firings as deployed; empty when paused, manual or not there.</summary>
    public IReadOnlyList<Firing> FiringsBefore { get; init; } = [];

    /// <summary>The next firings by the proposed definition.</summary>
    public IReadOnlyList<Firing> FiringsAfter { get; init; } = [];
}

/// <summary>What becomes of one task.</summary>
/// <param name="Kind">What.</param>
/// <param name="Id">The id from now on; of a removed one, the id that it had.</param>
/// <param name="Before">The id that it had, when it is renamed.</param>
/// <param name="Fields">What is different in it.</param>
public sealed record TaskChange(ChangeKind Kind, TaskId Id, TaskId? Before, IReadOnlyList<FieldChange> Fields)
{
    /// <summary>For a renamed one: the file says what it was (renamed_from), so its history goes with it. Otherwise it only looks like it, and begins anew.</summary>
    public bool KeepsHistory { get; init; }
}

/// <summary>One field.</summary>
/// <param name="Field">Its path in the serialized form, such as <c>schedule.expression</c> or <c>arguments.query</c>.</param>
/// <param name="Before">JSON; null when it was not there.</param>
/// <param name="After">JSON; null when it is there no more.</param>
public sealed record FieldChange(string Field, string? Before, string? After);
