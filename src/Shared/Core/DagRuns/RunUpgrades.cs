using System.Text.Json.Serialization;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Core.DagRuns;

/// <summary>Go on by another version of the Dag. Without effect when the run has it already, or when <see cref="VersionChange.Refusal"/> has a reason.</summary>
/// <param name="Graph">Of that version.</param>
/// <param name="Version">Its content hash.</param>
/// <param name="Bundle">Its code; null when it has none.</param>
/// <param name="Lengths">Of outputs of tasks that have ended, which nothing was mapped over until now; -1 for one that has none.</param>
/// <param name="By">Who asked.</param>
/// <param name="At">UTC.</param>
public sealed record UpgradeRun(
    DagGraph Graph, string Version, string? Bundle, IReadOnlyDictionary<OutputKey, int> Lengths, ByHand By, DateTimeOffset At) : DagRunCommand
{
    /// <summary>Tasks that have another id in that version: by the id that they have in the run's. Null for none.</summary>
    public IReadOnlyDictionary<TaskId, TaskId>? Names { get; init; }
}

/// <summary>Names an output of a task.</summary>
public readonly record struct OutputKey(TaskId Task, string Key);

/// <summary>The run goes on by another version of its Dag. Instances are numbered anew; tasks that both versions have are as they were.</summary>
/// <param name="Run">All of it, in the numbers of the new version.</param>
/// <param name="Dropped">Instances that are no more, or begin anew, of those that had not ended or are of another shape now.</param>
/// <param name="By">Who asked.</param>
public sealed record RunUpgraded(
    [property: JsonPropertyName("r")] DagRunSnapshot Run,
    [property: JsonPropertyName("d"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DroppedInstance[]? Dropped,
    [property: JsonPropertyName("b")] ByHand By) : DagRunEvent
{
    /// <summary>Of the new version. Not stored: whoever reads the event brings it.</summary>
    [JsonIgnore]
    public DagGraph? Graph { get; init; }
}

/// <summary>An instance of the former version that the new one does not go on with.</summary>
/// <param name="Name">Its name.</param>
/// <param name="From">Its state until then.</param>
/// <param name="To">Removed; none when the new version has a task of that name, which begins anew.</param>
/// <param name="Tries">Tries that it had.</param>
/// <param name="Attempt">The attempt that is stopped; null when no worker had one.</param>
/// <param name="Worker">Who had it.</param>
/// <param name="DispatchedAt">Since when.</param>
/// <param name="Asked">What it asked a person; null when it did not.</param>
public sealed record DroppedInstance(
    [property: JsonPropertyName("n")] TaskId Name,
    [property: JsonPropertyName("s"), JsonConverter(typeof(JsonNumberEnumConverter<TaskState>))] TaskState From,
    [property: JsonPropertyName("t"), JsonConverter(typeof(JsonNumberEnumConverter<TaskState>))] TaskState To,
    [property: JsonPropertyName("r"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] int Tries = 0,
    [property: JsonPropertyName("a"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] AttemptId? Attempt = null,
    [property: JsonPropertyName("w"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Worker = null,
    [property: JsonPropertyName("q"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? DispatchedAt = null,
    [property: JsonPropertyName("k"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] TaskAsked? Asked = null);

/// <summary>An attempt that was begun in an earlier version of the Dag: its worker knows it by the numbers of that version.</summary>
/// <param name="Instance">Whose attempt it is now.</param>
/// <param name="Former">Number of the instance in its id.</param>
/// <param name="Token">Token in its id.</param>
/// <param name="Version">The version that it was begun in.</param>
/// <param name="Bundle">The code that it was begun with.</param>
/// <param name="Map">Where it stood among the instances of its mapped task; null when that was not mapped.</param>
/// <param name="Operator">Whose it is; null when an earlier Sluice wrote it down, which did not say.</param>
public sealed record InheritedAttempt(
    [property: JsonPropertyName("i")] int Instance,
    [property: JsonPropertyName("o")] int Former,
    [property: JsonPropertyName("n")] int Token,
    [property: JsonPropertyName("v")] string Version,
    [property: JsonPropertyName("b"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Bundle,
    [property: JsonPropertyName("m"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] MapPosition? Map,
    [property: JsonPropertyName("p"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Operator = null);

/// <content>A run that goes on by another version of its Dag.</content>
public static partial class DagRunDecider
{
    private readonly ref partial struct Decision
    {
        public void Upgrade(UpgradeRun command)
        {
            if ((run.Facts.Version == command.Version && run.Facts.Bundle == command.Bundle) || VersionChange.Refusal(run, command) is not null)
            {
                return;
            }

            Emit(VersionChange.Of(run, command));
            if (run.Phase == RunState.Running)
            {
                Resolve(TaskState.Removed, TasksOutsideTheirDates());
                Settle(Enumerable.Range(0, run.Instances).ToList());
                EndIfDone(command.At);
            }
        }
    }
}
