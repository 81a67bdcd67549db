using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Storage.ReadModel;

/// <summary>Of which attempts to list evidence; null means any.</summary>
public sealed record EvidenceQuery
{
    public required DagId Dag { get; init; }

    /// <summary>Key of the run.</summary>
    public long? Run { get; init; }

    /// <summary>Name of the task instance.</summary>
    public TaskId? Task { get; init; }

    /// <summary>At most so many.</summary>
    public required int Limit { get; init; }
}

/// <summary>Evidence with the attempt that took it.</summary>
/// <param name="Row">The evidence.</param>
/// <param name="RunId">The run's name.</param>
/// <param name="LogicalDate">Start of its data interval.</param>
/// <param name="TryNumber">The try.</param>
/// <param name="State">How the attempt ended.</param>
public sealed record AttemptEvidence(EvidenceRow Row, RunId RunId, DateTimeOffset LogicalDate, int TryNumber, TaskState State);
