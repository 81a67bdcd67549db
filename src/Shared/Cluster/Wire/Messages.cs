using System.Text.Json.Serialization;
using Sluice.Core.Callbacks;
using Sluice.Core.CrossDag;
using Sluice.Core.DagRuns;
using Sluice.Core.RemoteJobs;
using Sluice.Core.TaskInstances;

namespace Sluice.Cluster.Wire;

/// <summary>What nodes say to each other: a closed set, one short discriminator each. At most once, in order per link.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "$")]
[JsonDerivedType(typeof(Join), "join")]
[JsonDerivedType(typeof(Members), "members")]
[JsonDerivedType(typeof(LeaderClaim), "leader")]
[JsonDerivedType(typeof(RegisterWorker), "register")]
[JsonDerivedType(typeof(WorkerRegistered), "registered")]
[JsonDerivedType(typeof(Heartbeat), "beat")]
[JsonDerivedType(typeof(RunTasks), "run")]
[JsonDerivedType(typeof(TaskReports), "reports")]
[JsonDerivedType(typeof(ReportsDurable), "durable")]
[JsonDerivedType(typeof(KillTasks), "kill")]
[JsonDerivedType(typeof(Request), "req")]
[JsonDerivedType(typeof(Response), "res")]
public abstract record Message
{
    private protected Message()
    {
    }
}

[JsonConverter(typeof(JsonStringEnumConverter<NodeRole>))]
public enum NodeRole
{
    Seed,
    Scheduler,
    Worker,
}

/// <summary>A node as others know it.</summary>
/// <param name="Id">Unique per process start: a restarted node is another node.</param>
/// <param name="Role">What it does.</param>
/// <param name="Address">host:port that it listens on; null when it only dials out.</param>
/// <param name="Name">For people: host name and role.</param>
public sealed record NodeInfo(string Id, NodeRole Role, string? Address, string Name);

/// <summary>Node to seed, after the handshake and whenever the link comes back.</summary>
public sealed record Join(NodeInfo Node) : Message;

/// <summary>Seed to all, whenever it changes: who is linked to this seed, and the claim with the highest epoch it has heard.</summary>
public sealed record Members(IReadOnlyList<NodeInfo> Nodes, LeaderClaim? Leader) : Message;

/// <summary>Scheduler to seeds: it holds the lease at this epoch. Of two claims the higher epoch is right.</summary>
public sealed record LeaderClaim(string NodeId, string Address, long Epoch) : Message;

/// <summary>Worker to leader, first thing on a link: what it offers, what runs, what is finished and not yet known to be durable.</summary>
public sealed record RegisterWorker(
    NodeInfo Node, int Slots, IReadOnlyList<string> Queues, IReadOnlyList<AttemptId> Running, IReadOnlyList<TaskReport> Finished) : Message;

/// <summary>Leader to worker: registered at this epoch. Attempts named in <paramref name="Unknown"/> are not current: kill and forget them.</summary>
/// <param name="Epoch">The leader's epoch; messages of a lower one are ignored from now on.</param>
/// <param name="Unknown">Attempts that the leader disowns.</param>
/// <param name="HeartbeatEvery">How often the worker must be heard.</param>
/// <param name="FenceAfter">A worker that has heard no leader for so long stops its own tasks.</param>
public sealed record WorkerRegistered(long Epoch, IReadOnlyList<AttemptId> Unknown, TimeSpan HeartbeatEvery, TimeSpan FenceAfter) : Message;

/// <summary>Both ways between leader and worker; the leader answers each one.</summary>
/// <param name="Epoch">The leader's.</param>
/// <param name="Running">From a worker: all it has in hand, and ends that are not acknowledged; lets the leader find what got lost on the way.</param>
/// <param name="Stamp">The worker's own clock; the answer repeats it, so that the worker knows since when the leader has surely heard it.</param>
public sealed record Heartbeat(long Epoch, IReadOnlyList<AttemptId> Running, long Stamp = 0) : Message;

/// <summary>Leader to worker: run these. Attempts of one run share its facts. Not acknowledged: what does not arrive is missing in a
/// <see cref="Heartbeat"/> and sent again. A repeat of a known attempt is ignored.</summary>
public sealed record RunTasks(long Epoch, RunFacts Run, IReadOnlyList<TaskAssignment> Tasks) : Message;

