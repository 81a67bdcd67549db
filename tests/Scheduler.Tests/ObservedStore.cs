using Sluice.Actors;
using Sluice.Core.Assets;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Storage;
using Sluice.Storage.Bundles;
using Sluice.Storage.Journal;
using Sluice.Storage.Leases;
using Sluice.Storage.ReadModel;
using Sluice.Storage.Secrets;
using Sluice.Storage.Sqlite;

namespace Sluice.Scheduler.Tests;

/// <summary>The real store, which the test may slow down, break, and watch.</summary>
internal sealed class ObservedStore(SimulationDispatcher simulation) : IStore, IJournalStore, IReadModel, ILeaseStore
{
    public SqliteStore Inner { get; } = SqliteStore.InMemory(simulation.Time);

    public ILeaseStore Leases => this;

    public IJournalStore Journal => this;

    public IReadModel ReadModel => this;

    public IBundleStore Bundles => Inner.Bundles;

    public ISecretStore Secrets => Inner.Secrets;

    /// <summary>Epoch of each group that was written, in order.</summary>
    public List<long> Epochs { get; } = [];

    /// <summary>Called after a group was written and before its writer hears of it.</summary>
    public Action<JournalBatch>? Written { get; set; }

    /// <summary>Reading a Dag's version takes so long.</summary>
    public TimeSpan VersionsTake { get; set; }

    /// <summary>Each step of deleting old groups takes so long.</summary>
    public TimeSpan TruncationTakes { get; set; }

    /// <summary>Asked at each such step, which fails with what it answers.</summary>
    public Func<Exception?>? TruncationFails { get; set; }

    /// <summary>Groups up to this one were deleted.</summary>
    public long Truncated { get; private set; }

    /// <summary>Asked at each write and each call for the lease, which fail when it says so.</summary>
    public Func<bool> IsAway { get; set; } = static () => false;

    public async ValueTask<long> AppendAsync(long epoch, JournalBatch batch, CancellationToken cancellationToken)
    {
        ThrowIfAway();
        var sequence = await Inner.Journal.AppendAsync(epoch, batch, cancellationToken);
        Epochs.Add(epoch);
        Written?.Invoke(batch);
        return sequence;
    }

    public IAsyncEnumerable<RecoveredRecord> RecoverAsync(CancellationToken cancellationToken) => Inner.Journal.RecoverAsync(cancellationToken);

    public async ValueTask<bool> TruncateAsync(long epoch, long throughSequence, CancellationToken cancellationToken)
    {
        if (TruncationTakes > TimeSpan.Zero)
        {
            await Task.Delay(TruncationTakes, simulation.Time, cancellationToken);
        }

        if (TruncationFails?.Invoke() is { } error)
        {
            throw error;
        }

        var more = await Inner.Journal.TruncateAsync(epoch, throughSequence, cancellationToken);
        Truncated = throughSequence;
        return more;
    }

    public async ValueTask<string?> FindDagVersionAsync(string version, CancellationToken cancellationToken)
    {
        if (VersionsTake > TimeSpan.Zero)
        {
            await Task.Delay(VersionsTake, simulation.Time, cancellationToken);
        }

        return await Inner.ReadModel.FindDagVersionAsync(version, cancellationToken);
    }

    public ValueTask<Lease?> TryAcquireAsync(string holder, string address, TimeSpan timeToLive, CancellationToken cancellationToken)
    {
        ThrowIfAway();
        return Inner.Leases.TryAcquireAsync(holder, address, timeToLive, cancellationToken);
    }

    public ValueTask<bool> RenewAsync(string holder, long epoch, TimeSpan timeToLive, CancellationToken cancellationToken)
    {
        ThrowIfAway();
        return Inner.Leases.RenewAsync(holder, epoch, timeToLive, cancellationToken);
    }

    public ValueTask ReleaseAsync(string holder, long epoch, CancellationToken cancellationToken)
    {
        ThrowIfAway();
        return Inner.Leases.ReleaseAsync(holder, epoch, cancellationToken);
    }

