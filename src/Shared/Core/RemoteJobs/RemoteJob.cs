using System.Text.Json.Serialization;
using Sluice.Core.TaskInstances;

namespace Sluice.Core.RemoteJobs;

/// <summary>What an attempt has started in a service, and runs there whether anyone waits for it or not: a query, a statement, a job.</summary>
public sealed record RemoteJob
{
    /// <summary>No part of it is longer, in characters: it is kept for good.</summary>
    public const int MaxLength = 1_000;

    /// <param name="service">Where it runs, as its operator calls it: <c>athena</c>.</param>
    /// <param name="id">Its id there.</param>
    [JsonConstructor]
    public RemoteJob(string service, string id) => (Service, Id) = (service, id);

    /// <summary>Where it runs, as its operator calls it: <c>athena</c>.</summary>
    [JsonPropertyName("s")]
    public string Service { get; }

    /// <summary>Its id there.</summary>
    [JsonPropertyName("i")]
    public string Id { get; }

    /// <summary>What its id belongs to, where the service asks for both: the job of a run in Glue. Null for none.</summary>
    [JsonPropertyName("n"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }

    /// <summary>The connection that it was started with; null for none.</summary>
    [JsonPropertyName("c"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ConnectionId { get; init; }

    /// <summary>Why it cannot be kept; null when it can.</summary>
    public string? FindProblem() =>
        string.IsNullOrWhiteSpace(Service) || string.IsNullOrWhiteSpace(Id) ? "A remote job is kept by its service and its id there; one of them is empty."
        : ((string?[])[Service, Id, Name, ConnectionId]).Any(part => part?.Length > MaxLength) ? $"A remote job is kept by names of up to {MaxLength} characters; one of them is longer."
        : null;

    public override string ToString() => Name is null ? $"{Service} {Id}" : $"{Service} {Name} {Id}";
}

/// <summary>Whether the engine has kept a job; it has when this says so.</summary>
/// <param name="Refusal">Why not; null when it has.</param>
public sealed record RemoteJobAnswer(string? Refusal = null)
{
    public static RemoteJobAnswer Kept { get; } = new();

    /// <summary>Only of the current attempt anything is kept: of any other nobody knows what goes on with it.</summary>
    public static RemoteJobAnswer Refused(AttemptId attempt) => new($"Attempt {attempt} is not current; nothing is kept of it.");
}

/// <summary>A remote job that the engine keeps for a try of an instance.</summary>
/// <param name="Job">What it is.</param>
/// <param name="Token">The attempt that started it.</param>
/// <param name="TryNumber">Its try.</param>
/// <param name="At">When it was kept, UTC.</param>
/// <param name="Version">Of the Dag, as that attempt knew it: its operator can stop the job.</param>
/// <param name="Bundle">The code of that version; null when it has none.</param>
/// <param name="Task">Index of the task in that version.</param>
/// <param name="Map">Where the attempt stood among the instances of its mapped task; null when that is not mapped.</param>
public sealed record KeptRemoteJob(
    [property: JsonPropertyName("j")] RemoteJob Job,
    [property: JsonPropertyName("n")] int Token,
    [property: JsonPropertyName("r")] int TryNumber,
    [property: JsonPropertyName("a")] DateTimeOffset At,
    [property: JsonPropertyName("v")] string Version,
    [property: JsonPropertyName("b"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Bundle,
    [property: JsonPropertyName("t")] int Task,
    [property: JsonPropertyName("m"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] MapPosition? Map = null);
