using Sluice.Core.DagRuns;
using Sluice.Storage.Sql;

namespace Sluice.Storage.ReadModel;

/// <content>Watermarks: the one before or after a place, and lists of them.</content>
internal sealed partial class SqlReadModel
{
    private const string WatermarkColumns = "w.dag_id, w.task_id, w.interval_end, w.run_key, w.token, w.from_value, w.to_value, w.is_mark, w.at, w.set_by";

    public ValueTask<WatermarkRow?> FindWatermarkBeforeAsync(WatermarkPlace place, CancellationToken cancellationToken) =>
        FindWatermarkAsync("(interval_end, run_key) < ($3, $4) AND is_mark AND to_value IS NOT NULL ORDER BY interval_end DESC, run_key DESC, token DESC", place, cancellationToken);

    public ValueTask<WatermarkRow?> FindWatermarkAfterAsync(WatermarkPlace place, CancellationToken cancellationToken) => FindWatermarkAsync(
        """
        (interval_end, run_key) = (
            SELECT interval_end, run_key FROM watermark WHERE dag_id = $1 AND task_id = $2 AND (interval_end, run_key) > ($3, $4) ORDER BY interval_end, run_key LIMIT 1)
        ORDER BY token DESC
        """, place, cancellationToken);

    public ValueTask<WatermarkRow?> FindWatermarkAsync(WatermarkPlace place, CancellationToken cancellationToken) =>
        FindWatermarkAsync("(interval_end, run_key) = ($3, $4) ORDER BY token DESC", place, cancellationToken);

    private async ValueTask<WatermarkRow?> FindWatermarkAsync(string where, WatermarkPlace place, CancellationToken cancellationToken)
    {
        var sql = $"SELECT {WatermarkColumns} FROM watermark w WHERE dag_id = $1 AND task_id = $2 AND {where} LIMIT 1";
        return First(await database.QueryAsync(sql, [place.Dag.Value, place.Task.Value, place.IntervalEnd, place.Run], ReadWatermark, cancellationToken).ConfigureAwait(false));
    }

    public async ValueTask<IReadOnlyList<RunWatermark>> ListWatermarksAsync(WatermarkQuery query, CancellationToken cancellationToken)
    {
        var conditions = new List<string>();
        var values = new List<object?>();
        foreach (var (column, value) in ((string, object?)[])[("w.dag_id", query.Dag?.Value), ("w.task_id", query.Task?.Value), ("w.run_key", query.Run)])
        {
            if (value is not null)
            {
                values.Add(value);
                conditions.Add($"{column} = ${values.Count}");
            }
        }

        if (query.Latest)
        {
            conditions.Add(
                """
                w.is_mark AND w.to_value IS NOT NULL AND NOT EXISTS (
                    SELECT 1 FROM watermark n WHERE n.dag_id = w.dag_id AND n.task_id = w.task_id AND n.is_mark AND n.to_value IS NOT NULL
                      AND (n.interval_end, n.run_key, n.token) > (w.interval_end, w.run_key, w.token))
                """);
        }

        values.Add((long)query.Limit);
        var where = conditions.Count == 0 ? "" : $"WHERE {string.Join(" AND ", conditions)}";
        var order = query.Latest ? "w.dag_id, w.task_id" : "w.interval_end DESC, w.run_key DESC, w.token DESC, w.dag_id, w.task_id";
        var sql = $"SELECT {WatermarkColumns}, r.run_id, r.interval_start FROM watermark w LEFT JOIN dag_run r ON r.run_key = w.run_key {where} ORDER BY {order} LIMIT ${values.Count}";
        return await database.QueryAsync(
            sql, [.. values], row => new RunWatermark(ReadWatermark(row), row.TextOrNull(10) is { } run ? new RunId(run) : null, row.TimeOrNull(11)), cancellationToken).ConfigureAwait(false);
    }

    private static WatermarkRow ReadWatermark(SqlRow row) => new(
        new(row.Text(0)), new(row.Text(1)), row.Time(2), row.Long(3), row.Int(4), row.TextOrNull(5), row.TextOrNull(6), row.Bool(7), row.Time(8), row.TextOrNull(9));
}
