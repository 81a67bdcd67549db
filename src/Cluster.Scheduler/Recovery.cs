using Sluice.Core.Backfills;
using Sluice.Core.Callbacks;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Scheduler.Dags;
using Sluice.Storage;
using Sluice.Storage.Journal;

namespace Sluice.Scheduler;

/// <summary>What the journal holds of everything that is not over.</summary>
internal sealed class Recovery
{
    private readonly Dictionary<DagId, DagState> _dags = [];
    private readonly Dictionary<string, DagRunState> _runs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, BackfillState> _backfills = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, CallbackState> _callbacks = new(StringComparer.Ordinal);
    private ILookup<DagId, DagRunState>? _runsByDag;

    private Recovery()
    {
    }

    public IReadOnlyDictionary<DagId, DagState> Dags => _dags;

    public IReadOnlyDictionary<string, BackfillState> Backfills => _backfills;

    /// <summary>Callbacks that have not been run to their end, by stream.</summary>
    public IReadOnlyDictionary<string, CallbackState> Callbacks => _callbacks;

    /// <summary>The oldest group that each stream needs.</summary>
    public Dictionary<string, long> Oldest { get; } = new(StringComparer.Ordinal);

    /// <summary>Number of active runs.</summary>
    public int Runs => _runs.Count;

    /// <summary>Number of records read.</summary>
    public int Records { get; private set; }

    public List<DagRunState> RunsOf(DagId dag) =>
        [.. (_runsByDag ??= _runs.Values.ToLookup(run => run.Facts.Dag))[dag].OrderBy(run => run.Facts.Key)];

    /// <summary>The ranges of a Dag whose backfills still begin runs.</summary>
    public BackfillClaims ClaimsOf(DagId dag) => _backfills.Values
        .Where(backfill => backfill.Dag == dag && backfill.Phase is (BackfillPhase.Running or BackfillPhase.Paused))
        .Aggregate(new BackfillClaims(dag), (claims, backfill) => claims.Claim(backfill.Id, backfill.Range).Claims);

    public static async ValueTask<Recovery> ReadAsync(IStore store, DagVersions versions, CancellationToken cancellationToken)
    {
        var recovery = new Recovery();
        await foreach (var record in store.Journal.RecoverAsync(cancellationToken))
        {
            recovery.Records++;
            recovery.Oldest.TryAdd(record.Stream, record.Sequence);
            switch (record.Stream.AsSpan(0, 2))
            {
                case "r:":
                    await recovery.FoldRunAsync(record, versions, cancellationToken);
                    break;
                case "d:":
                    recovery.FoldDag(record);
                    break;
                case "c:":
                    recovery._callbacks[record.Stream] = record.IsSnapshot
                        ? CallbackJson.DeserializeState(record.Payload.Span)
                        : CallbackState.Evolve(recovery._callbacks.GetValueOrDefault(record.Stream), CallbackJson.DeserializeEvent(record.Payload.Span));
                    break;
                case "b:":
                    var id = record.Stream[2..];
                    recovery._backfills[id] = record.IsSnapshot
                        ? BackfillJson.DeserializeState(record.Payload.Span)
                        : BackfillDecider.Evolve(recovery._backfills.GetValueOrDefault(id, BackfillState.Empty), BackfillJson.DeserializeEvent(record.Payload.Span));
                    break;
            }
        }

        return recovery;
    }

    private async ValueTask FoldRunAsync(RecoveredRecord record, DagVersions versions, CancellationToken cancellationToken)
    {
        if (record.IsSnapshot)
        {
            var snapshot = DagRunJson.DeserializeSnapshot(record.Payload.Span);
            _runs[record.Stream] = new(await versions.GetAsync(snapshot.Facts.Version, cancellationToken), snapshot);
            return;
        }

        var happened = DagRunJson.DeserializeEvent(record.Payload.Span);
        if (happened is RunCreated created)
        {
            _runs[record.Stream] = new(await versions.GetAsync(created.Facts.Version, cancellationToken), created);
        }
        else
        {
            _runs[record.Stream].Evolve(happened is RunUpgraded upgraded
                ? upgraded with { Graph = await versions.GetAsync(upgraded.Run.Facts.Version, cancellationToken) }
                : happened);
        }
    }

    private void FoldDag(RecoveredRecord record)
    {
        var id = new DagId(record.Stream[2..]);
        _dags[id] = record.IsSnapshot
            ? DagJson.DeserializeState(record.Payload.Span)
            : _dags.GetValueOrDefault(id, new()).Evolve(DagJson.DeserializeEvent(record.Payload.Span));
    }
}
