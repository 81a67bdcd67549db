namespace Sluice.Cluster.Api;

/// <param name="Asset">Its name.</param>
/// <param name="IsAlias">Whether it stands for assets that tasks name when they run.</param>
/// <param name="Uri">Where the data is, for people.</param>
/// <param name="Extra">JSON object of what its definition says of it.</param>
/// <param name="UpdatedBy">Tasks that update it.</param>
/// <param name="Consumers">Dags that wait for it.</param>
public sealed record AssetSummary(
    string Asset, bool IsAlias, string? Uri, string? Extra, IReadOnlyList<AssetSource> UpdatedBy, IReadOnlyList<string> Consumers)
{
    /// <summary>Dags that make each other run without end by way of this asset: <c>a -> x -> b -> y -> a</c>. Missing for most assets.</summary>
    public string? Circle { get; init; }
}

public sealed record AssetSource(string DagId, string TaskId);

/// <param name="Asset">Null: of all assets.</param>
/// <param name="Alias">Events by this alias; null: however they came.</param>
/// <param name="Limit">From 1 to 1000.</param>
public sealed record AssetEventFilter(string? Asset, string? Alias, int Limit);

/// <summary>An update of an asset.</summary>
public sealed record AssetEventSummary
{
    public required long Id { get; init; }

    public required string Asset { get; init; }

    public string? Alias { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>JSON object; null when it is empty.</summary>
    public string? Extra { get; init; }

    public string? SourceDagId { get; init; }

    public string? SourceRunId { get; init; }

    public string? SourceTaskId { get; init; }

    /// <summary>Who told of it, when it came from outside.</summary>
    public string? By { get; init; }
}

/// <param name="Asset">One that a Dag updates or waits for.</param>
/// <param name="Extra">JSON object; null for none.</param>
public sealed record EmitRequest(string Asset, string? Extra);

/// <summary>How far a Dag is with the assets that it waits for.</summary>
/// <param name="Expression">As people write it.</param>
/// <param name="Assets">In that order.</param>
public sealed record AssetWaitSummary(string Expression, IReadOnlyList<AssetWaitOf> Assets);

/// <param name="Asset">Its name.</param>
/// <param name="Queued">Updates that no run has used yet.</param>
public sealed record AssetWaitOf(string Asset, int Queued);
