using Sluice.Core.Assets;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using Sluice.Storage.ReadModel;

namespace Sluice.Cli.Simulations;

/// <summary>Answers from memory what the scheduler asks about runs: a database would be a good part of a simulation's time.</summary>
/// <param name="inner">Answers all else.</param>
/// <param name="seen">Every run, with the states of its instances.</param>
internal sealed class SimulatedReadModel(IReadModel inner, IReadOnlyDictionary<long, SeenRun> seen) : IReadModel
{
    private readonly Dictionary<long, DagRunRow> _runs = [];
    private readonly Dictionary<long, string> _memories = [];
    private readonly Dictionary<(DagId Dag, RunId Run), long> _byId = [];
    private readonly Dictionary<DagId, SortedSet<(DateTimeOffset Start, long Key)>> _byDate = [];

    public void Write(DagRunRow row)
    {
        var facts = row.Facts;
        if (_runs.TryAdd(facts.Key, row))
        {
            _byId[(facts.Dag, facts.Id)] = facts.Key;
            if (!_byDate.TryGetValue(facts.Dag, out var ofDag))
            {
                _byDate.Add(facts.Dag, ofDag = []);
            }

            ofDag.Add((facts.Interval.Start, facts.Key));
        }
        else
        {
            _runs[facts.Key] = row;
        }

        if (row.Memory is { } memory)
        {
            _memories[facts.Key] = memory;
        }
    }

    public ValueTask<IReadOnlyList<DagRunRow>> ListRunsAsync(RunQuery query, CancellationToken cancellationToken)
    {
        var found = new List<DagRunRow>();
        foreach (var dag in query.Dag is { } one ? [one] : _byDate.Keys.ToList())
        {
            if (_byDate.TryGetValue(dag, out var ofDag))
            {
                var from = (query.From ?? DateTimeOffset.MinValue, long.MinValue);
                var before = (query.Before ?? DateTimeOffset.MaxValue, long.MinValue);
                found.AddRange(ofDag.GetViewBetween(from, before).Reverse().Select(place => _runs[place.Key])
                    .Where(run => (query.State is null || run.State == query.State) && (query.Backfill is null || run.Facts.Backfill == query.Backfill) && (query.Version is null || run.Facts.Version == query.Version))
                    .Take(query.Limit));
            }
        }

        return new(query.Dag is not null ? found
            : [.. found.OrderByDescending(run => run.Facts.Interval.Start).ThenByDescending(run => run.Facts.Key).Take(query.Limit)]);
    }

    public ValueTask<DagRunRow?> FindRunAsync(DagId dag, RunId run, CancellationToken cancellationToken) =>
        new(_byId.TryGetValue((dag, run), out var key) ? _runs[key] : null);

    public ValueTask<DagRunRow?> FindRunAsync(long key, CancellationToken cancellationToken) => new(_runs.GetValueOrDefault(key));

    public ValueTask<string?> FindRunMemoryAsync(long key, CancellationToken cancellationToken) => new(_memories.GetValueOrDefault(key));

    public ValueTask<IReadOnlyList<TaskInstanceRow>> ListTaskInstancesAsync(long run, CancellationToken cancellationToken)
    {
        var rows = new List<TaskInstanceRow>();
        var folded = seen[run].Folded;
        for (var instance = 0; instance < folded.Instances; instance++)
        {
            if (!folded.IsGone(instance) && folded.StateOf(instance) != TaskState.None)
            {
                rows.Add(new()
                {
                    Run = run,
                    Task = folded.NameOf(instance),
                    Token = folded.TokenOf(instance),
                    TryNumber = folded.TriesOf(instance),
                    State = folded.StateOf(instance),
                });
            }
        }

        return new(rows);
    }

    public ValueTask<IReadOnlyList<DagRow>> ListDagsAsync(CancellationToken cancellationToken) => inner.ListDagsAsync(cancellationToken);

    public ValueTask<DagRow?> FindDagAsync(DagId dag, CancellationToken cancellationToken) => inner.FindDagAsync(dag, cancellationToken);

    public ValueTask<string?> FindDagVersionAsync(string version, CancellationToken cancellationToken) => inner.FindDagVersionAsync(version, cancellationToken);

    public ValueTask<IReadOnlyList<DagVersionUse>> ListDagVersionsAsync(DagId dag, CancellationToken cancellationToken) => inner.ListDagVersionsAsync(dag, cancellationToken);

    public ValueTask<XComRow?> FindXComAsync(long run, TaskId task, string key, CancellationToken cancellationToken) => inner.FindXComAsync(run, task, key, cancellationToken);

    public ValueTask<IReadOnlyList<RenderedFieldsRow>> ListRenderedFieldsAsync(long run, TaskId task, CancellationToken cancellationToken) =>
        inner.ListRenderedFieldsAsync(run, task, cancellationToken);