    public ValueTask<Lease?> ReadAsync(CancellationToken cancellationToken) => Inner.Leases.ReadAsync(cancellationToken);

    public ValueTask<IReadOnlyList<DagRow>> ListDagsAsync(CancellationToken cancellationToken) => Inner.ReadModel.ListDagsAsync(cancellationToken);

    public ValueTask<DagRow?> FindDagAsync(DagId dag, CancellationToken cancellationToken) => Inner.ReadModel.FindDagAsync(dag, cancellationToken);

    public ValueTask<IReadOnlyList<DagVersionUse>> ListDagVersionsAsync(DagId dag, CancellationToken cancellationToken) =>
        Inner.ReadModel.ListDagVersionsAsync(dag, cancellationToken);

    public ValueTask<IReadOnlyList<DagRunRow>> ListRunsAsync(RunQuery query, CancellationToken cancellationToken) => Inner.ReadModel.ListRunsAsync(query, cancellationToken);

    public ValueTask<DagRunRow?> FindRunAsync(DagId dag, RunId run, CancellationToken cancellationToken) => Inner.ReadModel.FindRunAsync(dag, run, cancellationToken);

    public ValueTask<IReadOnlyList<CallbackRow>> ListCallbacksAsync(long run, CancellationToken cancellationToken) => Inner.ReadModel.ListCallbacksAsync(run, cancellationToken);

    public ValueTask<IReadOnlyList<RunCallback>> ListCallbacksAsync(CallbackQuery query, CancellationToken cancellationToken) =>
        Inner.ReadModel.ListCallbacksAsync(query, cancellationToken);

    public ValueTask<string?> FindRunMemoryAsync(long key, CancellationToken cancellationToken) => Inner.ReadModel.FindRunMemoryAsync(key, cancellationToken);

    public ValueTask<DagRunRow?> FindRunAsync(long key, CancellationToken cancellationToken) => Inner.ReadModel.FindRunAsync(key, cancellationToken);

    public ValueTask<IReadOnlyList<TaskInstanceRow>> ListTaskInstancesAsync(long run, CancellationToken cancellationToken) =>
        Inner.ReadModel.ListTaskInstancesAsync(run, cancellationToken);

    /// <summary>How often values of XComs were read.</summary>
    public int XComReads { get; private set; }

    /// <summary>Called after one was read and before its reader has it.</summary>
    public Action? XComRead { get; set; }

    public async ValueTask<XComRow?> FindXComAsync(long run, TaskId task, string key, CancellationToken cancellationToken)
    {
        XComReads++;
        var found = await Inner.ReadModel.FindXComAsync(run, task, key, cancellationToken);
        XComRead?.Invoke();
        return found;
    }

    public ValueTask<IReadOnlyList<XComRow>> ListMappedXComsAsync(long run, TaskId task, string key, CancellationToken cancellationToken) =>
        Inner.ReadModel.ListMappedXComsAsync(run, task, key, cancellationToken);

    public ValueTask<IReadOnlyList<RenderedFieldsRow>> ListRenderedFieldsAsync(long run, TaskId task, CancellationToken cancellationToken) =>
        Inner.ReadModel.ListRenderedFieldsAsync(run, task, cancellationToken);

    public ValueTask<IReadOnlyList<EvidenceRow>> ListEvidenceAsync(long run, TaskId task, CancellationToken cancellationToken) =>
        Inner.ReadModel.ListEvidenceAsync(run, task, cancellationToken);

    public ValueTask<IReadOnlyList<RemoteJobRow>> ListRemoteJobsAsync(long run, CancellationToken cancellationToken) => Inner.ReadModel.ListRemoteJobsAsync(run, cancellationToken);

    public ValueTask<IReadOnlyList<AttemptEvidence>> ListEvidenceAsync(EvidenceQuery query, CancellationToken cancellationToken) =>
        Inner.ReadModel.ListEvidenceAsync(query, cancellationToken);

