namespace Sluice.Cluster.Api;

/// <param name="RunId">A run id, or a logical date.</param>
public sealed record TaskName(string DagId, string TaskId, string RunId);

public sealed record TaskAttemptSummary
{
    public required string TaskId { get; init; }

    /// <summary>Of an instance of a mapped task, from 0; missing for every other.</summary>
    public int? MapIndex { get; init; }

    public required string State { get; init; }

    public required int TryNumber { get; init; }

    /// <summary>Names the attempt's log.</summary>
    public required int Token { get; init; }

    public string? Worker { get; init; }

    public DateTimeOffset? QueuedAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public DateTimeOffset? DueAt { get; init; }

    public string? Error { get; init; }

    /// <summary>What its try runs, or ran, in a service; missing for most tasks, and in lists of runs.</summary>
    public RemoteJobSummary? RemoteJob { get; init; }
}

/// <summary>What an attempt has started in a service, such as a query of Athena.</summary>
/// <param name="Service">athena, glue, redshift-data, or what an operator of one's own calls it.</param>
/// <param name="Id">Its id there.</param>
/// <param name="Name">What the id belongs to: the job of a run in Glue. Missing for others.</param>
/// <param name="ConnectionId">The connection that it was started with; missing for none.</param>
/// <param name="KeptAt">When it was kept, right after its start.</param>
public sealed record RemoteJobSummary(string Service, string Id, string? Name, string? ConnectionId, DateTimeOffset KeptAt);

/// <param name="RunId">The run that was found.</param>
/// <param name="Attempts">Oldest first.</param>
/// <param name="Waits">Why it is not running, when it waits for a slot.</param>
/// <param name="State">Live when the run is.</param>
/// <param name="Callbacks">In the order in which they were raised.</param>
public sealed record TaskStateAnswer(
    string RunId, string State, string? Waits, IReadOnlyList<TaskAttemptSummary> Attempts, IReadOnlyList<CallbackSummary> Callbacks)
{
    /// <summary>What it asked a person last; missing for tasks that ask nobody.</summary>
    public QuestionSummary? Question { get; init; }

    /// <summary>Ids that the Dag had before: logs of attempts of then lie under them. Missing for most Dags.</summary>
    public IReadOnlyList<string>? FormerDagIds { get; init; }

    /// <summary>Names that the task had before; the same holds. Missing for most tasks.</summary>
    public IReadOnlyList<string>? FormerTaskIds { get; init; }
}

/// <param name="TaskId">The instance.</param>
/// <param name="Key">Its name.</param>
/// <param name="Value">JSON text; null when it lies in an object.</param>
/// <param name="Object">URI of the object that holds a large value; null for any other.</param>
public sealed record XComSummary(string TaskId, string Key, string? Value, string? Object);

/// <summary>Asks what the templates of an attempt came to.</summary>
/// <param name="DagId">The Dag.</param>
/// <param name="TaskId">A task; of a mapped one an instance, such as <c>load[3]</c>.</param>
/// <param name="RunId">A run id, or a logical date.</param>
/// <param name="Try">The try; null: the latest that has ended.</param>
public sealed record RenderedRequest(string DagId, string TaskId, string RunId, int? Try = null);

/// <param name="DagId">The Dag.</param>
/// <param name="RunId">The run.</param>
/// <param name="TaskId">The instance.</param>
/// <param name="TryNumber">The try.</param>
/// <param name="Token">The attempt.</param>
/// <param name="State">How the attempt ended.</param>
/// <param name="Fields">By argument: secrets masked, long values cut. Empty when its arguments have no templates.</param>
/// <param name="Error">Why the attempt failed; a template that cannot be rendered is among the reasons.</param>
public sealed record RenderedAnswer(
    string DagId, string RunId, string TaskId, int TryNumber, int Token, string State, System.Text.Json.JsonElement Fields, string? Error);
