using Sluice.Core.HumanInput;

namespace Sluice.Storage.ReadModel;

/// <content>Questions to people.</content>
internal sealed partial class SqlReadModel
{
    public async ValueTask<IReadOnlyList<AskedQuestion>> ListQuestionsAsync(QuestionQuery query, CancellationToken cancellationToken)
    {
        var conditions = new List<string>();
        var values = new List<object?>();
        if (query.Waiting)
        {
            conditions.Add("q.state = 'waiting'"); // a literal, for the index over these
        }

        if (query.Dag is { } dag)
        {
            values.Add(dag.Value);
            conditions.Add($"r.dag_id = ${values.Count}");
        }

        if (query.Run is { } run)
        {
            values.Add(run);
            conditions.Add($"q.run_key = ${values.Count}");
        }

        values.Add((long)query.Limit);
        var where = conditions.Count == 0 ? "" : $"WHERE {string.Join(" AND ", conditions)}";
        var sql =
            $"""
            SELECT r.dag_id, r.run_id, r.interval_start, q.run_key, q.task_id, q.token, q.state, q.asked_at, q.due_at, q.question, q.ended_at, q.answer
            FROM human_question q JOIN dag_run r ON r.run_key = q.run_key {where}
            ORDER BY q.asked_at, q.run_key, q.task_id, q.token LIMIT ${values.Count}
            """;
        return await database.QueryAsync(sql, [.. values], row => new AskedQuestion(new(row.Text(0)), new(row.Text(1)), row.Time(2), new()
        {
            Run = row.Long(3),
            Task = new(row.Text(4)),
            Token = row.Int(5),
            State = Enum.Parse<QuestionState>(row.Text(6).Replace("_", "", StringComparison.Ordinal), ignoreCase: true),
            AskedAt = row.Time(7),
            DueAt = row.TimeOrNull(8),
            Question = HumanInputJson.DeserializeQuestion(row.Text(9)),
            EndedAt = row.TimeOrNull(10),
            Answer = row.TextOrNull(11) is { } answer ? HumanInputJson.DeserializeAnswer(answer) : null,
        }), cancellationToken).ConfigureAwait(false);
    }
}
