using System.Collections.Frozen;

namespace Sluice.Cluster.Api;

/// <summary>Operations of the API: <c>POST /api/v1/call/{operation}</c> with the request as JSON, answered by the response as JSON.</summary>
public static class Operations
{
    /// <summary><see cref="Nothing"/> to a list of <see cref="DagSummary"/>.</summary>
    public const string ListDags = "dags.list";

    /// <summary><see cref="DagName"/> to <see cref="DagDetails"/>.</summary>
    public const string ShowDag = "dags.show";

    /// <summary><see cref="DagName"/> to a list of <see cref="DagVersionSummary"/>, latest first.</summary>
    public const string ListDagVersions = "dags.versions";

    /// <summary><see cref="Nothing"/> to a list of <see cref="DeployedDagAnswer"/>: what is active now, whole.</summary>
    public const string ListDeployedDags = "dags.deployed";

    /// <summary><see cref="Nothing"/> to a list of <see cref="ImportErrorSummary"/>.</summary>
    public const string ListImportErrors = "dags.errors";

    /// <summary><see cref="DagName"/> to <see cref="Changed"/>.</summary>
    public const string PauseDag = "dags.pause";

    /// <summary><see cref="DagName"/> to <see cref="Changed"/>.</summary>
    public const string UnpauseDag = "dags.unpause";

    /// <summary><see cref="RenameDagRequest"/> to <see cref="RenamedDag"/>: a Dag gets another id, with all that it has.</summary>
    public const string RenameDag = "dags.rename";

    /// <summary><see cref="RenameTaskRequest"/> to <see cref="RenamedTask"/>: a task gets another id, with all that it has in all runs.</summary>
    public const string RenameTask = "tasks.rename";

    /// <summary><see cref="TriggerRequest"/> to <see cref="RunSummary"/>.</summary>
    public const string TriggerRun = "runs.trigger";

    /// <summary><see cref="RunFilter"/> to a list of <see cref="RunSummary"/>.</summary>
    public const string ListRuns = "runs.list";

    /// <summary><see cref="RunName"/> to <see cref="RunDetails"/>.</summary>
    public const string ShowRun = "runs.show";

    /// <summary><see cref="RunName"/> to <see cref="Changed"/>.</summary>
    public const string CancelRun = "runs.cancel";

    /// <summary><see cref="TaskName"/> to <see cref="TaskStateAnswer"/>.</summary>
    public const string TaskState = "tasks.state";

    /// <summary><see cref="ChangeRequest"/> to <see cref="ChangeAnswer"/>: run tasks again. Without tasks: whole runs.</summary>
    public const string ClearTasks = "tasks.clear";

    /// <summary><see cref="ChangeRequest"/> with a state to <see cref="ChangeAnswer"/>.</summary>
    public const string MarkTasks = "tasks.mark";

    /// <summary><see cref="ChangeRequest"/> with a state and without tasks to <see cref="ChangeAnswer"/>: end runs.</summary>
    public const string MarkRun = "runs.mark";

    /// <summary><see cref="ChangeRequest"/> without tasks to <see cref="ChangeAnswer"/>: runs go on by another version of their Dag.</summary>
    public const string UpgradeRun = "runs.upgrade";

    /// <summary><see cref="TaskName"/> to a list of <see cref="XComSummary"/>: what it pushed. The values of a mapped task are in the order of its instances.</summary>
    public const string ListXComs = "tasks.xcoms";

    /// <summary><see cref="TaskName"/> to <see cref="TaskWhyAnswer"/>: why it is not running, or ended as it did.</summary>
    public const string WhyTask = "tasks.why";

    /// <summary><see cref="QuestionFilter"/> to a list of <see cref="QuestionSummary"/>: what waits for a person, oldest first.</summary>
    public const string ListQuestions = "tasks.waiting";

    /// <summary><see cref="AnswerRequest"/> to <see cref="QuestionSummary"/>. 409: the task asks nothing any more, or never did.</summary>
    public const string AnswerQuestion = "tasks.answer";

    /// <summary><see cref="BackfillRequest"/> to <see cref="BackfillSummary"/>.</summary>
    public const string CreateBackfill = "backfills.create";

    /// <summary><see cref="BackfillPreviewRequest"/> to a page of <see cref="BackfillPreview"/>: what a backfill would do. Nothing is written.</summary>
    public const string PreviewBackfill = "backfills.preview";

    /// <summary><see cref="BackfillFilter"/> to a list of <see cref="BackfillSummary"/>.</summary>
    public const string ListBackfills = "backfills.list";

