using Sluice.Core.Dags;
using Sluice.Storage.Sql;

namespace Sluice.Storage.ReadModel;

/// <content>Callbacks: those of a run, and those of any.</content>
internal sealed partial class SqlReadModel
{
    private const string CallbackColumns =
        """
        c.callback_key, c.task_id, c.try_number, c.event, c.notifier, c.deadline, c.why, c.state, c.worker, c.handed_out, c.raised_at, c.ended_at, c.error, c.run_key
        """;

    public async ValueTask<IReadOnlyList<CallbackRow>> ListCallbacksAsync(long run, CancellationToken cancellationToken) =>
        await database.QueryAsync(
            $"SELECT {CallbackColumns} FROM callback c WHERE c.run_key = $1 ORDER BY c.callback_key", [run], ReadCallback, cancellationToken).ConfigureAwait(false);

    public async ValueTask<IReadOnlyList<RunCallback>> ListCallbacksAsync(CallbackQuery query, CancellationToken cancellationToken)
    {
        var conditions = new List<string>();
        var values = new List<object?>();
        foreach (var (column, value) in ((string, object?)[])[("c.callback_key", query.Key), ("r.dag_id", query.Dag?.Value), ("c.run_key", query.Run)])
        {
            if (value is not null)
            {
                values.Add(value);
                conditions.Add($"{column} = ${values.Count}");
            }
        }

        if (query.State == "failed")
        {
            conditions.Add("c.state = 'failed'"); // a literal, for the index over these
        }
        else if (query.State is { } state)
        {
            values.Add(state);
            conditions.Add($"c.state = ${values.Count}");
        }

        values.Add((long)query.Limit);
        var where = conditions.Count == 0 ? "" : $"WHERE {string.Join(" AND ", conditions)}";
        var sql = $"SELECT {CallbackColumns}, r.dag_id, r.run_id FROM callback c JOIN dag_run r ON r.run_key = c.run_key {where} ORDER BY c.callback_key DESC LIMIT ${values.Count}";
        return await database.QueryAsync(sql, [.. values], row => new RunCallback(new(row.Text(14)), new(row.Text(15)), ReadCallback(row)), cancellationToken).ConfigureAwait(false);
    }

    private static CallbackRow ReadCallback(SqlRow row) => new()
    {
        Key = row.Long(0),
        Task = row.TextOrNull(1) is { } task ? new TaskId(task) : null,
        TryNumber = row.Int(2),
        Event = row.Text(3),
        Notifier = row.Text(4),
        Deadline = row.TextOrNull(5),
        Why = row.TextOrNull(6),
        State = row.Text(7),
        Worker = row.TextOrNull(8),
        HandedOut = row.Int(9),
        RaisedAt = row.Time(10),
        EndedAt = row.TimeOrNull(11),
        Error = row.TextOrNull(12),
        Run = row.Long(13),
    };
}
