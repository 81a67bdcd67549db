using Sluice.Core.Dags;

namespace Sluice.Storage.ReadModel;

/// <summary>The changes of one group by table, at most one a row: one statement cannot touch a row twice.</summary>
internal sealed class CoalescedChanges
{
    private readonly Dictionary<object, int> _positions = [];

    public CoalescedChanges(List<ReadModelChange> changes)
    {
        foreach (var change in changes)
        {
            switch (change)
            {
                case TaskInstanceRow row:
                    Put(TaskInstances, row, (row.Run, row.Task, row.Token), changes.Count);
                    break;
                case DagRunRow row:
                    Put(DagRuns, row, row.Facts.Key, changes.Count);
                    break;
                case XComRow row:
                    Put(XComs, row, (row.Run, row.Task, row.Key), changes.Count);
                    break;
                case RenderedFieldsRow row:
                    Put(RenderedFields, row, ("rendered", row.Run, row.Task, row.Token), changes.Count);
                    break;
                case EvidenceRow row:
                    Put(Evidence, row, ("evidence", row.Run, row.Task, row.Token), changes.Count);
                    break;
                case RemoteJobRow row:
                    Put(RemoteJobs, row, ("job", row.Run, row.Task, row.Token), changes.Count);
                    break;
                case RenderedFieldsDropped dropped:
                    DroppedRenderedFields.AddRange(dropped.Keys);
                    break;
                case WatermarkRow row:
                    Put(Watermarks, row, ("watermark", row.Dag, row.Task, row.IntervalEnd, row.Run, row.Token), changes.Count);
                    break;
                case WatermarksForgotten forgotten:
                    ForgottenWatermarks.Add(forgotten);
                    break;
                case XComsCleared cleared:
                    Forget(cleared);
                    break;
                case DagRow row:
                    Put(Dags, row, row.Id, changes.Count);
                    break;
                case DagVersionRow row:
                    Put(DagVersions, row, row.Version, changes.Count);
                    if (row.Replaces is { } replaced)
                    {
                        ReplacedVersions.Add(replaced);
                    }

                    break;
                case BackfillRow row:
                    Put(Backfills, row, ("backfill", row.Id), changes.Count);
                    break;
                case HumanQuestionRow row:
                    Put(HumanQuestions, row, ("question", row.Run, row.Task, row.Token), changes.Count);
                    break;
                case ImportErrorRow row:
                    Put(ImportErrors, row, ("file", row.File), changes.Count);
                    break;
                case PoolRow row:
                    Put(Pools, row, ("pool", row.Name), changes.Count);
                    break;
                case CallbackRow row:
                    Put(Callbacks, row, ("callback", row.Key), changes.Count);
                    break;
                case AssetEventRow row:
                    AssetEvents.Add(row);
                    break;
                case AssetEventsTrimmed trimmed:
                    Put(TrimmedAssets, trimmed, ("trim", trimmed.Asset), changes.Count);
                    break;
                case AuditRow row:
                    Audit.Add(row);
                    break;
                case DagRenamedRow row:
                    AfterAll.AddRange(row.Statements());
                    break;
                case TasksRenamedRow row:
                    AfterAll.AddRange(row.Statements());
                    break;
                default:
                    throw new System.Diagnostics.UnreachableException($"No table for {change.GetType().Name}.");
            }
        }
    }

    public List<TaskInstanceRow> TaskInstances { get; } = [];

    public List<DagRunRow> DagRuns { get; } = [];

    public List<XComRow> XComs { get; } = [];

    /// <summary>Runs whose XComs are deleted before <see cref="XComs"/> are written.</summary>
    public List<long> ClearedXComs { get; } = [];

    /// <summary>Task instances of which the same holds.</summary>
    public List<(long Run, string Task)> ClearedXComsOfTasks { get; } = [];

    public List<RenderedFieldsRow> RenderedFields { get; } = [];

    /// <summary>Deleted before <see cref="RenderedFields"/> are written.</summary>
    public List<RenderedFieldsKey> DroppedRenderedFields { get; } = [];

    public List<EvidenceRow> Evidence { get; } = [];

    public List<RemoteJobRow> RemoteJobs { get; } = [];

    public List<WatermarkRow> Watermarks { get; } = [];

    /// <summary>Tasks whose windows are deleted before <see cref="Watermarks"/> are written.</summary>
    public List<WatermarksForgotten> ForgottenWatermarks { get; } = [];

    public List<DagRow> Dags { get; } = [];

    public List<DagVersionRow> DagVersions { get; } = [];

    /// <summary>Versions that are deleted after all else is written, unless a run or a Dag has them.</summary>
    public List<string> ReplacedVersions { get; } = [];

    public List<BackfillRow> Backfills { get; } = [];

    public List<HumanQuestionRow> HumanQuestions { get; } = [];

    /// <summary>A null message asks for a delete.</summary>
    public List<ImportErrorRow> ImportErrors { get; } = [];

    /// <summary>Null slots ask for a delete.</summary>
    public List<PoolRow> Pools { get; } = [];

    public List<CallbackRow> Callbacks { get; } = [];

    public List<AssetEventRow> AssetEvents { get; } = [];

    /// <summary>Assets whose oldest events are deleted after <see cref="AssetEvents"/> are written.</summary>
    public List<AssetEventsTrimmed> TrimmedAssets { get; } = [];

    public List<AuditRow> Audit { get; } = [];

    /// <summary>Renames, in order: done after all else.</summary>
    public List<(string Sql, object?[] Values)> AfterAll { get; } = [];

    private void Forget(XComsCleared cleared)
    {
        if (cleared.Task is { } task)
        {
            ClearedXComsOfTasks.Add((cleared.Run, task.Value));
        }
        else
        {
            ClearedXComs.Add(cleared.Run);
        }

        // What came before it in this group goes, too.
        if (XComs.RemoveAll(row => row.Run == cleared.Run && (cleared.Task is null || row.Task == cleared.Task)) > 0)
        {
            foreach (var key in _positions.Keys.Where(key => key is ValueTuple<long, TaskId, string>).ToList())
            {
                _positions.Remove(key);
            }

            for (var i = 0; i < XComs.Count; i++)
            {
                _positions[(XComs[i].Run, XComs[i].Task, XComs[i].Key)] = i;
            }
        }
    }

    private void Put<T>(List<T> rows, T row, object key, int changes)
    {
        if (changes == 1)
        {
            rows.Add(row);
        }
        else if (_positions.TryAdd(key, rows.Count))
        {
            rows.Add(row);
        }
        else
        {
            rows[_positions[key]] = row;
        }
    }
}
