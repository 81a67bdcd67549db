namespace Sluice.Cluster.Api;

/// <param name="DagId">Only of this Dag.</param>
/// <param name="Limit">At most so many, 1 to 10,000.</param>
public sealed record QuestionFilter(string? DagId = null, int Limit = 100);

/// <summary>An answer to what a task asks.</summary>
/// <param name="DagId">The Dag.</param>
/// <param name="TaskId">The task; of a mapped one the instance: <c>task[3]</c>.</param>
/// <param name="RunId">A run id, or a logical date.</param>
/// <param name="Options">What is chosen.</param>
/// <param name="Params">JSON object of what is filled in; what is left out keeps its default.</param>
/// <param name="By">Who answers; null: who calls.</param>
/// <param name="Note">Why; kept with the answer.</param>
public sealed record AnswerRequest(
    string DagId, string TaskId, string RunId, IReadOnlyList<string> Options, string? Params = null, string? By = null, string? Note = null);

/// <summary>What a task asks a person.</summary>
public sealed record QuestionSummary
{
    public required string DagId { get; init; }

    public required string RunId { get; init; }

    public required string TaskId { get; init; }

    /// <summary>waiting, answered, timed_out (nobody answered: by its defaults, if there is an answer) or withdrawn.</summary>
    public required string State { get; init; }

    public required string Subject { get; init; }

    public string? Body { get; init; }

    public required IReadOnlyList<string> Options { get; init; }

    public IReadOnlyList<string> Defaults { get; init; } = [];

    public bool Multiple { get; init; }

    /// <summary>JSON object of what is to be filled in, with its defaults; missing when there is nothing.</summary>
    public string? Params { get; init; }

    /// <summary>JSON object of one JSON Schema for each param that has one.</summary>
    public string? ParamsSchema { get; init; }

    public IReadOnlyList<string> AssignedUsers { get; init; } = [];

    public required DateTimeOffset LogicalDate { get; init; }

    public required DateTimeOffset AskedAt { get; init; }

    /// <summary>When it no longer waits.</summary>
    public DateTimeOffset? DueAt { get; init; }

    public DateTimeOffset? AnsweredAt { get; init; }

    public string? AnsweredBy { get; init; }

    public IReadOnlyList<string>? ChosenOptions { get; init; }

    /// <summary>JSON object.</summary>
    public string? ParamsInput { get; init; }

    public string? Note { get; init; }
}
