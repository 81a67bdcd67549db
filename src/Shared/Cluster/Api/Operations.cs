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

    /// <summary><see cref="EvidenceFilter"/> to a list of <see cref="EvidenceSummary"/>: of each task instance the latest, latest runs first.</summary>
    public const string ListEvidence = "evidence.list";

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
        ListAssets, ListAssetEvents, ListCallbacks, RenderedTask, TaskEvidence, ListEvidence, ListWatermarks, ShowWatermark);

    /// <summary>True when asking twice does no more than asking once. An operation that is not listed is taken to change something.</summary>
    public static bool IsRead(string operation) => Reads.Contains(operation);
}

public sealed record Nothing;

/// <param name="Yes">False: it was so already.</param>
public sealed record Changed(bool Yes);