/// <summary>One attempt to run.</summary>
/// <param name="Id">The attempt; without <paramref name="Map"/> its number is the index of the task.</param>
/// <param name="TryNumber">From 1.</param>
/// <param name="FirstPokeAt">For a sensor: when its first poke began.</param>
/// <param name="Map">Which instance it is of which mapped task.</param>
/// <param name="Callback">Set when it is no attempt of the task but a callback: its id has a key of its own for the run.</param>
/// <param name="Reschedules">For a sensor: how often it was rescheduled in this try.</param>
/// <param name="RemoteJob">What an earlier attempt of this try has started in a service; null when nothing is known of any.</param>
public sealed record TaskAssignment(
    [property: JsonPropertyName("id")] AttemptId Id,
    [property: JsonPropertyName("try")] int TryNumber,
    [property: JsonPropertyName("poke")] DateTimeOffset? FirstPokeAt,
    [property: JsonPropertyName("map")] MapPosition? Map = null,
    [property: JsonPropertyName("cb"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] CallbackNote? Callback = null,
    [property: JsonPropertyName("rs"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] int Reschedules = 0,
    [property: JsonPropertyName("rj"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] RemoteJob? RemoteJob = null);

/// <summary>Worker to leader. Repeated on every new link, and when unanswered, until acknowledged by <see cref="ReportsDurable"/>.</summary>
public sealed record TaskReports(IReadOnlyList<TaskReport> Reports) : Message;

/// <summary>One attempt's end.</summary>
public sealed record TaskReport([property: JsonPropertyName("id")] AttemptId Id, [property: JsonPropertyName("out")] TaskOutcome Outcome);

/// <summary>Leader to worker: these reports are on disk, or no longer matter; forget them.</summary>
public sealed record ReportsDurable(IReadOnlyList<AttemptId> Ids) : Message;

/// <summary>Leader to worker: stop these. They are reported like any other end.</summary>
public sealed record KillTasks(long Epoch, IReadOnlyList<AttemptId> Ids, string Reason) : Message;

/// <summary>A question to another node, answered by one <see cref="Response"/> with the same id, or by none when the link breaks.</summary>
/// <param name="Id">Unique per link and direction.</param>
/// <param name="Method">What is asked; see <see cref="Methods"/>.</param>
/// <param name="Body">JSON text of the method's own request type.</param>
public sealed record Request(long Id, string Method, string Body) : Message;

/// <summary>The answer.</summary>
/// <param name="Id">The request's.</param>
/// <param name="Body">JSON text of the method's own response type; null when <paramref name="Error"/> is set.</param>
/// <param name="Error">One sentence for people.</param>
/// <param name="Code">HTTP-like status: 200, 400 bad input, 404 not found, 409 conflict, 503 try again.</param>
public sealed record Response(long Id, string? Body, string? Error, int Code = 200) : Message
{
    /// <summary>What became of the question. Known to the side that asked, never sent.</summary>
    [JsonIgnore]
    public Delivery Delivery { get; init; }
}

/// <summary>What became of a question.</summary>
public enum Delivery
{
    /// <summary>The other node answered.</summary>
    Answered,

    /// <summary>It never left: the other node has done nothing.</summary>
    NotSent,

    /// <summary>It was sent and nothing came back: the other node may have done what was asked, or may still do it.</summary>
    Unknown,
}

/// <summary>Methods of <see cref="Request"/>.</summary>
public static class Methods
{
    /// <summary>Worker to leader: <see cref="FetchById"/> (a version hash) to the DagSpec's JSON.</summary>
    public const string FetchDagVersion = "dag_version";

    /// <summary>Worker to leader: <see cref="FetchById"/> (a bundle hash) to <see cref="BundleContent"/>.</summary>
    public const string FetchBundle = "bundle";

    /// <summary>Worker to leader: <see cref="FetchForAttempt"/> to the connection's URI, or 404.</summary>
    public const string GetConnection = "connection";

    /// <summary>Worker to leader: <see cref="FetchForAttempt"/> to the variable's value as a JSON string, or 404.</summary>
    public const string GetVariable = "variable";

    /// <summary>Worker to leader: <see cref="FetchXCom"/> to the value's JSON, to 303 and <see cref="XComParts"/> when some of it lies in objects, or 404.</summary>
    public const string GetXCom = "xcom";

    /// <summary>Worker to leader: <see cref="FetchXComItems"/> to <see cref="XComItemParts"/>, or 404.</summary>
    public const string GetXComItems = "xcom_items";

    /// <summary>Worker to leader: <see cref="FetchAssetEvents"/> to a list of events, oldest first.</summary>
    public const string GetAssetEvents = "asset_events";

    /// <summary>Worker to leader: <see cref="TriggerForAttempt"/> to <see cref="TriggeredRun"/>.</summary>
    public const string TriggerRun = "trigger";

    /// <summary>Worker to leader: <see cref="LookForAttempt"/> to <see cref="DagAnswer"/>.</summary>
    public const string LookAtDag = "look";

    /// <summary>Worker to leader: <see cref="WatermarkForAttempt"/> to <see cref="Core.Watermarks.WatermarkAnswer"/>.</summary>
    public const string AskWatermark = "watermark";

    /// <summary>Worker to leader: <see cref="RemoteJobForAttempt"/> to <see cref="RemoteJobAnswer"/>.</summary>
    public const string KeepRemoteJob = "remote_job";

    /// <summary>Seed to scheduler: an operator's request (<see cref="OperatorCall"/>).</summary>
    public const string Operator = "operator";

    /// <summary>Seed to worker: <see cref="FetchLog"/> to <see cref="LogContent"/>.</summary>
    public const string FetchLog = "log";

    /// <summary>Seed to any node: its tree of actors.</summary>
    public const string Actors = "actors";
}

/// <inheritdoc cref="Methods.FetchBundle"/>
public sealed record FetchById(string Id);

/// <summary>An assembly with what its definitions need.</summary>
/// <param name="Content">The bundle's bytes.</param>
/// <param name="Variables">Values of the variables that the definitions read, as they were when the bundle was made.</param>
public sealed record BundleContent(byte[] Content, IReadOnlyDictionary<string, string> Variables);

/// <summary>Asked in the name of a current attempt only: others get 409.</summary>
public sealed record FetchForAttempt(AttemptId Attempt, string Name);

/// <inheritdoc cref="FetchForAttempt"/>
public sealed record FetchXCom(AttemptId Attempt, string Task, string Key);

/// <summary>Asks for the latest events of an asset.</summary>
/// <param name="Attempt">Who asks.</param>
/// <param name="Name">The asset's, or an alias's.</param>
/// <param name="IsAlias">Which of both it is.</param>
/// <param name="Limit">At most so many.</param>
/// <param name="SourceDag">Only those that this Dag's tasks made.</param>
public sealed record FetchAssetEvents(AttemptId Attempt, string Name, bool IsAlias, int Limit, string? SourceDag);

/// <summary>Asks for some elements of a list that a task pushed, or of what the instances of a mapped task pushed.</summary>
/// <inheritdoc cref="FetchForAttempt"/>
public sealed record FetchXComItems(AttemptId Attempt, string Task, string Key, XComSlice Slice);

/// <summary>The elements that were asked for, or where the whole list lies.</summary>
/// <param name="Length">How many elements the list has; 0 when it lies in an object.</param>
/// <param name="Parts">The elements: as many as go into one answer.</param>
/// <param name="Object">URI of the object that holds the whole list; null for any other.</param>
public sealed record XComItemParts(int Length, IReadOnlyList<XComPart> Parts, string? Object = null);

/// <summary>An XCom of which some lies in the object store.</summary>
/// <param name="IsList">The parts are elements of one array: what the instances of a mapped task pushed.</param>
/// <param name="Parts">Each with its JSON, or with the URI of an object that holds it.</param>
public sealed record XComParts(bool IsList, IReadOnlyList<XComPart> Parts);

/// <param name="Value">JSON text; null when it lies in the object.</param>
/// <param name="Object">URI.</param>
public sealed record XComPart(string? Value, string? Object);

/// <summary>Asked in the name of a current attempt only, as often as it takes: one life of a task instance makes one run.</summary>
/// <param name="Attempt">Who asks.</param>
/// <param name="Task">Its task instance: <c>task</c>, or <c>task[3]</c>.</param>
/// <param name="Trigger">What it asks for.</param>
public sealed record TriggerForAttempt(AttemptId Attempt, string Task, RunTrigger Trigger);

/// <summary>Asked in the name of a current attempt only.</summary>
/// <param name="Attempt">Who asks.</param>
/// <param name="Task">Its task instance: <c>task</c>, or <c>task[3]</c>.</param>
/// <param name="Question">Where its window begins, or that it be kept.</param>
public sealed record WatermarkForAttempt(AttemptId Attempt, string Task, Core.Watermarks.WatermarkQuestion Question);

/// <summary>An attempt has started something in a service, and waits until that is known.</summary>
/// <param name="Attempt">Which one.</param>
/// <param name="Job">What it started.</param>
public sealed record RemoteJobForAttempt(AttemptId Attempt, RemoteJob Job);

/// <inheritdoc cref="FetchForAttempt"/>
public sealed record LookForAttempt(AttemptId Attempt, DagQuestion Question);

/// <summary>Which attempt's log, from which byte on.</summary>
public sealed record FetchLog(string Dag, string Run, string Task, int Token, long Offset);

/// <summary>A piece of a log.</summary>
/// <param name="Text">At most 1 MiB.</param>
/// <param name="Next">Offset to go on from.</param>
/// <param name="Exists">False when this worker has no such log.</param>
public sealed record LogContent(string Text, long Next, bool Exists);

/// <summary>A request of the API, forwarded by a seed.</summary>
/// <param name="Name">Operation, such as <c>runs.trigger</c>.</param>
/// <param name="Body">JSON text.</param>
/// <param name="Who">The user, for the audit log.</param>
public sealed record OperatorCall(string Name, string Body, string Who);
