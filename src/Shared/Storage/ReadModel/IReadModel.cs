using Sluice.Core.Assets;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Storage.ReadModel;

/// <summary>What people and tools ask of the past and the present. Never read by the hot path.</summary>
public interface IReadModel
{
    ValueTask<IReadOnlyList<DagRow>> ListDagsAsync(CancellationToken cancellationToken);

    ValueTask<DagRow?> FindDagAsync(DagId dag, CancellationToken cancellationToken);

    /// <summary>The spec of a version as JSON; null when there is none.</summary>
    ValueTask<string?> FindDagVersionAsync(string version, CancellationToken cancellationToken);

    /// <summary>Versions of a Dag, oldest first, with how many runs each has. Those whose tasks have other names since are not among them.</summary>
    ValueTask<IReadOnlyList<DagVersionUse>> ListDagVersionsAsync(DagId dag, CancellationToken cancellationToken);

    /// <summary>Names that Dags had before, by name.</summary>
    ValueTask<IReadOnlyList<DagRenamedRow>> ListRenamesAsync(CancellationToken cancellationToken);

    /// <summary>Names that tasks of a Dag had before, by name.</summary>
    ValueTask<IReadOnlyList<FormerTask>> ListTaskRenamesAsync(DagId dag, CancellationToken cancellationToken);

    /// <summary>The version that runs of this one have since tasks were renamed; null when there is none.</summary>
    ValueTask<string?> FindVersionHeirAsync(string version, CancellationToken cancellationToken);

    /// <summary>What there is of a task, and of its instances, in all runs of a Dag.</summary>
    ValueTask<TaskHistory> FindTaskHistoryAsync(DagId dag, TaskId task, CancellationToken cancellationToken);

    /// <summary>Runs, newest logical date first.</summary>
    ValueTask<IReadOnlyList<DagRunRow>> ListRunsAsync(RunQuery query, CancellationToken cancellationToken);

    ValueTask<DagRunRow?> FindRunAsync(DagId dag, RunId run, CancellationToken cancellationToken);

    ValueTask<DagRunRow?> FindRunAsync(long key, CancellationToken cancellationToken);

    /// <summary>The <see cref="DagRunRow.Memory"/> of a run; null for most.</summary>
    ValueTask<string?> FindRunMemoryAsync(long key, CancellationToken cancellationToken);

    /// <summary>Every attempt of every task of a run, by task, then token.</summary>
    ValueTask<IReadOnlyList<TaskInstanceRow>> ListTaskInstancesAsync(long run, CancellationToken cancellationToken);

    ValueTask<XComRow?> FindXComAsync(long run, TaskId task, string key, CancellationToken cancellationToken);

    ValueTask<IReadOnlyList<XComRow>> ListXComsAsync(long run, CancellationToken cancellationToken);

    /// <summary>What the instances of a mapped task pushed under a key, in the order of their indices.</summary>
    ValueTask<IReadOnlyList<XComRow>> ListMappedXComsAsync(long run, TaskId task, string key, CancellationToken cancellationToken);

    /// <summary>What the templates of a task instance's attempts came to, by token; attempts without templates are not among them.</summary>
    ValueTask<IReadOnlyList<RenderedFieldsRow>> ListRenderedFieldsAsync(long run, TaskId task, CancellationToken cancellationToken);

    /// <summary>What a task instance's attempts have seen of the rows that they moved, by token.</summary>
    ValueTask<IReadOnlyList<EvidenceRow>> ListEvidenceAsync(long run, TaskId task, CancellationToken cancellationToken);

    /// <summary>Of each task instance the evidence of the latest attempt that took some; the latest runs first, then by task.</summary>
    ValueTask<IReadOnlyList<AttemptEvidence>> ListEvidenceAsync(EvidenceQuery query, CancellationToken cancellationToken);

    /// <summary>What the attempts of a run have started in services, by task instance and token.</summary>
    ValueTask<IReadOnlyList<RemoteJobRow>> ListRemoteJobsAsync(long run, CancellationToken cancellationToken);

    /// <summary>Rendered templates of all but the latest runs of each task; of a mapped task with all its instances.</summary>
    /// <param name="kept">So many runs of each task, by the order in which they were made, are not among them.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Stops the question.</param>
    ValueTask<IReadOnlyList<RenderedFieldsKey>> ListOldRenderedFieldsAsync(int kept, int limit, CancellationToken cancellationToken);

    /// <summary>The mark of the latest run before a place in which the task instance has succeeded; by index.</summary>
    ValueTask<WatermarkRow?> FindWatermarkBeforeAsync(WatermarkPlace place, CancellationToken cancellationToken);

    /// <summary>The latest window of the first run after a place that has opened one.</summary>
    ValueTask<WatermarkRow?> FindWatermarkAfterAsync(WatermarkPlace place, CancellationToken cancellationToken);

    /// <summary>The latest window of the run that stands in a place.</summary>
    ValueTask<WatermarkRow?> FindWatermarkAsync(WatermarkPlace place, CancellationToken cancellationToken);

