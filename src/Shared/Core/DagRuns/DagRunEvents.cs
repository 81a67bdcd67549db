using System.Text.Json;
using System.Text.Json.Serialization;
using Sluice.Core.HumanInput;
using Sluice.Core.TaskInstances;

namespace Sluice.Core.DagRuns;

/// <summary>What happened to one run, in the past tense. Stored in the journal: names and numbers never change their meaning.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "$")]
[JsonDerivedType(typeof(RunCreated), "c")]
[JsonDerivedType(typeof(RunStarted), "s")]
[JsonDerivedType(typeof(TasksScheduled), "q")]
[JsonDerivedType(typeof(TasksDispatched), "d")]
[JsonDerivedType(typeof(TaskEnded), "e")]
[JsonDerivedType(typeof(TasksResolved), "x")]
[JsonDerivedType(typeof(RunEnded), "z")]
[JsonDerivedType(typeof(TasksExpanded), "m")]
[JsonDerivedType(typeof(PastMet), "p")]
[JsonDerivedType(typeof(TasksCleared), "k")]
[JsonDerivedType(typeof(TasksMarked), "h")]
[JsonDerivedType(typeof(TaskAsked), "a")]
[JsonDerivedType(typeof(TaskAnswered), "w")]
[JsonDerivedType(typeof(CallbackDue), "b")]
[JsonDerivedType(typeof(RemoteJobKept), "j")]
[JsonDerivedType(typeof(RemoteStopDue), "js")]
[JsonDerivedType(typeof(RunUpgraded), "v")]
[JsonDerivedType(typeof(DeadlineMissed), "dm")]
[JsonDerivedType(typeof(DeadlinesReopened), "do")]
public abstract record DagRunEvent
{
    private protected DagRunEvent()
    {
    }
}