    public ValueTask<IReadOnlyList<EvidenceRow>> ListEvidenceAsync(long run, TaskId task, CancellationToken cancellationToken) =>
        inner.ListEvidenceAsync(run, task, cancellationToken);

    public ValueTask<IReadOnlyList<AttemptEvidence>> ListEvidenceAsync(EvidenceQuery query, CancellationToken cancellationToken) =>
        inner.ListEvidenceAsync(query, cancellationToken);

    public ValueTask<IReadOnlyList<RemoteJobRow>> ListRemoteJobsAsync(long run, CancellationToken cancellationToken) => inner.ListRemoteJobsAsync(run, cancellationToken);

    public ValueTask<WatermarkRow?> FindWatermarkBeforeAsync(WatermarkPlace place, CancellationToken cancellationToken) => inner.FindWatermarkBeforeAsync(place, cancellationToken);

    public ValueTask<WatermarkRow?> FindWatermarkAfterAsync(WatermarkPlace place, CancellationToken cancellationToken) => inner.FindWatermarkAfterAsync(place, cancellationToken);

    public ValueTask<WatermarkRow?> FindWatermarkAsync(WatermarkPlace place, CancellationToken cancellationToken) => inner.FindWatermarkAsync(place, cancellationToken);

    public ValueTask<IReadOnlyList<RunWatermark>> ListWatermarksAsync(WatermarkQuery query, CancellationToken cancellationToken) => inner.ListWatermarksAsync(query, cancellationToken);

    public ValueTask<IReadOnlyList<XComRow>> ListXComsAsync(long run, CancellationToken cancellationToken) => inner.ListXComsAsync(run, cancellationToken);

    public ValueTask<IReadOnlyList<XComRow>> ListMappedXComsAsync(long run, TaskId task, string key, CancellationToken cancellationToken) =>
        inner.ListMappedXComsAsync(run, task, key, cancellationToken);

    public ValueTask<IReadOnlyList<AskedQuestion>> ListQuestionsAsync(QuestionQuery query, CancellationToken cancellationToken) => inner.ListQuestionsAsync(query, cancellationToken);

    public ValueTask<IReadOnlyList<CallbackRow>> ListCallbacksAsync(long run, CancellationToken cancellationToken) => inner.ListCallbacksAsync(run, cancellationToken);

    public ValueTask<IReadOnlyList<RunCallback>> ListCallbacksAsync(CallbackQuery query, CancellationToken cancellationToken) => inner.ListCallbacksAsync(query, cancellationToken);

    public ValueTask<IReadOnlyList<BackfillRow>> ListBackfillsAsync(DagId? dag, CancellationToken cancellationToken) => inner.ListBackfillsAsync(dag, cancellationToken);

    public ValueTask<IReadOnlyList<PoolRow>> ListPoolsAsync(CancellationToken cancellationToken) => inner.ListPoolsAsync(cancellationToken);

    public ValueTask<IReadOnlyList<ImportErrorRow>> ListImportErrorsAsync(CancellationToken cancellationToken) => inner.ListImportErrorsAsync(cancellationToken);

    public ValueTask<IReadOnlyList<AssetEvent>> ListAssetEventsAsync(AssetEventQuery query, CancellationToken cancellationToken) => inner.ListAssetEventsAsync(query, cancellationToken);

    public ValueTask<long> FindLatestAssetEventAsync(CancellationToken cancellationToken) => inner.FindLatestAssetEventAsync(cancellationToken);

    public ValueTask<IReadOnlyList<DagRenamedRow>> ListRenamesAsync(CancellationToken cancellationToken) => inner.ListRenamesAsync(cancellationToken);

    public ValueTask<IReadOnlyList<FormerTask>> ListTaskRenamesAsync(DagId dag, CancellationToken cancellationToken) => inner.ListTaskRenamesAsync(dag, cancellationToken);

    public ValueTask<IReadOnlyList<RenderedFieldsKey>> ListOldRenderedFieldsAsync(int kept, int limit, CancellationToken cancellationToken) => inner.ListOldRenderedFieldsAsync(kept, limit, cancellationToken);

    public ValueTask<string?> FindVersionHeirAsync(string version, CancellationToken cancellationToken) => inner.FindVersionHeirAsync(version, cancellationToken);

    public ValueTask<TaskHistory> FindTaskHistoryAsync(DagId dag, TaskId task, CancellationToken cancellationToken) => inner.FindTaskHistoryAsync(dag, task, cancellationToken);

    public ValueTask<IReadOnlyList<AuditRow>> ListAuditAsync(int limit, CancellationToken cancellationToken) => inner.ListAuditAsync(limit, cancellationToken);
}
