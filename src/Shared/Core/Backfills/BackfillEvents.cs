using System.Text.Json;
using System.Text.Json.Serialization;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;

namespace Sluice.Core.Backfills;

/// <summary>What happened to one backfill, in the past tense. Stored in the journal: names never change their meaning.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "$")]
[JsonDerivedType(typeof(BackfillCreated), "c")]
[JsonDerivedType(typeof(BackfillRunsStarted), "s")]
[JsonDerivedType(typeof(BackfillRunEnded), "r")]
[JsonDerivedType(typeof(BackfillCancelled), "x")]
[JsonDerivedType(typeof(BackfillEnded), "z")]
public abstract record BackfillEvent
{
    private protected BackfillEvent()
    {
    }
}

/// <summary>The backfill came to be. Its runs are known from here on by their place in <paramref name="Runs"/>.</summary>
public sealed record BackfillCreated(
    [property: JsonPropertyName("i")] string Id,
    [property: JsonPropertyName("d")] DagId Dag,
    [property: JsonPropertyName("v")] DataInterval Range,
    [property: JsonPropertyName("m")] int MaxActiveRuns,
    [property: JsonPropertyName("p")] PlannedRun[] Runs,
    [property: JsonPropertyName("a")] DateTimeOffset At) : BackfillEvent;

/// <summary>The next runs, in order, are to be created.</summary>
/// <param name="First">Place of the first one.</param>
/// <param name="Count">How many.</param>
public sealed record BackfillRunsStarted(
    [property: JsonPropertyName("f")] int First,
    [property: JsonPropertyName("n")] int Count) : BackfillEvent;

/// <summary>An active run ended.</summary>
public sealed record BackfillRunEnded(
    [property: JsonPropertyName("n")] int Ordinal,
    [property: JsonPropertyName("s")] bool Success,
    [property: JsonPropertyName("a")] DateTimeOffset At) : BackfillEvent;

/// <summary>No more runs are started.</summary>
public sealed record BackfillCancelled([property: JsonPropertyName("a")] DateTimeOffset At) : BackfillEvent;

/// <summary>No run is active and none will be started.</summary>
public sealed record BackfillEnded(
    [property: JsonPropertyName("s")] BackfillPhase Phase,
    [property: JsonPropertyName("a")] DateTimeOffset At) : BackfillEvent;

/// <summary>Events and snapshots of backfills as UTF-8 JSON.</summary>
public static class BackfillJson
{
    public static byte[] Serialize(BackfillEvent happened) => JsonSerializer.SerializeToUtf8Bytes(happened, BackfillJsonContext.Default.BackfillEvent);

    public static BackfillEvent DeserializeEvent(ReadOnlySpan<byte> utf8) => JsonSerializer.Deserialize(utf8, BackfillJsonContext.Default.BackfillEvent)!;

    /// <summary>The state is its own snapshot.</summary>
    public static byte[] Serialize(BackfillState state) => JsonSerializer.SerializeToUtf8Bytes(state, BackfillJsonContext.Default.BackfillState);

    public static BackfillState DeserializeState(ReadOnlySpan<byte> utf8) => JsonSerializer.Deserialize(utf8, BackfillJsonContext.Default.BackfillState)!;
}

[JsonSerializable(typeof(BackfillEvent))]
[JsonSerializable(typeof(BackfillState))]
internal sealed partial class BackfillJsonContext : JsonSerializerContext;