    /// <summary>Windows of attempts, the latest runs and attempts first.</summary>
    ValueTask<IReadOnlyList<RunWatermark>> ListWatermarksAsync(WatermarkQuery query, CancellationToken cancellationToken);

    /// <summary>What people were asked, oldest first.</summary>
    ValueTask<IReadOnlyList<AskedQuestion>> ListQuestionsAsync(QuestionQuery query, CancellationToken cancellationToken);

    /// <summary>Callbacks of a run and its tasks, in the order in which they were raised.</summary>
    ValueTask<IReadOnlyList<CallbackRow>> ListCallbacksAsync(long run, CancellationToken cancellationToken);

    /// <summary>Callbacks of any runs, the latest first.</summary>
    ValueTask<IReadOnlyList<RunCallback>> ListCallbacksAsync(CallbackQuery query, CancellationToken cancellationToken);

    ValueTask<IReadOnlyList<BackfillRow>> ListBackfillsAsync(DagId? dag, CancellationToken cancellationToken);

    /// <summary>By name; <c>default_pool</c> is among them only when it was set.</summary>
    ValueTask<IReadOnlyList<PoolRow>> ListPoolsAsync(CancellationToken cancellationToken);

    ValueTask<IReadOnlyList<ImportErrorRow>> ListImportErrorsAsync(CancellationToken cancellationToken);

    /// <summary>Events of assets, by id.</summary>
    ValueTask<IReadOnlyList<AssetEvent>> ListAssetEventsAsync(AssetEventQuery query, CancellationToken cancellationToken);

    /// <summary>Id of the latest event of any asset; 0 when there is none.</summary>
    ValueTask<long> FindLatestAssetEventAsync(CancellationToken cancellationToken);

    /// <summary>Latest first.</summary>
    ValueTask<IReadOnlyList<AuditRow>> ListAuditAsync(int limit, CancellationToken cancellationToken);
}

/// <param name="Version">Content hash.</param>
/// <param name="CreatedAt">When it was first seen, UTC.</param>
/// <param name="Runs">Runs that are pinned to it.</param>
public sealed record DagVersionUse(string Version, DateTimeOffset CreatedAt, long Runs);

/// <summary>Which runs to list; null means any.</summary>
public sealed record RunQuery
{
    public DagId? Dag { get; init; }

    public RunState? State { get; init; }

    public string? Backfill { get; init; }

    /// <summary>Runs that are pinned to this version.</summary>
    public string? Version { get; init; }

    /// <summary>Runs whose logical date is at or after this.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Runs whose logical date is before this.</summary>
    public DateTimeOffset? Before { get; init; }

    public int Limit { get; init; } = 100;
}

/// <summary>Where a run stands among those of a task instance.</summary>
/// <param name="Dag">The Dag.</param>
/// <param name="Task">Name of the task instance.</param>
/// <param name="IntervalEnd">End of the run's interval.</param>
/// <param name="Run">The run's surrogate key: of two runs whose intervals end at once the one that was made first is the earlier.</param>
public sealed record WatermarkPlace(DagId Dag, TaskId Task, DateTimeOffset IntervalEnd, long Run);

/// <summary>Which windows to list; null means any.</summary>
public sealed record WatermarkQuery
{
    public DagId? Dag { get; init; }

    /// <summary>Name of the task instance.</summary>
    public TaskId? Task { get; init; }

    /// <summary>Key of the run.</summary>
    public long? Run { get; init; }

    /// <summary>Of each task instance only the mark from which its next run goes on.</summary>
    public bool Latest { get; init; }

    public int Limit { get; init; } = 100;
}

/// <summary>A window, and its run; null when that is gone, or never was.</summary>
public sealed record RunWatermark(WatermarkRow Row, RunId? RunId, DateTimeOffset? LogicalDate);

/// <summary>Which callbacks to list; null means any.</summary>
public sealed record CallbackQuery
{
    public long? Key { get; init; }

    public DagId? Dag { get; init; }

    /// <summary>Key of the run.</summary>
    public long? Run { get; init; }

    /// <summary>waiting, running, success or failed.</summary>
    public string? State { get; init; }

    public int Limit { get; init; } = 100;
}

/// <summary>A callback, and whose it is.</summary>
public sealed record RunCallback(DagId Dag, RunId Run, CallbackRow Row);

/// <summary>Which events of assets to list.</summary>
public sealed record AssetEventQuery
{
    /// <summary>Events of any of these; null means of all assets.</summary>
    public IReadOnlyList<NamedAsset>? Of { get; init; }

    /// <summary>Only those with a higher id.</summary>
    public long After { get; init; }

    /// <summary>Only those that tasks of this Dag made.</summary>
    public string? SourceDag { get; init; }

    /// <summary>False: oldest first.</summary>
    public bool NewestFirst { get; init; }

    public int Limit { get; init; } = 100;
}
