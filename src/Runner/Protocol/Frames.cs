using System.Text.Json;
using Microsoft.Extensions.Logging;
using Sluice.Core.Assets;
using Sluice.Core.Callbacks;
using Sluice.Core.RemoteJobs;
using Sluice.Core.TaskInstances;

namespace Sluice.Runner.Protocol;

/// <summary>One message of the runner protocol.</summary>
internal interface IFrame
{
    static abstract FrameKind Kind { get; }

    void WriteTo(FrameWriter writer);
}

/// <summary>Which of the two connections this is. Control carries kills and answers, read while a task holds the main thread.</summary>
internal readonly record struct Hello(bool IsControl) : IFrame
{
    public static FrameKind Kind => FrameKind.Hello;

    public static Hello Read(ref FrameReader reader) => new(reader.ReadByte() == 1);

    public void WriteTo(FrameWriter writer) => writer.WriteByte(IsControl ? (byte)1 : (byte)0);
}

/// <summary>A Dag version, as JSON of <see cref="Core.Dags.DagSpecJson"/>.</summary>
internal readonly record struct DagFrame(int Number, byte[] Json) : IFrame
{
    public static FrameKind Kind => FrameKind.Dag;

    public void WriteTo(FrameWriter writer)
    {
        writer.WriteInt32(Number);
        writer.WriteBytes(Json);
    }
}

/// <summary>The facts of a run, as JSON of <see cref="RunnerJson"/>.</summary>
internal readonly record struct RunFrame(int Number, byte[] Json) : IFrame
{
    public static FrameKind Kind => FrameKind.Run;

    public void WriteTo(FrameWriter writer)
    {
        writer.WriteInt32(Number);
        writer.WriteBytes(Json);
    }
}

/// <summary>A bundle in the worker's cache. Loaded when the first task asks for it.</summary>
internal readonly record struct BundleFrame(int Number, string Path, IReadOnlyDictionary<string, string> Variables) : IFrame
{
    public static FrameKind Kind => FrameKind.Bundle;

    public static BundleFrame Read(ref FrameReader reader)
    {
        var number = reader.ReadInt32();
        var path = reader.ReadString();
        var count = reader.ReadInt32();
        var variables = new Dictionary<string, string>(count, StringComparer.Ordinal);
        for (var i = 0; i < count; i++)
        {
            variables[reader.ReadString()] = reader.ReadString();
        }

        return new(number, path, variables);
    }

    public void WriteTo(FrameWriter writer)
    {
        writer.WriteInt32(Number);
        writer.WriteString(Path);
        writer.WriteInt32(Variables.Count);
        foreach (var (name, value) in Variables)
        {
            writer.WriteString(name);
            writer.WriteString(value);
        }
    }
}

/// <summary>See <see cref="FrameKind.Forget"/>.</summary>
internal readonly record struct ForgetFrame : IFrame
{
    public static FrameKind Kind => FrameKind.Forget;

    public void WriteTo(FrameWriter writer)
    {
    }
}

/// <summary>One attempt to run; the numbers are those of earlier frames on this channel.</summary>
/// <param name="Bundle">-1 when the Dag has none.</param>
/// <param name="Callback">Set for a callback.</param>
/// <param name="RemoteJob">What an earlier attempt of the try runs in a service.</param>
/// <param name="PokeOnce">A sensor pokes once and answers Rescheduled when it is not done: the worker waits, not the runner.</param>
internal readonly record struct TaskFrame(
    AttemptId Attempt, int Dag, int Run, int Bundle, int TryNumber, DateTimeOffset? FirstPokeAt, bool PokeOnce, MapPosition? Map = null, CallbackNote? Callback = null,
    int Reschedules = 0, RemoteJob? RemoteJob = null) : IFrame
{
    public static FrameKind Kind => FrameKind.Task;

    /// <summary>Index of the task in its Dag. An instance's number, which the attempt has, is another when it is mapped.</summary>
    public int Task => Map?.Task ?? Attempt.Task;

    public static TaskFrame Read(ref FrameReader reader) => new(
        reader.ReadAttempt(), reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32(), reader.ReadOptionalTime(), reader.ReadByte() == 1, ReadMap(ref reader),
        reader.ReadOptionalString() is { } note ? CallbackJson.DeserializeNote(note) : null, reader.ReadInt32(),
        reader.ReadOptionalString() is { } job ? JsonSerializer.Deserialize(job, RunnerJson.Default.RemoteJob) : null);

    public void WriteTo(FrameWriter writer)
    {
        writer.WriteAttempt(Attempt);
        writer.WriteInt32(Dag);
        writer.WriteInt32(Run);
        writer.WriteInt32(Bundle);
        writer.WriteInt32(TryNumber);
        writer.WriteTime(FirstPokeAt);
        writer.WriteByte(PokeOnce ? (byte)1 : (byte)0);
        writer.WriteByte(Map is null ? (byte)0 : (byte)1);
        if (Map is not null)
        {
            writer.WriteInt32(Map.Task);
            writer.WriteInt32(Map.Index);
            writer.WriteInt32(Map.Length);
        }

        writer.WriteString(Callback is null ? null : CallbackJson.Serialize(Callback));
        writer.WriteInt32(Reschedules);
        writer.WriteString(RemoteJob is null ? null : JsonSerializer.Serialize(RemoteJob, RunnerJson.Default.RemoteJob));
    }

    private static MapPosition? ReadMap(ref FrameReader reader) =>
        reader.ReadByte() == 0 ? null : new(reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32());
}

