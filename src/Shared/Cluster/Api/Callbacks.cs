namespace Sluice.Cluster.Api;

/// <param name="DagId">Only of this Dag.</param>
/// <param name="RunId">Only of this run of it: a run id, or a logical date.</param>
/// <param name="State">Only in this state: waiting, running, success or failed.</param>
/// <param name="EventId">Only this one.</param>
/// <param name="Limit">At most so many.</param>
public sealed record CallbackFilter(string? DagId = null, string? RunId = null, string? State = null, string? EventId = null, int Limit = 25);

/// <summary>One callback of something that happened.</summary>
public sealed record CallbackSummary
{
    /// <summary>In a list of callbacks of any runs; else null.</summary>
    public string? DagId { get; init; }

    /// <inheritdoc cref="DagId"/>
    public string? RunId { get; init; }

    /// <summary>Ids that the Dag had before: its log may lie under one of them. Null for none, and in all but lists of callbacks.</summary>
    public IReadOnlyList<string>? FormerDagIds { get; init; }

    /// <summary>As the callback and its receivers see it; names its log.</summary>
    public required string EventId { get; init; }

    /// <summary>Such as <c>on_failure</c>.</summary>
    public required string Event { get; init; }

    /// <summary>Class name, or <c>Code</c>.</summary>
    public required string Notifier { get; init; }

    /// <summary>The instance; null for a callback of the Dag.</summary>
    public string? TaskId { get; init; }

    public int TryNumber { get; init; }

    public string? Deadline { get; init; }

    /// <summary>What the callback was told.</summary>
    public string? Why { get; init; }

    /// <summary>waiting, running, success or failed.</summary>
    public required string State { get; init; }

    public string? Worker { get; init; }

    /// <summary>More than once only when workers were lost with it.</summary>
    public int HandedOut { get; init; }

    public required DateTimeOffset RaisedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public string? Error { get; init; }
}