/// <summary>The run came to be, queued.</summary>
/// <param name="Facts">What never changes about it.</param>
/// <param name="TokenBase">Tokens count on from here: above every token that an earlier life of the same run gave out.</param>
/// <param name="Earlier">What that life left, when the run goes on from there.</param>
/// <param name="Deadlines">By when it should be over; null also when <paramref name="Earlier"/> has them.</param>
public sealed record RunCreated(
    [property: JsonPropertyName("f")] RunFacts Facts,
    [property: JsonPropertyName("b")] int TokenBase,
    [property: JsonPropertyName("e"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DagRunSnapshot? Earlier = null,
    [property: JsonPropertyName("d"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<RunDeadline>? Deadlines = null) : DagRunEvent;

/// <summary>It left the queue.</summary>
public sealed record RunStarted([property: JsonPropertyName("a"), JsonConverter(typeof(UnixMicroseconds))] DateTimeOffset At) : DagRunEvent;

/// <summary>Dependencies are met, or a wait is over: the tasks ask for slots.</summary>
public sealed record TasksScheduled([property: JsonPropertyName("t")] int[] Tasks) : DagRunEvent;

/// <summary>Attempts were given to one worker.</summary>
public sealed record TasksDispatched(
    [property: JsonPropertyName("w")] string Worker,
    [property: JsonPropertyName("a"), JsonConverter(typeof(UnixMicroseconds))] DateTimeOffset At,
    [property: JsonPropertyName("t")] int[] Tasks) : DagRunEvent;

/// <summary>The current attempt of a task ended, and the task went to another state.</summary>
/// <param name="Task">Index of the task.</param>
/// <param name="Token">The attempt's token.</param>
/// <param name="State">Success, failed, skipped, up_for_retry or up_for_reschedule; none when the task had been cleared meanwhile.</param>
/// <param name="At">When the attempt ended, UTC.</param>
/// <param name="Due">For the two waiting states: when the task is scheduled again.</param>
/// <param name="FirstPoke">For up_for_reschedule: when the first poke began.</param>
/// <param name="Lost">The attempt ended by our fault and costs no retry.</param>
/// <param name="HandedBack">It was never begun and costs nothing.</param>
/// <param name="Skips">What it decided is not to run: kept, so that it holds again when those are cleared.</param>
/// <param name="Lengths">Of its outputs that others are mapped over, in the order of <see cref="Dags.DagGraph.MappedKeys"/>.</param>
/// <param name="Error">Why it failed when the rules failed it, not its code.</param>
/// <param name="EndsRemoteJob">What it kept is over, or was not to be waited for: <see cref="RemoteJobKept"/>.</param>
public sealed record TaskEnded(
    [property: JsonPropertyName("t")] int Task,
    [property: JsonPropertyName("n")] int Token,
    [property: JsonPropertyName("s"), JsonConverter(typeof(JsonNumberEnumConverter<TaskState>))] TaskState State,
    [property: JsonPropertyName("a"), JsonConverter(typeof(UnixMicroseconds))] DateTimeOffset At,
    [property: JsonPropertyName("d"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? Due = null,
    [property: JsonPropertyName("p"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? FirstPoke = null,
    [property: JsonPropertyName("l"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Lost = false,
    [property: JsonPropertyName("h"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool HandedBack = false,
    [property: JsonPropertyName("k"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int[]? Skips = null,
    [property: JsonPropertyName("m"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int[]? Lengths = null,
    [property: JsonPropertyName("x"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Error = null,
    [property: JsonPropertyName("j"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool EndsRemoteJob = false) : DagRunEvent;

/// <summary>Tasks ended without running: their trigger rule, a decision before them, or the run's own end decided.</summary>
/// <param name="State">What they ended as.</param>
/// <param name="Tasks">Numbers of the instances.</param>
/// <param name="Why">For people, when the rule does not say it.</param>
public sealed record TasksResolved(
    [property: JsonPropertyName("s"), JsonConverter(typeof(JsonNumberEnumConverter<TaskState>))] TaskState State,
    [property: JsonPropertyName("t")] int[] Tasks,
    [property: JsonPropertyName("y"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Why = null) : DagRunEvent;

/// <summary>Mapped tasks became instances; what stood for them before is gone.</summary>
/// <param name="Tasks">Indices of the tasks: one, or those of a mapped group.</param>
/// <param name="Length">How many instances each of them has, at least one.</param>
/// <param name="First">Number of the first: those of the first task come first, by map index, then those of the second.</param>
public sealed record TasksExpanded(
    [property: JsonPropertyName("t")] int[] Tasks,
    [property: JsonPropertyName("l")] int Length,
    [property: JsonPropertyName("f")] int First) : DagRunEvent;

/// <summary>An attempt ended with a question to a person; the task waits for the answer.</summary>
/// <param name="Task">Number of the instance.</param>
/// <param name="Token">The attempt's token.</param>
/// <param name="At">When it was asked, UTC.</param>
/// <param name="Question">What is asked.</param>
/// <param name="Due">When it no longer waits; null: never.</param>
/// <param name="Worker">Who ran the attempt: shown with the task when it has ended.</param>
/// <param name="DispatchedAt">When the attempt was given to it.</param>
/// <param name="StartedAt">When the attempt began.</param>
public sealed record TaskAsked(
    [property: JsonPropertyName("t")] int Task,
    [property: JsonPropertyName("n")] int Token,
    [property: JsonPropertyName("a"), JsonConverter(typeof(UnixMicroseconds))] DateTimeOffset At,
    [property: JsonPropertyName("q")] HumanQuestion Question,
    [property: JsonPropertyName("d"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? Due,
    [property: JsonPropertyName("w"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Worker,
    [property: JsonPropertyName("p"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? DispatchedAt,
    [property: JsonPropertyName("s"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? StartedAt) : DagRunEvent;

/// <summary>A person answered, or the question's defaults were taken; what that makes of the task is told by the next event.</summary>
public sealed record TaskAnswered(
    [property: JsonPropertyName("t")] int Task,
    [property: JsonPropertyName("n")] int Token,
    [property: JsonPropertyName("r")] HumanAnswer Answer) : DagRunEvent;

/// <summary>What these tasks waited for in the previous run has come.</summary>
public sealed record PastMet([property: JsonPropertyName("t")] int[] Tasks) : DagRunEvent;

/// <summary>Nothing is left to do.</summary>
public sealed record RunEnded(
    [property: JsonPropertyName("s"), JsonConverter(typeof(JsonNumberEnumConverter<RunState>))] RunState State,
    [property: JsonPropertyName("a"), JsonConverter(typeof(UnixMicroseconds))] DateTimeOffset At,
    [property: JsonPropertyName("r"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason = null) : DagRunEvent;

/// <summary>The run was not over by this deadline. Once for each deadline of a run.</summary>
public sealed record DeadlineMissed(
    [property: JsonPropertyName("n")] string Name,
    [property: JsonPropertyName("d"), JsonConverter(typeof(UnixMicroseconds))] DateTimeOffset Due,
    [property: JsonPropertyName("a"), JsonConverter(typeof(UnixMicroseconds))] DateTimeOffset At) : DagRunEvent;

/// <summary>The run was over and is queued again: <see cref="Deadlines.Reopen"/>.</summary>
public sealed record DeadlinesReopened([property: JsonPropertyName("a"), JsonConverter(typeof(UnixMicroseconds))] DateTimeOffset At) : DagRunEvent;

/// <summary>What happened just before has a callback. Changes nothing in the run: it is written to the callback's own stream, in the same commit.</summary>
/// <param name="Task">Number of the instance; -1 for the run.</param>
/// <param name="Callback">Which one of the task's, or the Dag's.</param>
/// <param name="Why">For people; null when there is nothing to say.</param>
public sealed record CallbackDue(
    [property: JsonPropertyName("t")] int Task,
    [property: JsonPropertyName("c")] int Callback,
    [property: JsonPropertyName("y"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Why = null) : DagRunEvent;

/// <summary>An instant as microseconds since 1970: a third of the length of its ISO form, in a row that is written twice a task.</summary>
public sealed class UnixMicroseconds : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        DateTimeOffset.UnixEpoch.AddTicks(reader.GetInt64() * TimeSpan.TicksPerMicrosecond);

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteNumberValue((value - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
}

/// <summary>Events and snapshots of runs as UTF-8 JSON.</summary>
public static class DagRunJson
{
    public static byte[] Serialize(DagRunEvent happened) =>
        JsonSerializer.SerializeToUtf8Bytes(happened, DagRunJsonContext.Default.DagRunEvent);

    public static DagRunEvent DeserializeEvent(ReadOnlySpan<byte> utf8) =>
        JsonSerializer.Deserialize(utf8, DagRunJsonContext.Default.DagRunEvent)!;

    public static byte[] Serialize(DagRunSnapshot snapshot) =>
        JsonSerializer.SerializeToUtf8Bytes(snapshot, DagRunJsonContext.Default.DagRunSnapshot);

    public static DagRunSnapshot DeserializeSnapshot(ReadOnlySpan<byte> utf8) =>
        JsonSerializer.Deserialize(utf8, DagRunJsonContext.Default.DagRunSnapshot)!;

    public static string Serialize(DagRunMemory memory) => JsonSerializer.Serialize(memory, DagRunJsonContext.Default.DagRunMemory);

    public static string Serialize(IReadOnlyList<RunDeadline> deadlines) => JsonSerializer.Serialize(deadlines, DagRunJsonContext.Default.IReadOnlyListRunDeadline);

    public static IReadOnlyList<RunDeadline> DeserializeDeadlines(string json) =>
        JsonSerializer.Deserialize(json, DagRunJsonContext.Default.IReadOnlyListRunDeadline)!;

    public static DagRunMemory DeserializeMemory(string json) => JsonSerializer.Deserialize(json, DagRunJsonContext.Default.DagRunMemory)!;
}

[JsonSerializable(typeof(DagRunEvent))]
[JsonSerializable(typeof(DagRunSnapshot))]
[JsonSerializable(typeof(DagRunMemory))]
[JsonSerializable(typeof(IReadOnlyList<RunDeadline>))]
internal sealed partial class DagRunJsonContext : JsonSerializerContext;
