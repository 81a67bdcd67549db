using System.Text.Json;
using System.Text.Json.Serialization;
using Sluice.Core.Schedules;

namespace Sluice.Core.Assets;

/// <summary>An update of an asset, as it is recorded.</summary>
public sealed record AssetEvent
{
    /// <summary>Grows with every event of the deployment. 0 while it is not recorded.</summary>
    public long Id { get; init; }

    public required string Asset { get; init; }

    /// <summary>The alias by which the task named the asset.</summary>
    public string? Alias { get; init; }

    /// <summary>UTC.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>JSON object from whoever updated it.</summary>
    public string Extra { get; init; } = "{}";

    /// <summary>The Dag whose task updated it; null when it came from outside.</summary>
    public string? SourceDag { get; init; }

    public string? SourceRun { get; init; }

    /// <summary>The task instance, with its map index.</summary>
    public string? SourceTask { get; init; }

    /// <summary>The data interval of that run.</summary>
    public DataInterval? SourceInterval { get; init; }

    /// <summary>Who told of it, when it came from outside.</summary>
    public string? By { get; init; }
}

/// <summary>What a task says of an asset that it has updated.</summary>
/// <param name="Asset">The asset.</param>
/// <param name="Alias">The alias among the task's outlets that stands for it; null: the asset itself is an outlet.</param>
/// <param name="Extra">JSON object.</param>
public sealed record AssetUpdate(string Asset, string? Alias, string Extra);

/// <summary>Events as JSON, for the read model.</summary>
public static class AssetJson
{
    public static string Serialize(IReadOnlyList<AssetEvent> events) => JsonSerializer.Serialize(events, AssetJsonContext.Default.IReadOnlyListAssetEvent);

    public static IReadOnlyList<AssetEvent> Deserialize(string json) => JsonSerializer.Deserialize(json, AssetJsonContext.Default.IReadOnlyListAssetEvent)!;

    public static string SerializeUses(AssetUses uses) => JsonSerializer.Serialize(uses, AssetJsonContext.Default.AssetUses);

    public static AssetUses DeserializeUses(string json) => JsonSerializer.Deserialize(json, AssetJsonContext.Default.AssetUses)!;
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(IReadOnlyList<AssetEvent>))]
[JsonSerializable(typeof(AssetUses))]
internal sealed partial class AssetJsonContext : JsonSerializerContext;
