using System.Text.Json.Serialization;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;

namespace Sluice.Core.DagRuns;

/// <summary>Name of a run inside its Dag: <c>scheduled__2021-02-05T00:00:00+00:00</c>.</summary>
[JsonConverter(typeof(RunIdConverter))]
public readonly record struct RunId(string Value)
{
    public override string ToString() => Value;
}

public sealed class RunIdConverter : JsonConverter<RunId>
{
    public override RunId Read(ref System.Text.Json.Utf8JsonReader reader, Type typeToConvert, System.Text.Json.JsonSerializerOptions options) =>
        new(reader.GetString()!);

    public override void Write(System.Text.Json.Utf8JsonWriter writer, RunId value, System.Text.Json.JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Value);
}

[JsonConverter(typeof(JsonStringEnumConverter<RunType>))]
public enum RunType : byte
{
    Scheduled = 0,
    Manual = 1,
    Backfill = 2,
    AssetTriggered = 3,
}

/// <summary>The numbers are stored: never renumber.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RunState>))]
public enum RunState : byte
{
    Queued = 0,
    Running = 1,
    Success = 2,
    Failed = 3,
}

/// <summary>What never changes about a run; everything an attempt may ask about it travels in here.</summary>
public sealed record RunFacts
{
    /// <summary>Surrogate key: lease epoch in the upper half, a count in the lower, so that it is unique without asking anyone.</summary>
    public required long Key { get; init; }

    public required DagId Dag { get; init; }

    public required RunId Id { get; init; }

    public required RunType Type { get; init; }

    public required DataInterval Interval { get; init; }

    /// <summary>Content hash of the <see cref="DagSpec"/> that this run is pinned to.</summary>
    public required string Version { get; init; }

    /// <summary>Content hash of the bundle that holds the Dag's code; null when the Dag has none (YAML).</summary>
    public string? Bundle { get; init; }

    /// <summary>JSON object given by whoever triggered it.</summary>
    public string Conf { get; init; } = "{}";

    /// <summary>The backfill that made it.</summary>
    public string? Backfill { get; init; }

    /// <summary>Run again by hand after its backfill had done with it: it counts against its Dag's limit, since the backfill no longer minds it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool LeftByBackfill { get; init; }

    /// <summary>The task that triggered it, in one life of its own: <c>task dag/run/task@3</c>, where 3 is the token of that life's first attempt. Or the person who did.</summary>
    public string? TriggeredBy { get; init; }

    /// <summary>The events of assets that it was made of, oldest first; null for other runs.</summary>
    public IReadOnlyList<Assets.AssetEvent>? AssetEvents { get; init; }

    /// <summary>JSON object: the id of a connection, to the id of the one that the run's tasks get instead; null for none.</summary>
    public string? Connections { get; init; }

    /// <summary>Interval of the latest successful run before this one, when known.</summary>
    public DataInterval? PreviousSuccess { get; init; }

    /// <summary>When that run started.</summary>
    public DateTimeOffset? PreviousSuccessStartedAt { get; init; }

    /// <summary>When that run ended; null also when it succeeded before this was recorded.</summary>
    public DateTimeOffset? PreviousSuccessEndedAt { get; init; }

    /// <summary>When the run was created, UTC.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    [JsonIgnore]
    public DateTimeOffset LogicalDate => Interval.Start;
}
