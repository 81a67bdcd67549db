using System.Text.Json.Serialization;
using Sluice.Core.Dags;
using Sluice.Core.RemoteJobs;

namespace Sluice.Core.DagRuns;

/// <summary>An attempt has started something in a service. Without effect when the attempt is not the current one, or has had it kept already.</summary>
/// <param name="Task">As in the attempt's id.</param>
/// <param name="Token">As in the attempt's id.</param>
/// <param name="Job">What it started; it takes the place of what the try had kept before.</param>
/// <param name="At">UTC.</param>
public sealed record KeepRemoteJob(int Task, int Token, RemoteJob Job, DateTimeOffset At) : DagRunCommand;

/// <summary>What an attempt runs in a service is known: the next attempt of its try goes on with it.</summary>
/// <param name="Task">Number of the instance.</param>
/// <param name="Token">The attempt's token.</param>
/// <param name="Job">What it started.</param>
/// <param name="At">When that was kept, UTC.</param>
public sealed record RemoteJobKept(
    [property: JsonPropertyName("t")] int Task,
    [property: JsonPropertyName("n")] int Token,
    [property: JsonPropertyName("j")] RemoteJob Job,
    [property: JsonPropertyName("a"), JsonConverter(typeof(UnixMicroseconds))] DateTimeOffset At) : DagRunEvent;

/// <summary>
/// By what happened just before, nobody waits any more for what runs in a service, and nobody has said that it has ended. Changes nothing in the run: it is written to a
/// stream of its own, in the same commit.
/// </summary>
/// <param name="Kept">What is to be stopped.</param>
/// <param name="Instance">Whose it was.</param>
/// <param name="Queue">Workers that serve it can reach the service.</param>
/// <param name="Why">For people.</param>
public sealed record RemoteStopDue(
    [property: JsonPropertyName("k")] KeptRemoteJob Kept,
    [property: JsonPropertyName("i")] TaskId Instance,
    [property: JsonPropertyName("q")] string Queue,
    [property: JsonPropertyName("y")] string Why) : DagRunEvent;
