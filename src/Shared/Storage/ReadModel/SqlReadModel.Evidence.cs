using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Storage.ReadModel;

/// <content>What attempts have seen of their rows.</content>
internal sealed partial class SqlReadModel
{
    public async ValueTask<IReadOnlyList<EvidenceRow>> ListEvidenceAsync(long run, TaskId task, CancellationToken cancellationToken)
    {
        const string Sql = "SELECT token, seen FROM evidence WHERE run_key = $1 AND task_id = $2 ORDER BY token";
        return await database.QueryAsync(Sql, [run, task.Value], row => new EvidenceRow(run, task, row.Int(0), row.Text(1)), cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<IReadOnlyList<AttemptEvidence>> ListEvidenceAsync(EvidenceQuery query, CancellationToken cancellationToken)
    {
        var conditions = new List<string> { "r.dag_id = $1" };
        var values = new List<object?> { query.Dag.Value };
        foreach (var (column, value) in ((string, object?)[])[("r.run_key", query.Run), ("e.task_id", query.Task?.Value)])
        {
            if (value is not null)
            {
                values.Add(value);
                conditions.Add($"{column} = ${values.Count}");
            }
        }

        values.Add((long)query.Limit);
        var sql =
            $"""
            SELECT e.run_key, e.task_id, e.token, e.seen, r.run_id, r.interval_start, t.try_number, t.state
            FROM dag_run r JOIN evidence e ON e.run_key = r.run_key
                JOIN task_instance t ON t.run_key = e.run_key AND t.task_id = e.task_id AND t.token = e.token
            WHERE {string.Join(" AND ", conditions)}
                AND NOT EXISTS (SELECT 1 FROM evidence later WHERE later.run_key = e.run_key AND later.task_id = e.task_id AND later.token > e.token)
            ORDER BY r.interval_start DESC, r.run_key DESC, e.task_id LIMIT ${values.Count}
            """;
        return await database.QueryAsync(
            sql,
            [.. values],
            row => new AttemptEvidence(new(row.Long(0), new(row.Text(1)), row.Int(2), row.Text(3)), new(row.Text(4)), row.Time(5), row.Int(6), (TaskState)row.Small(7)),
            cancellationToken).ConfigureAwait(false);
    }
}