    /// <summary><see cref="BackfillName"/> to <see cref="BackfillDetails"/>.</summary>
    public const string ShowBackfill = "backfills.show";

    /// <summary><see cref="BackfillChange"/> to <see cref="Changed"/>.</summary>
    public const string PauseBackfill = "backfills.pause";

    /// <summary><see cref="BackfillChange"/> to <see cref="Changed"/>.</summary>
    public const string ResumeBackfill = "backfills.resume";

    /// <summary><see cref="BackfillChange"/> to <see cref="Changed"/>.</summary>
    public const string CancelBackfill = "backfills.cancel";

    /// <summary><see cref="SecretValue"/> (a URI) to <see cref="Changed"/>.</summary>
    public const string SetConnection = "connections.set";

    /// <summary><see cref="Nothing"/> to a list of <see cref="SecretValue"/>, secrets masked.</summary>
    public const string ListConnections = "connections.list";

    /// <summary><see cref="SecretName"/> to <see cref="Changed"/>.</summary>
    public const string DeleteConnection = "connections.delete";

    /// <summary><see cref="SecretValue"/> to <see cref="Changed"/>.</summary>
    public const string SetVariable = "variables.set";

    /// <summary><see cref="SecretName"/> to <see cref="SecretValue"/>.</summary>
    public const string GetVariable = "variables.get";

    /// <summary><see cref="Nothing"/> to a list of <see cref="SecretValue"/>; values whose name looks secret are masked.</summary>
    public const string ListVariables = "variables.list";

    /// <summary><see cref="SecretName"/> to <see cref="Changed"/>.</summary>
    public const string DeleteVariable = "variables.delete";

    /// <summary><see cref="Nothing"/> to a list of <see cref="PoolSummary"/>.</summary>
    public const string ListPools = "pools.list";

    /// <summary><see cref="PoolRequest"/> to <see cref="Changed"/>.</summary>
    public const string SetPool = "pools.set";

    /// <summary><see cref="PoolName"/> to <see cref="Changed"/>.</summary>
    public const string DeletePool = "pools.delete";

    /// <summary><see cref="CallbackFilter"/> to a list of <see cref="CallbackSummary"/>, latest first.</summary>
    public const string ListCallbacks = "callbacks.list";

    /// <summary><see cref="Nothing"/> to a list of <see cref="AssetSummary"/>: what the Dags of now update or wait for.</summary>
    public const string ListAssets = "assets.list";

    /// <summary><see cref="AssetEventFilter"/> to a list of <see cref="AssetEventSummary"/>, newest first.</summary>
    public const string ListAssetEvents = "assets.events";

    /// <summary><see cref="EmitRequest"/> to <see cref="Changed"/>: an asset was updated outside.</summary>
    public const string EmitAsset = "assets.emit";

    /// <summary><see cref="RenderedRequest"/> to <see cref="RenderedAnswer"/>.</summary>
    public const string RenderedTask = "tasks.rendered";

    /// <summary><see cref="EvidenceRequest"/> to <see cref="EvidenceAnswer"/>.</summary>
    public const string TaskEvidence = "tasks.evidence";

    /// <summary><see cref="WatermarkFilter"/> to a list of <see cref="WatermarkSummary"/>: of each task the mark from which its next run goes on.</summary>
    public const string ListWatermarks = "watermarks.list";

    /// <summary><see cref="WatermarkFilter"/> with Dag and task to a list of <see cref="WatermarkSummary"/>: the windows of its attempts, latest first.</summary>
    public const string ShowWatermark = "watermarks.show";

    /// <summary><see cref="WatermarkChange"/> to <see cref="WatermarkChanged"/>.</summary>
    public const string SetWatermark = "watermarks.set";

    /// <summary><see cref="WatermarkChange"/> without a value to <see cref="WatermarkChanged"/>: the next run begins at the beginning.</summary>
    public const string ClearWatermark = "watermarks.clear";

    private static readonly FrozenSet<string> Reads = FrozenSet.Create(
        ListDags, ShowDag, ListDagVersions, ListDeployedDags, ListImportErrors, ListRuns, ShowRun, TaskState, ListXComs, WhyTask, ListQuestions, ListBackfills, ShowBackfill, PreviewBackfill, ListConnections, GetVariable, ListVariables, ListPools,
        ListAssets, ListAssetEvents, ListCallbacks, RenderedTask, TaskEvidence, ListWatermarks, ShowWatermark);

