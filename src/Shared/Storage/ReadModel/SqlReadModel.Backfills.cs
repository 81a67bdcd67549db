using Sluice.Core.Backfills;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Storage.Sql;

namespace Sluice.Storage.ReadModel;

/// <content>Backfills.</content>
internal sealed partial class SqlReadModel
{
    private const string BackfillColumns =
        """
        SELECT id, dag_id, range_start, range_end, max_active_runs, state, total, succeeded, failed, created_at, ended_at,
               run_order, reprocess, conf, connections, intervals, active, made_by, made_note, changed_by, changed_at, changed_note, pace_from, pace_ended, on_version
        FROM backfill
        """;

    public async ValueTask<IReadOnlyList<BackfillRow>> ListBackfillsAsync(DagId? dag, CancellationToken cancellationToken)
    {
        var where = dag is null ? "" : "WHERE dag_id = $1";
        object?[] values = dag is { } id ? [id.Value] : [];
        return await database.QueryAsync($"{BackfillColumns} {where} ORDER BY created_at DESC, id", values, ReadBackfill, cancellationToken)
            .ConfigureAwait(false);
    }

    private static BackfillRow ReadBackfill(SqlRow row) => new()
    {
        Id = row.Text(0),
        Dag = new(row.Text(1)),
        Range = new DataInterval(row.Time(2), row.Time(3)),
        Options = new()
        {
            MaxActiveRuns = row.Int(4),
            Order = Enum.Parse<BackfillOrder>(row.Text(11), ignoreCase: true),
            Reprocess = Enum.Parse<Reprocess>(row.Text(12), ignoreCase: true),
            Conf = row.Text(13),
            Connections = row.TextOrNull(14),
            Version = row.TextOrNull(24),
        },
        State = row.Text(5),
        Intervals = row.Int(15),
        Total = row.Int(6),
        Active = row.Int(16),
        Succeeded = row.Int(7),
        Failed = row.Int(8),
        Made = new(row.Text(17), row.Time(9), row.TextOrNull(18)),
        Changed = row.TextOrNull(19) is { } by ? new(by, row.Time(20), row.TextOrNull(21)) : null,
        Pace = row.TimeOrNull(22) is { } from ? new(from, row.Int(23)) : null,
        EndedAt = row.TimeOrNull(10),
    };
}