    public ValueTask<WatermarkRow?> FindWatermarkBeforeAsync(WatermarkPlace place, CancellationToken cancellationToken) => Inner.ReadModel.FindWatermarkBeforeAsync(place, cancellationToken);

    public ValueTask<WatermarkRow?> FindWatermarkAfterAsync(WatermarkPlace place, CancellationToken cancellationToken) => Inner.ReadModel.FindWatermarkAfterAsync(place, cancellationToken);

    public ValueTask<WatermarkRow?> FindWatermarkAsync(WatermarkPlace place, CancellationToken cancellationToken) => Inner.ReadModel.FindWatermarkAsync(place, cancellationToken);

    public ValueTask<IReadOnlyList<RunWatermark>> ListWatermarksAsync(WatermarkQuery query, CancellationToken cancellationToken) => Inner.ReadModel.ListWatermarksAsync(query, cancellationToken);

    public ValueTask<IReadOnlyList<XComRow>> ListXComsAsync(long run, CancellationToken cancellationToken) => Inner.ReadModel.ListXComsAsync(run, cancellationToken);

    public ValueTask<IReadOnlyList<AskedQuestion>> ListQuestionsAsync(QuestionQuery query, CancellationToken cancellationToken) =>
        Inner.ReadModel.ListQuestionsAsync(query, cancellationToken);

    public ValueTask<IReadOnlyList<BackfillRow>> ListBackfillsAsync(DagId? dag, CancellationToken cancellationToken) =>
        Inner.ReadModel.ListBackfillsAsync(dag, cancellationToken);

    public ValueTask<IReadOnlyList<PoolRow>> ListPoolsAsync(CancellationToken cancellationToken) => Inner.ReadModel.ListPoolsAsync(cancellationToken);

    public ValueTask<IReadOnlyList<ImportErrorRow>> ListImportErrorsAsync(CancellationToken cancellationToken) => Inner.ReadModel.ListImportErrorsAsync(cancellationToken);

    public ValueTask<IReadOnlyList<AssetEvent>> ListAssetEventsAsync(AssetEventQuery query, CancellationToken cancellationToken) =>
        Inner.ReadModel.ListAssetEventsAsync(query, cancellationToken);

    public ValueTask<long> FindLatestAssetEventAsync(CancellationToken cancellationToken) => Inner.ReadModel.FindLatestAssetEventAsync(cancellationToken);

    public ValueTask<IReadOnlyList<DagRenamedRow>> ListRenamesAsync(CancellationToken cancellationToken) => Inner.ReadModel.ListRenamesAsync(cancellationToken);

    public ValueTask<IReadOnlyList<FormerTask>> ListTaskRenamesAsync(DagId dag, CancellationToken cancellationToken) => Inner.ReadModel.ListTaskRenamesAsync(dag, cancellationToken);

    public ValueTask<IReadOnlyList<RenderedFieldsKey>> ListOldRenderedFieldsAsync(int kept, int limit, CancellationToken cancellationToken) => Inner.ReadModel.ListOldRenderedFieldsAsync(kept, limit, cancellationToken);

    public ValueTask<string?> FindVersionHeirAsync(string version, CancellationToken cancellationToken) => Inner.ReadModel.FindVersionHeirAsync(version, cancellationToken);

    public ValueTask<TaskHistory> FindTaskHistoryAsync(DagId dag, TaskId task, CancellationToken cancellationToken) => Inner.ReadModel.FindTaskHistoryAsync(dag, task, cancellationToken);

    public ValueTask<IReadOnlyList<AuditRow>> ListAuditAsync(int limit, CancellationToken cancellationToken) => Inner.ReadModel.ListAuditAsync(limit, cancellationToken);

    public ValueTask MigrateAsync(CancellationToken cancellationToken) => Inner.MigrateAsync(cancellationToken);

    public ValueTask DisposeAsync() => Inner.DisposeAsync();

    private void ThrowIfAway()
    {
        if (IsAway())
        {
            throw new StoreException("store.unreachable", "The store is away.", isTransient: true);
        }
    }
}