    /// <summary>True when asking twice does no more than asking once. An operation that is not listed is taken to change something.</summary>
    public static bool IsRead(string operation) => Reads.Contains(operation);
}

public sealed record Nothing;

public sealed record DagName(string DagId);

public sealed record RunName(string DagId, string RunId);

/// <param name="DagId">The id that it had; no file defines it any more.</param>
/// <param name="NewDagId">The id from then on. A Dag of that id may be there if it has no runs.</param>
/// <param name="Note">Why, for those who look at it later.</param>
/// <param name="DryRun">Only say whether it could be done.</param>
public sealed record RenameDagRequest(string DagId, string NewDagId, string? Note = null, bool DryRun = false);

/// <param name="DagId">The id that it had.</param>
/// <param name="NewDagId">The id from now on.</param>
/// <param name="Runs">Runs that go with it.</param>
/// <param name="Versions">Versions that go with it.</param>
/// <param name="Backfills">Backfills that go with it.</param>
/// <param name="IsDefined">A file defines the new id already.</param>
public sealed record RenamedDag(string DagId, string NewDagId, bool DryRun, long Runs, int Versions, int Backfills, bool IsDefined);

/// <param name="DagId">The Dag.</param>
/// <param name="TaskId">The id that it had; no file defines it any more.</param>
/// <param name="NewTaskId">The id from now on.</param>
/// <param name="Note">Why; shown in the audit log.</param>
/// <param name="DryRun">Only say what would happen.</param>
public sealed record RenameTaskRequest(string DagId, string TaskId, string NewTaskId, string? Note = null, bool DryRun = false);

/// <param name="DagId">The Dag.</param>
/// <param name="TaskId">The id that it had.</param>
/// <param name="NewTaskId">The id from now on.</param>
/// <param name="DryRun">Nothing was done.</param>
/// <param name="Runs">Runs that it has attempts in.</param>
/// <param name="Attempts">Those attempts, with changes by hand.</param>
/// <param name="Versions">Versions of the Dag that had the old id.</param>
/// <param name="InFlight">Runs of the Dag in flight; they go on.</param>
/// <param name="IsDefined">Whether a file defines the new id.</param>
public sealed record RenamedTask(string DagId, string TaskId, string NewTaskId, bool DryRun, long Runs, long Attempts, int Versions, int InFlight, bool IsDefined);

/// <param name="RunId">A run id, or a logical date.</param>
public sealed record TaskName(string DagId, string TaskId, string RunId);

/// <summary>Asks what the templates of an attempt came to.</summary>
/// <param name="DagId">The Dag.</param>
/// <param name="TaskId">A task; of a mapped one an instance, such as <c>load[3]</c>.</param>
/// <param name="RunId">A run id, or a logical date.</param>
/// <param name="Try">The try; null: the latest that has ended.</param>
public sealed record RenderedRequest(string DagId, string TaskId, string RunId, int? Try = null);

/// <param name="DagId">The Dag.</param>
/// <param name="RunId">The run.</param>
/// <param name="TaskId">The instance.</param>
/// <param name="TryNumber">The try.</param>
/// <param name="Token">The attempt.</param>
/// <param name="State">How the attempt ended.</param>
/// <param name="Fields">By argument: secrets masked, long values cut. Empty when its arguments have no templates.</param>
/// <param name="Error">Why the attempt failed; a template that cannot be rendered is among the reasons.</param>
public sealed record RenderedAnswer(
    string DagId, string RunId, string TaskId, int TryNumber, int Token, string State, System.Text.Json.JsonElement Fields, string? Error);

/// <summary>Asks what an attempt has seen of the rows that it moved.</summary>
/// <inheritdoc cref="RenderedRequest"/>
public sealed record EvidenceRequest(string DagId, string TaskId, string RunId, int? Try = null);

/// <param name="DagId">The Dag.</param>
/// <param name="RunId">The run.</param>
/// <param name="TaskId">The instance.</param>
/// <param name="TryNumber">The try.</param>
/// <param name="Token">The attempt.</param>
/// <param name="State">How the attempt ended.</param>
/// <param name="Evidence">Its <c>places</c>, each with rows, hash and columns, and the <c>comparisons</c> of two of them with their differences.</param>
/// <param name="Error">Why the attempt failed.</param>
public sealed record EvidenceAnswer(
    string DagId, string RunId, string TaskId, int TryNumber, int Token, string State, System.Text.Json.JsonElement Evidence, string? Error);

