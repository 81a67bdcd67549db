using System.Text.Json.Serialization;

namespace Sluice.Core.Backfills;

/// <summary>What a backfill does with a run that its range already holds. A run that has not finished is never touched.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Reprocess>))]
public enum Reprocess
{
    /// <summary>Leaves it: only missing runs are made.</summary>
    None,

    /// <summary>Runs it again when it failed.</summary>
    Failed,

    /// <summary>Runs it again however it ended.</summary>
    Completed,
}

/// <summary>Which interval goes first.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<BackfillOrder>))]
public enum BackfillOrder
{
    Oldest,

    Newest,
}

/// <summary>How a backfill goes about its range. Pinned when it is made.</summary>
public sealed record BackfillOptions
{
    /// <summary>Most runs of one backfill at once: each of them is in memory while it lives.</summary>
    public const int MostActiveRuns = 1000;

    [JsonPropertyName("o")]
    public BackfillOrder Order { get; init; }

    [JsonPropertyName("r")]
    public Reprocess Reprocess { get; init; }

    /// <summary>Runs at once, 1 to <see cref="MostActiveRuns"/>; the Dag's own limit does not count.</summary>
    [JsonPropertyName("m")]
    public int MaxActiveRuns { get; init; } = 1;

    /// <summary>Every run's conf: a JSON object.</summary>
    [JsonPropertyName("c")]
    public string Conf { get; init; } = "{}";

    /// <summary>JSON object: the id of a connection, to the id of the one that its runs get instead. Null for none.</summary>
    [JsonPropertyName("n")]
    public string? Connections { get; init; }

    /// <summary>What <see cref="Version"/> says when a run that is run again keeps the version that it had; runs that are new take the latest.</summary>
    public const string OriginalVersion = "original";

    /// <summary>The version of the Dag that its runs go by: null for the one of their day, <see cref="OriginalVersion"/>, or a content hash.</summary>
    [JsonPropertyName("v"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Version { get; init; }
}