/// <summary>See <see cref="FrameKind.Shutdown"/>.</summary>
internal readonly record struct ShutdownFrame : IFrame
{
    public static FrameKind Kind => FrameKind.Shutdown;

    public void WriteTo(FrameWriter writer)
    {
    }
}

/// <summary>Cancels an attempt, also one whose task frame has not been read yet.</summary>
internal readonly record struct KillFrame(AttemptId Attempt, string Reason) : IFrame
{
    public static FrameKind Kind => FrameKind.Kill;

    public static KillFrame Read(ref FrameReader reader) => new(reader.ReadAttempt(), reader.ReadString());

    public void WriteTo(FrameWriter writer)
    {
        writer.WriteAttempt(Attempt);
        writer.WriteString(Reason);
    }
}

/// <summary>A line, without its end.</summary>
internal readonly record struct LogFrame(DateTimeOffset At, LogLevel Level, string Text) : IFrame
{
    public static FrameKind Kind => FrameKind.Log;

    public static LogFrame Read(ref FrameReader reader) => new(reader.ReadTime(), (LogLevel)reader.ReadByte(), reader.ReadString());

    public void WriteTo(FrameWriter writer)
    {
        writer.WriteTime(At);
        writer.WriteByte((byte)Level);
        writer.WriteString(Text);
    }
}

/// <summary>What a runner asks of its worker.</summary>
internal enum CallKind : byte
{
    Connection,
    Variable,
    XCom,
    TriggerRun,
    LookAtDag,
    XComItems,
    AssetEvents,
    Watermark,
    RemoteJob,
}

/// <summary>A question. <paramref name="Key"/> is used by whole XComs only; what is asked of other Dags, lists and assets stands as JSON in <paramref name="Name"/>.</summary>
internal readonly record struct CallFrame(long Id, CallKind What, string Name, string? Key) : IFrame
{
    public static FrameKind Kind => FrameKind.Call;

    public static CallFrame Read(ref FrameReader reader) =>
        new(reader.ReadInt64(), (CallKind)reader.ReadByte(), reader.ReadString(), reader.ReadOptionalString());

    public void WriteTo(FrameWriter writer)
    {
        writer.WriteInt64(Id);
        writer.WriteByte((byte)What);
        writer.WriteString(Name);
        writer.WriteString(Key);
    }
}

/// <summary>The answer: a value, null for not found, or an error.</summary>
internal readonly record struct AnswerFrame(long Id, string? Value, string? Error) : IFrame
{
    public static FrameKind Kind => FrameKind.Answer;

    public static AnswerFrame Read(ref FrameReader reader) => new(reader.ReadInt64(), reader.ReadOptionalString(), reader.ReadOptionalString());

    public void WriteTo(FrameWriter writer)
    {
        writer.WriteInt64(Id);
        writer.WriteString(Value);
        writer.WriteString(Error);
    }
}