/// <param name="TaskId">The instance.</param>
/// <param name="Key">Its name.</param>
/// <param name="Value">JSON text; null when it lies in an object.</param>
/// <param name="Object">URI of the object that holds a large value; null for any other.</param>
public sealed record XComSummary(string TaskId, string Key, string? Value, string? Object);

public sealed record BackfillName(string BackfillId);

public sealed record SecretName(string Id);

public sealed record SecretValue(string Id, string Value);

public sealed record PoolName(string Name);

/// <param name="Name">1 to 250 characters.</param>
/// <param name="Slots">How many pool slots tasks may hold at once; -1 is without limit.</param>
/// <param name="IncludeDeferred">Whether async sensors, which hold no slot of a worker, take slots of the pool.</param>
/// <param name="Description">For people.</param>
public sealed record PoolRequest(string Name, int Slots, bool IncludeDeferred, string? Description);

/// <param name="Name">The pool.</param>
/// <param name="Slots">Null when tasks name it and nobody made it; -1 is without limit.</param>
/// <param name="IncludeDeferred">Whether async sensors take slots of it.</param>
/// <param name="Used">Slots that running tasks hold.</param>
/// <param name="Deferred">Slots of async sensors that wait; they count in a pool that includes them.</param>
/// <param name="Waiting">Tasks that are ready, and wait for the pool or for a worker.</param>
/// <param name="Description">For people.</param>
public sealed record PoolSummary(string Name, int? Slots, bool IncludeDeferred, int Used, int Deferred, int Waiting, string? Description);

/// <param name="Yes">False: it was so already.</param>
public sealed record Changed(bool Yes);

/// <param name="Version">Content hash.</param>
/// <param name="Number">Counts from 1, in the order in which versions were first seen; versions that no run used are not kept.</param>
/// <param name="CreatedAt">When it was first seen.</param>
/// <param name="Runs">Runs that are pinned to it.</param>
/// <param name="IsCurrent">New runs take it.</param>
public sealed record DagVersionSummary(string Version, int Number, DateTimeOffset CreatedAt, long Runs, bool IsCurrent);

/// <param name="DagId">The Dag.</param>
/// <param name="File">Where it is defined.</param>
/// <param name="Paused">It makes no scheduled runs.</param>
/// <param name="ActiveRuns">Runs that are queued or running.</param>
/// <param name="Spec">Its definition as JSON.</param>
public sealed record DeployedDagAnswer(string DagId, string File, bool Paused, int ActiveRuns, string Spec);

public sealed record DagSummary
{
    public required string DagId { get; init; }

    public required string Schedule { get; init; }

    public required bool Paused { get; init; }

    public required bool Active { get; init; }

    public required string Version { get; init; }

    public required string File { get; init; }

    public DateTimeOffset? NextRunAfter { get; init; }

    public string? Description { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    public string? Owner { get; init; }

    /// <summary>Why nothing new runs though its file defines it; null when all is well.</summary>
    public string? Problem { get; init; }

    /// <summary>How far it is with the assets that it waits for; null when it waits for none.</summary>
    public AssetWaitSummary? WaitsForAssets { get; init; }
}

public sealed record DagDetails(DagSummary Dag, IReadOnlyList<TaskSummary> Tasks, IReadOnlyList<RunSummary> LatestRuns);

public sealed record TaskSummary(
    string TaskId, string Operator, IReadOnlyList<string> Upstream, string TriggerRule, int Retries, string Pool, string Queue, int Priority);

public sealed record ImportErrorSummary(string File, string Message, DateTimeOffset At);

public sealed record TriggerRequest(string DagId, string? LogicalDate, string? RunId, string? Conf);

public sealed record RunFilter(string? DagId, string? State, string? BackfillId, int Limit = 25);

public sealed record RunSummary
{
    public required string DagId { get; init; }

    public required string RunId { get; init; }

    public required string RunType { get; init; }

    public required string State { get; init; }

    public required DateTimeOffset LogicalDate { get; init; }

    public required DateTimeOffset DataIntervalStart { get; init; }

    public required DateTimeOffset DataIntervalEnd { get; init; }

    public DateTimeOffset? QueuedAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public string? Reason { get; init; }

    public string? BackfillId { get; init; }

    /// <summary>Who triggered it by hand, or the task that did: <c>task dag/run/task</c>.</summary>
    public string? TriggeredBy { get; init; }

    public string? Conf { get; init; }

    public required string Version { get; init; }

