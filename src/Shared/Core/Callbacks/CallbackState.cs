using System.Text.Json;
using System.Text.Json.Serialization;
using Sluice.Core.DagRuns;
using Sluice.Core.TaskInstances;

namespace Sluice.Core.Callbacks;

/// <summary>What happened to one callback. Stored in the journal: names never change their meaning.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "$")]
[JsonDerivedType(typeof(CallbackRaised), "r")]
[JsonDerivedType(typeof(CallbackGiven), "g")]
[JsonDerivedType(typeof(CallbackReturned), "l")]
public abstract record CallbackEvent
{
    private protected CallbackEvent()
    {
    }
}

/// <summary>What it is about has happened: written in the commit of that.</summary>
public sealed record CallbackRaised([property: JsonPropertyName("c")] CallbackRequest Request) : CallbackEvent;

/// <summary>It was handed to a worker.</summary>
public sealed record CallbackGiven(
    [property: JsonPropertyName("w")] string Worker,
    [property: JsonPropertyName("a"), JsonConverter(typeof(UnixMicroseconds))] DateTimeOffset At) : CallbackEvent;

/// <summary>That worker is lost, or did not run it to its end; or it failed, and is tried again.</summary>
public sealed record CallbackReturned([property: JsonPropertyName("y")] string Why) : CallbackEvent;

/// <summary>One callback that is not over. When it is, its stream ends and nothing is left but its row.</summary>
/// <param name="Request">What it is.</param>
/// <param name="Worker">Who has it; null while it waits for one.</param>
/// <param name="Token">How often it was handed out.</param>
/// <param name="LastLoss">Why it came back the last time.</param>
public sealed record CallbackState(
    [property: JsonPropertyName("c")] CallbackRequest Request,
    [property: JsonPropertyName("w"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Worker = null,
    [property: JsonPropertyName("n")] int Token = 0,
    [property: JsonPropertyName("y"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? LastLoss = null)
{
    /// <summary>A callback that takes its worker down with it ends as failed.</summary>
    public const int MostTokens = 4;

    /// <summary>A service that cannot be reached may be back in two hours; the pauses between come to more.</summary>
    public const int MostTokensOfStop = 20;

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(10);

    [JsonIgnore]
    public bool MayBeGivenAgain => Token < (IsStop ? MostTokensOfStop : MostTokens);

    /// <summary>True for what stops a remote job: it may be done twice, and is tried again when it fails.</summary>
    [JsonIgnore]
    public bool IsStop => Request.Note.On == CallbackTrigger.StopRemoteJob;

    /// <summary>Between its coming back and its being handed out again.</summary>
    [JsonIgnore]
    public TimeSpan PauseBeforeNext => !IsStop ? FirstPause * Token
        : FirstPause * Math.Pow(2, Math.Min(Token, 10) - 1) is var pause && pause < LongestPause ? pause : LongestPause;

    /// <summary>Whether it is to be handed out again after an end like this, if it may.</summary>
    public bool WantsAnother(OutcomeKind kind) =>
        kind is OutcomeKind.Lost or OutcomeKind.HandedBack || (IsStop && kind is not (OutcomeKind.Success or OutcomeKind.Skipped));

    /// <summary>Folds one event. Every event type has a case; the first is <see cref="CallbackRaised"/>.</summary>
    public static CallbackState Evolve(CallbackState? state, CallbackEvent happened) => happened switch
    {
        CallbackRaised e => new(e.Request),
        CallbackGiven e => state! with { Worker = e.Worker, Token = state.Token + 1 },
        CallbackReturned e => state! with { Worker = null, LastLoss = e.Why },
        _ => throw new ArgumentException($"No fold for {happened.GetType().Name}.", nameof(happened)),
    };
}

/// <summary>Events and states of callbacks as UTF-8 JSON, and notes as text.</summary>
public static class CallbackJson
{
    public static byte[] Serialize(CallbackEvent happened) => JsonSerializer.SerializeToUtf8Bytes(happened, CallbackJsonContext.Default.CallbackEvent);

    public static CallbackEvent DeserializeEvent(ReadOnlySpan<byte> utf8) => JsonSerializer.Deserialize(utf8, CallbackJsonContext.Default.CallbackEvent)!;

    public static byte[] Serialize(CallbackState state) => JsonSerializer.SerializeToUtf8Bytes(state, CallbackJsonContext.Default.CallbackState);

    public static CallbackState DeserializeState(ReadOnlySpan<byte> utf8) => JsonSerializer.Deserialize(utf8, CallbackJsonContext.Default.CallbackState)!;

    public static string Serialize(CallbackNote note) => JsonSerializer.Serialize(note, CallbackJsonContext.Default.CallbackNote);

    public static CallbackNote DeserializeNote(string json) => JsonSerializer.Deserialize(json, CallbackJsonContext.Default.CallbackNote)!;
}

[JsonSerializable(typeof(CallbackEvent))]
[JsonSerializable(typeof(CallbackState))]
[JsonSerializable(typeof(CallbackNote))]
internal sealed partial class CallbackJsonContext : JsonSerializerContext;
