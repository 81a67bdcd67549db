namespace Sluice.Cluster.Api;

/// <summary>Asks what an attempt has seen of the rows that it moved.</summary>
/// <inheritdoc cref="RenderedRequest"/>
public sealed record EvidenceRequest(string DagId, string TaskId, string RunId, int? Try = null);

/// <param name="DagId">The Dag.</param>
/// <param name="RunId">The run.</param>
/// <param name="TaskId">The instance.</param>
/// <param name="TryNumber">The try.</param>
/// <param name="Token">The attempt.</param>
/// <param name="State">How the attempt ended.</param>
/// <param name="Evidence">Its <c>places</c>, each with rows, hash and columns, and the <c>comparisons</c> of two of them with their differences.</param>
/// <param name="Error">Why the attempt failed.</param>
public sealed record EvidenceAnswer(
    string DagId, string RunId, string TaskId, int TryNumber, int Token, string State, System.Text.Json.JsonElement Evidence, string? Error);

/// <summary>Which attempts' evidence to list.</summary>
/// <param name="DagId">The Dag.</param>
/// <param name="RunId">Only of this run: a run id, or a logical date.</param>
/// <param name="TaskId">Only of this task; of a mapped one an instance, such as <c>load[3]</c>.</param>
/// <param name="Limit">At most so many, 1 to 10,000.</param>
public sealed record EvidenceFilter(string DagId, string? RunId = null, string? TaskId = null, int Limit = 100);

/// <summary>What the latest attempt of a task instance that took evidence has seen of its rows, in short; <see cref="EvidenceAnswer"/> is the whole of it.</summary>
public sealed record EvidenceSummary
{
    public required string DagId { get; init; }

    public required string RunId { get; init; }

    public required DateTimeOffset LogicalDate { get; init; }

    public required string TaskId { get; init; }

    public required int TryNumber { get; init; }

    /// <summary>The attempt.</summary>
    public required int Token { get; init; }

    /// <summary>How the attempt ended.</summary>
    public required string State { get; init; }

    /// <summary>From the source to the target.</summary>
    public required IReadOnlyList<EvidenceRows> Places { get; init; }

    /// <summary>Pairs of places that were compared. None: rows were counted in one place alone.</summary>
    public required int Comparisons { get; init; }

    /// <summary>Differences that were found; 0 when all compared places agree.</summary>
    public required int Differences { get; init; }
}

/// <param name="Place">Its name, such as manifest or target.</param>
/// <param name="Rows">How many were seen there.</param>
public sealed record EvidenceRows(string Place, long Rows);