    /// <summary>The updates of assets that it was made of; null for other runs.</summary>
    public IReadOnlyList<AssetEventSummary>? AssetEvents { get; init; }

    /// <summary>By when it should be over, in order of definition; null when there is no such moment.</summary>
    public IReadOnlyList<DeadlineSummary>? Deadlines { get; init; }
}

/// <param name="Name">As its Dag names it.</param>
/// <param name="Due">When the run should be over, UTC.</param>
/// <param name="State">pending, met or missed.</param>
/// <param name="MissedAt">When it was found that the run was not over by then.</param>
public sealed record DeadlineSummary(string Name, DateTimeOffset Due, string State, DateTimeOffset? MissedAt);

/// <param name="Run">The run.</param>
/// <param name="Tasks">In the Dag's order, each with its latest attempt; tasks that have not begun stand as none.</param>
/// <param name="Callbacks">Of the run and its tasks, in the order in which they were raised.</param>
public sealed record RunDetails(RunSummary Run, IReadOnlyList<TaskAttemptSummary> Tasks, IReadOnlyList<CallbackSummary> Callbacks);

/// <param name="DagId">Only of this Dag.</param>
/// <param name="RunId">Only of this run of it: a run id, or a logical date.</param>
/// <param name="State">Only in this state: waiting, running, success or failed.</param>
/// <param name="EventId">Only this one.</param>
/// <param name="Limit">At most so many.</param>
public sealed record CallbackFilter(string? DagId = null, string? RunId = null, string? State = null, string? EventId = null, int Limit = 25);

/// <summary>One callback of something that happened.</summary>
public sealed record CallbackSummary
{
    /// <summary>In a list of callbacks of any runs; else null.</summary>
    public string? DagId { get; init; }

    /// <inheritdoc cref="DagId"/>
    public string? RunId { get; init; }

    /// <summary>Ids that the Dag had before: its log may lie under one of them. Null for none, and in all but lists of callbacks.</summary>
    public IReadOnlyList<string>? FormerDagIds { get; init; }

    /// <summary>As the callback and its receivers see it; names its log.</summary>
    public required string EventId { get; init; }

    /// <summary>Such as <c>on_failure</c>.</summary>
    public required string Event { get; init; }

    /// <summary>Class name, or <c>Code</c>.</summary>
    public required string Notifier { get; init; }

    /// <summary>The instance; null for a callback of the Dag.</summary>
    public string? TaskId { get; init; }

    public int TryNumber { get; init; }

    public string? Deadline { get; init; }

    /// <summary>What the callback was told.</summary>
    public string? Why { get; init; }

    /// <summary>waiting, running, success or failed.</summary>
    public required string State { get; init; }

    public string? Worker { get; init; }

    /// <summary>More than once only when workers were lost with it.</summary>
    public int HandedOut { get; init; }

    public required DateTimeOffset RaisedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public string? Error { get; init; }
}

public sealed record TaskAttemptSummary
{
    public required string TaskId { get; init; }

    /// <summary>Of an instance of a mapped task, from 0; missing for every other.</summary>
    public int? MapIndex { get; init; }

    public required string State { get; init; }

    public required int TryNumber { get; init; }

    /// <summary>Names the attempt's log.</summary>
    public required int Token { get; init; }

    public string? Worker { get; init; }

    public DateTimeOffset? QueuedAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public DateTimeOffset? DueAt { get; init; }

