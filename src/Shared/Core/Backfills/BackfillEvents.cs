using System.Text.Json;
using System.Text.Json.Serialization;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;

namespace Sluice.Core.Backfills;

/// <summary>What happened to one backfill, in the past tense. Stored in the journal: names never change their meaning.</summary>
/// <remarks><c>c</c>, <c>s</c> and <c>r</c> listed all runs of a backfill and counted them by their place; nothing writes or reads these any more.</remarks>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "$")]
[JsonDerivedType(typeof(BackfillCreated), "n")]
[JsonDerivedType(typeof(BackfillRunsStarted), "g")]
[JsonDerivedType(typeof(BackfillRunEnded), "e")]
[JsonDerivedType(typeof(BackfillPaused), "p")]
[JsonDerivedType(typeof(BackfillResumed), "u")]
[JsonDerivedType(typeof(BackfillCancelled), "x")]
[JsonDerivedType(typeof(BackfillEnded), "z")]
public abstract record BackfillEvent
{
    private protected BackfillEvent()
    {
    }
}

/// <summary>Who asked for a change, when, and why.</summary>
/// <param name="By">The user.</param>
/// <param name="At">UTC.</param>
/// <param name="Note">In their own words; null for none.</param>
public sealed record BackfillWord(
    [property: JsonPropertyName("b")] string By,
    [property: JsonPropertyName("a")] DateTimeOffset At,
    [property: JsonPropertyName("n"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Note = null);

/// <summary>The backfill came to be. Its intervals follow from the version's schedule, the range and the order; none is listed.</summary>
/// <param name="Intervals">Complete intervals in the range.</param>
/// <param name="Planned">Those that were to be run.</param>
public sealed record BackfillCreated(
    [property: JsonPropertyName("i")] string Id,
    [property: JsonPropertyName("d")] DagId Dag,
    [property: JsonPropertyName("h")] string Version,
    [property: JsonPropertyName("v")] DataInterval Range,
    [property: JsonPropertyName("o")] BackfillOptions Options,
    [property: JsonPropertyName("t")] int Intervals,
    [property: JsonPropertyName("p")] int Planned,
    [property: JsonPropertyName("w")] BackfillWord Word) : BackfillEvent;

/// <summary>The next runs are to be made. What lies between them and the earlier ones on the way is left alone.</summary>
public sealed record BackfillRunsStarted([property: JsonPropertyName("r")] DataInterval[] Runs) : BackfillEvent;

/// <summary>How a run ended, as the backfill counts it. The names are stored.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<BackfillRunEnd>))]
public enum BackfillRunEnd
{
    Success,

    Failed,

    /// <summary>There was nothing to run any more: someone else had come first.</summary>
    Skipped,
}

/// <summary>An active run ended.</summary>
public sealed record BackfillRunEnded(
    [property: JsonPropertyName("d")] DateTimeOffset LogicalDate,
    [property: JsonPropertyName("s")] BackfillRunEnd End,
    [property: JsonPropertyName("a")] DateTimeOffset At) : BackfillEvent;

/// <summary>No more runs are started for now.</summary>
public sealed record BackfillPaused([property: JsonPropertyName("w")] BackfillWord Word) : BackfillEvent;

/// <summary>Runs are started again.</summary>
public sealed record BackfillResumed([property: JsonPropertyName("w")] BackfillWord Word) : BackfillEvent;

/// <summary>No more runs are started, and the active ones are cancelled if <paramref name="Running"/>.</summary>
public sealed record BackfillCancelled(
    [property: JsonPropertyName("w")] BackfillWord Word,
    [property: JsonPropertyName("k"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Running) : BackfillEvent;

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