/// <summary>How an attempt ended.</summary>
/// <param name="IsSpent">The process must get no further task.</param>
/// <param name="WorkingSet">Bytes that the process holds, looked up about once a second; 0 in between.</param>
internal readonly record struct OutcomeFrame(AttemptId Attempt, TaskOutcome Outcome, bool IsSpent, long WorkingSet) : IFrame
{
    public static FrameKind Kind => FrameKind.Outcome;

    public static OutcomeFrame Read(ref FrameReader reader)
    {
        var attempt = reader.ReadAttempt();
        var isSpent = reader.ReadByte() == 1;
        var workingSet = reader.ReadInt64();
        var outcome = new TaskOutcome
        {
            Kind = (OutcomeKind)reader.ReadByte(),
            StartedAt = reader.ReadTime(),
            EndedAt = reader.ReadTime(),
            Error = reader.ReadOptionalString(),
            ResumeAt = reader.ReadOptionalTime(),
            XComs = ReadXComs(ref reader),
            RetryAfter = reader.ReadInt64() is >= 0 and var ticks ? TimeSpan.FromTicks(ticks) : null,
            SkipDownstream = reader.ReadByte() is > 0 and var skips ? (SkipScope)(skips - 1) : null,
            Follow = ReadTexts(ref reader),
            Question = reader.ReadOptionalString() is { } question ? JsonSerializer.Deserialize(question, RunnerJson.Default.HumanQuestion) : null,
            AssetUpdates = ReadUpdates(ref reader),
            Rendered = reader.ReadOptionalString(),
            Evidence = reader.ReadOptionalString(),
            Watermark = reader.ReadOptionalString() is { } window ? JsonSerializer.Deserialize(window, RunnerJson.Default.WatermarkWindow) : null,
            ReleasedRemoteJob = reader.ReadByte() == 1,
        };
        return new(attempt, outcome, isSpent, workingSet);
    }

    public void WriteTo(FrameWriter writer)
    {
        writer.WriteAttempt(Attempt);
        writer.WriteByte(IsSpent ? (byte)1 : (byte)0);
        writer.WriteInt64(WorkingSet);
        writer.WriteByte((byte)Outcome.Kind);
        writer.WriteTime(Outcome.StartedAt);
        writer.WriteTime(Outcome.EndedAt);
        writer.WriteString(Outcome.Error);
        writer.WriteTime(Outcome.ResumeAt);
        writer.WriteInt32(Outcome.XComs?.Count ?? -1);
        foreach (var xcom in Outcome.XComs ?? [])
        {
            writer.WriteString(xcom.Key);
            writer.WriteString(xcom.Value);
        }

        writer.WriteInt64(Outcome.RetryAfter?.Ticks ?? -1);
        writer.WriteByte(Outcome.SkipDownstream is { } skips ? (byte)(skips + 1) : (byte)0);
        writer.WriteInt32(Outcome.Follow?.Count ?? -1);
        foreach (var id in Outcome.Follow ?? [])
        {
            writer.WriteString(id);
        }

        writer.WriteString(Outcome.Question is { } question ? JsonSerializer.Serialize(question, RunnerJson.Default.HumanQuestion) : null);
        writer.WriteInt32(Outcome.AssetUpdates?.Count ?? -1);
        foreach (var update in Outcome.AssetUpdates ?? [])
        {
            writer.WriteString(update.Asset);
            writer.WriteString(update.Alias);
            writer.WriteString(update.Extra);
        }

        writer.WriteString(Outcome.Rendered);
        writer.WriteString(Outcome.Evidence);
        writer.WriteString(Outcome.Watermark is { } window ? JsonSerializer.Serialize(window, RunnerJson.Default.WatermarkWindow) : null);
        writer.WriteByte(Outcome.ReleasedRemoteJob ? (byte)1 : (byte)0);
    }

    private static string[]? ReadTexts(ref FrameReader reader)
    {
        var count = reader.ReadInt32();
        if (count < 0)
        {
            return null;
        }

        var texts = new string[count];
        for (var i = 0; i < count; i++)
        {
            texts[i] = reader.ReadString();
        }

        return texts;
    }

    private static AssetUpdate[]? ReadUpdates(ref FrameReader reader)
    {
        var count = reader.ReadInt32();
        if (count < 0)
        {
            return null;
        }

        var updates = new AssetUpdate[count];
        for (var i = 0; i < count; i++)
        {
            updates[i] = new(reader.ReadString(), reader.ReadOptionalString(), reader.ReadString());
        }

        return updates;
    }

    private static XCom[]? ReadXComs(ref FrameReader reader)
    {
        var count = reader.ReadInt32();
        if (count < 0)
        {
            return null;
        }

        var xcoms = new XCom[count];
        for (var i = 0; i < count; i++)
        {
            xcoms[i] = new(reader.ReadString(), reader.ReadString());
        }

        return xcoms;
    }
}

/// <summary>Attempt ids in frames.</summary>
internal static class AttemptFrames
{
    public static void WriteAttempt(this FrameWriter writer, AttemptId id)
    {
        writer.WriteInt64(id.Run);
        writer.WriteInt32(id.Task);
        writer.WriteInt32(id.Token);
    }

    public static AttemptId ReadAttempt(this ref FrameReader reader) => new(reader.ReadInt64(), reader.ReadInt32(), reader.ReadInt32());
}