    public string? Error { get; init; }
}

/// <param name="RunId">The run that was found.</param>
/// <param name="Attempts">Oldest first.</param>
/// <param name="Waits">Why it is not running, when it waits for a slot.</param>
/// <param name="State">Live when the run is.</param>
/// <param name="Callbacks">In the order in which they were raised.</param>
public sealed record TaskStateAnswer(
    string RunId, string State, string? Waits, IReadOnlyList<TaskAttemptSummary> Attempts, IReadOnlyList<CallbackSummary> Callbacks)
{
    /// <summary>What it asked a person last; missing for tasks that ask nobody.</summary>
    public QuestionSummary? Question { get; init; }

    /// <summary>Ids that the Dag had before: logs of attempts of then lie under them. Missing for most Dags.</summary>
    public IReadOnlyList<string>? FormerDagIds { get; init; }

    /// <summary>Names that the task had before; the same holds. Missing for most tasks.</summary>
    public IReadOnlyList<string>? FormerTaskIds { get; init; }
}

/// <param name="DagId">The Dag.</param>
/// <param name="Start">First logical date, inclusive; a bare date is midnight in the Dag's zone.</param>
/// <param name="End">Last logical date, exclusive.</param>
/// <param name="MaxActiveRuns">Runs at once.</param>
/// <param name="Reprocess">What becomes of intervals that have a finished run: none, failed or completed.</param>
/// <param name="Order">Which interval goes first: oldest or newest.</param>
/// <param name="Conf">JSON object that overrides the Dag's params in every run.</param>
/// <param name="Connections">The id of a connection, to the id of the one that its runs get instead.</param>
/// <param name="Note">Why; kept with the backfill.</param>
/// <param name="Version">The version of the Dag that its runs go by: <c>latest</c> (the default), <c>original</c> for runs that are run again to keep their own, or a content hash or its beginning.</param>
public sealed record BackfillRequest(
    string DagId,
    string Start,
    string End,
    int MaxActiveRuns = 1,
    string Reprocess = "none",
    string Order = "oldest",
    string? Conf = null,
    IReadOnlyDictionary<string, string>? Connections = null,
    string? Note = null,
    string? Version = null);

/// <param name="Backfill">The backfill that is thought of.</param>
/// <param name="After">Logical date of the last interval that was shown; null for the first page.</param>
/// <param name="Limit">Intervals a page, 1 to 10,000.</param>
public sealed record BackfillPreviewRequest(BackfillRequest Backfill, DateTimeOffset? After = null, int Limit = 1000);

/// <param name="Create">Intervals of this page that would get a run.</param>
/// <param name="Reprocess">Those whose run would be run again.</param>
/// <param name="Skip">Those that would be left as they are.</param>
/// <param name="Intervals">In the order of the backfill.</param>
/// <param name="Next">What to ask for the next page after; null on the last.</param>
public sealed record BackfillPreview(
    string DagId, int Create, int Reprocess, int Skip, IReadOnlyList<BackfillInterval> Intervals, DateTimeOffset? Next = null);

/// <param name="Start">The logical date.</param>
/// <param name="End">End of the data interval.</param>
/// <param name="Action">create, reprocess or skip.</param>
/// <param name="RunId">The run that it has.</param>
/// <param name="Why">Why it would be left as it is.</param>
public sealed record BackfillInterval(DateTimeOffset Start, DateTimeOffset End, string Action, string? RunId = null, string? Why = null);

/// <param name="BackfillId">The backfill.</param>
/// <param name="Note">Why; kept with the backfill.</param>
/// <param name="Running">Of a cancellation: runs that are active are cancelled, too.</param>
public sealed record BackfillChange(string BackfillId, string? Note = null, bool Running = false);

public sealed record BackfillFilter(string? DagId);

public sealed record BackfillSummary
{
    public required string BackfillId { get; init; }

    public required string DagId { get; init; }

    public required DateTimeOffset Start { get; init; }

    public required DateTimeOffset End { get; init; }

    public required int MaxActiveRuns { get; init; }

    public required string State { get; init; }

    /// <summary>oldest or newest.</summary>
    public string Order { get; init; } = "oldest";

    public string Reprocess { get; init; } = "none";

    public string? Conf { get; init; }

    public IReadOnlyDictionary<string, string>? Connections { get; init; }

    /// <summary>The version that its runs go by: original, or a content hash; missing for the latest.</summary>
    public string? Version { get; init; }

    /// <summary>Complete intervals in the range.</summary>
    public int Intervals { get; init; }

    /// <summary>Intervals that keep the run they have; how many is certain only at the end.</summary>
    public int Skipped { get; init; }

    /// <summary>Runs that it makes.</summary>
    public required int Total { get; init; }

    /// <summary>Runs that have been begun and have not ended.</summary>
    public int Active { get; init; }

    public required int Succeeded { get; init; }

    public required int Failed { get; init; }

    /// <summary>Runs that have ended a second, of late; missing while none has, while it is paused, and when it is over.</summary>
    public double? RatePerSecond { get; init; }

    /// <summary>Seconds until the rest has ended at this rate.</summary>
    public double? EtaSeconds { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public string? CreatedBy { get; init; }

    public string? Note { get; init; }

    /// <summary>Who paused, resumed or cancelled it last.</summary>
    public string? ChangedBy { get; init; }

    public DateTimeOffset? ChangedAt { get; init; }

    public string? ChangedNote { get; init; }

    public DateTimeOffset? EndedAt { get; init; }
}

public sealed record BackfillDetails(BackfillSummary Backfill, IReadOnlyList<RunSummary> Runs);
