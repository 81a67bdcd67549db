using System.Text.Json;
using Sluice.Core.Assets;
using Sluice.Core.Backfills;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.HumanInput;
using Sluice.Core.Schedules;
using Sluice.Core.TaskInstances;
using Sluice.Storage.Sql;

namespace Sluice.Storage.ReadModel;

/// <summary>The queries of the read model, the same on every engine. Text sorts by code point.</summary>
internal sealed class SqlReadModel(ISqlDatabase database) : IReadModel
{
    private const string DagColumns = "SELECT dag_id, file, version, bundle, paused, active, schedule, next_run_after, description, tags, owner, problem, assets FROM dag";

    private const string RunColumns =
        """
        SELECT run_key, dag_id, run_id, type, state, interval_start, interval_end, version, bundle, conf, backfill,
               previous_start, previous_end, previous_started_at, created_at, started_at, ended_at, reason, previous_ended_at, connections, triggered_by, asset_events, deadlines
        FROM dag_run
        """;

    private const string BackfillColumns =
        """
        SELECT id, dag_id, range_start, range_end, max_active_runs, state, total, succeeded, failed, created_at, ended_at,
               run_order, reprocess, conf, connections, intervals, active, made_by, made_note, changed_by, changed_at, changed_note, pace_from, pace_ended, on_version
        FROM backfill
        """;

    private const string WatermarkColumns = "w.dag_id, w.task_id, w.interval_end, w.run_key, w.token, w.from_value, w.to_value, w.is_mark, w.at, w.set_by";

    private const string CallbackColumns =
        """
        c.callback_key, c.task_id, c.try_number, c.event, c.notifier, c.deadline, c.why, c.state, c.worker, c.handed_out, c.raised_at, c.ended_at, c.error, c.run_key
        """;

    public async ValueTask<IReadOnlyList<DagRow>> ListDagsAsync(CancellationToken cancellationToken) =>
        await database.QueryAsync($"{DagColumns} ORDER BY dag_id", [], ReadDag, cancellationToken).ConfigureAwait(false);

    public async ValueTask<DagRow?> FindDagAsync(DagId dag, CancellationToken cancellationToken) =>
        First(await database.QueryAsync($"{DagColumns} WHERE dag_id = $1", [dag.Value], ReadDag, cancellationToken).ConfigureAwait(false));

    public async ValueTask<string?> FindDagVersionAsync(string version, CancellationToken cancellationToken) =>
        First(await database.QueryAsync("SELECT spec FROM dag_version WHERE version = $1", [version], row => row.Text(0), cancellationToken)
            .ConfigureAwait(false));

    public async ValueTask<IReadOnlyList<DagVersionUse>> ListDagVersionsAsync(DagId dag, CancellationToken cancellationToken)
    {
        const string Sql =
            """
            SELECT v.version, v.created_at, COALESCE(r.runs, 0)
            FROM dag_version v
            LEFT JOIN (SELECT version, count(*) AS runs FROM dag_run WHERE dag_id = $1 GROUP BY version) r ON r.version = v.version
            WHERE v.dag_id = $1 AND (v.renamed_to IS NULL OR r.runs > 0 OR EXISTS (SELECT 1 FROM dag WHERE dag_id = $1 AND version = v.version))
            ORDER BY v.created_at, v.version
            """;
        return await database.QueryAsync(Sql, [dag.Value], row => new DagVersionUse(row.Text(0), row.Time(1), row.Long(2)), cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<IReadOnlyList<DagRunRow>> ListRunsAsync(RunQuery query, CancellationToken cancellationToken)
    {
        var conditions = new List<string>();
        var values = new List<object?>();

        void Where(string condition, object? value)
        {
            if (value is not null)
            {
                values.Add(value);
                conditions.Add($"{condition} ${values.Count}");
            }
        }

        Where("dag_id =", query.Dag?.Value);
        Where("backfill =", query.Backfill);
        Where("version =", query.Version);
        Where("interval_start >=", query.From);
        Where("interval_start <", query.Before);
        if (query.State is { } state)
        {
            // As a literal: the index over unfinished runs serves only statements that show that they ask for these.
            conditions.Add($"state = {(int)state}");
        }

        values.Add((long)query.Limit);
        var where = conditions.Count == 0 ? "" : $"WHERE {string.Join(" AND ", conditions)}";
        var sql = $"{RunColumns} {where} ORDER BY interval_start DESC, run_key DESC LIMIT ${values.Count}";
        return await database.QueryAsync(sql, [.. values], ReadRun, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<DagRunRow?> FindRunAsync(DagId dag, RunId run, CancellationToken cancellationToken)
    {
        var sql = $"{RunColumns} WHERE dag_id = $1 AND run_id = $2 ORDER BY run_key DESC LIMIT 1";
        return First(await database.QueryAsync(sql, [dag.Value, run.Value], ReadRun, cancellationToken).ConfigureAwait(false));
    }

    public async ValueTask<string?> FindRunMemoryAsync(long key, CancellationToken cancellationToken) =>
        First(await database.QueryAsync("SELECT memory FROM dag_run WHERE run_key = $1 AND memory IS NOT NULL", [key], row => row.Text(0), cancellationToken)
            .ConfigureAwait(false));

    public async ValueTask<DagRunRow?> FindRunAsync(long key, CancellationToken cancellationToken) =>
        First(await database.QueryAsync($"{RunColumns} WHERE run_key = $1", [key], ReadRun, cancellationToken).ConfigureAwait(false));

    public async ValueTask<IReadOnlyList<TaskInstanceRow>> ListTaskInstancesAsync(long run, CancellationToken cancellationToken)
    {
        const string Sql =
            """
            SELECT task_id, token, try_number, state, worker, queued_at, started_at, ended_at, due_at, error
            FROM task_instance WHERE run_key = $1 ORDER BY task_id, token
            """;
        return await database.QueryAsync(Sql, [run], row => new TaskInstanceRow
        {
            Run = run,
            Task = new(row.Text(0)),
            Token = row.Int(1),
            TryNumber = row.Int(2),
            State = (TaskState)row.Small(3),
            Worker = row.TextOrNull(4),
            QueuedAt = row.TimeOrNull(5),
            StartedAt = row.TimeOrNull(6),
            EndedAt = row.TimeOrNull(7),
            DueAt = row.TimeOrNull(8),
            Error = row.TextOrNull(9),
        }, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<XComRow?> FindXComAsync(long run, TaskId task, string key, CancellationToken cancellationToken)
    {
        const string Sql = "SELECT value, object FROM xcom WHERE run_key = $1 AND task_id = $2 AND key = $3";
        return First(await database.QueryAsync(Sql, [run, task.Value, key], row => new XComRow(run, task, key, row.Text(0), row.TextOrNull(1)), cancellationToken).ConfigureAwait(false));
    }

    public async ValueTask<IReadOnlyList<XComRow>> ListXComsAsync(long run, CancellationToken cancellationToken)
    {
        const string Sql = "SELECT task_id, key, value, object FROM xcom WHERE run_key = $1 ORDER BY task_id, key";
        return await database.QueryAsync(Sql, [run], row => new XComRow(run, new(row.Text(0)), row.Text(1), row.Text(2), row.TextOrNull(3)), cancellationToken)
            .ConfigureAwait(false);
    }

    public async ValueTask<IReadOnlyList<XComRow>> ListMappedXComsAsync(long run, TaskId task, string key, CancellationToken cancellationToken)
    {
        // Instances are named task[0], task[1], ...: what sorts between "task[" and the next character.
        const string Sql = "SELECT task_id, value, object FROM xcom WHERE run_key = $1 AND task_id > $2 AND task_id < $3 AND key = $4";
        var rows = await database.QueryAsync(
            Sql, [run, task.Value + "[", task.Value + (char)('[' + 1), key], row => new XComRow(run, new(row.Text(0)), key, row.Text(1), row.TextOrNull(2)), cancellationToken)
            .ConfigureAwait(false);
        return [.. rows.OrderBy(row => DagRunState.MapIndexIn(row.Task.Value, task.Value))];
    }

    public async ValueTask<IReadOnlyList<RenderedFieldsRow>> ListRenderedFieldsAsync(long run, TaskId task, CancellationToken cancellationToken)
    {
        const string Sql = "SELECT token, fields FROM rendered_fields WHERE run_key = $1 AND task_id = $2 ORDER BY token";
        return await database.QueryAsync(Sql, [run, task.Value], row => new RenderedFieldsRow(run, task, row.Int(0), row.Text(1)), cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<IReadOnlyList<EvidenceRow>> ListEvidenceAsync(long run, TaskId task, CancellationToken cancellationToken)
    {
        const string Sql = "SELECT token, seen FROM evidence WHERE run_key = $1 AND task_id = $2 ORDER BY token";
        return await database.QueryAsync(Sql, [run, task.Value], row => new EvidenceRow(run, task, row.Int(0), row.Text(1)), cancellationToken).ConfigureAwait(false);
    }

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

    public async ValueTask<IReadOnlyList<BackfillRow>> ListBackfillsAsync(DagId? dag, CancellationToken cancellationToken)
    {
        var where = dag is null ? "" : "WHERE dag_id = $1";
        object?[] values = dag is { } id ? [id.Value] : [];
        return await database.QueryAsync($"{BackfillColumns} {where} ORDER BY created_at DESC, id", values, ReadBackfill, cancellationToken)
            .ConfigureAwait(false);
    }

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

    public async ValueTask<IReadOnlyList<ImportErrorRow>> ListImportErrorsAsync(CancellationToken cancellationToken) =>
        await database.QueryAsync(
            "SELECT file, message, at FROM import_error ORDER BY file", [],
            row => new ImportErrorRow(row.Text(0), row.Text(1), row.Time(2)), cancellationToken).ConfigureAwait(false);

    public async ValueTask<IReadOnlyList<PoolRow>> ListPoolsAsync(CancellationToken cancellationToken) =>
        await database.QueryAsync(
            "SELECT name, slots, include_deferred, description, changed_at FROM pool ORDER BY name", [],
            row => new PoolRow(row.Text(0), row.Int(1), row.Bool(2), row.TextOrNull(3), row.Time(4)), cancellationToken).ConfigureAwait(false);

    public async ValueTask<IReadOnlyList<AssetEvent>> ListAssetEventsAsync(AssetEventQuery query, CancellationToken cancellationToken)
    {
        var values = new List<object?> { query.After, (long)query.Limit };
        var names = (query.Of ?? []).Select(name =>
        {
            values.Add(name.Name);
            return $"{(name is AssetAlias ? "alias" : "asset")} = ${values.Count}";
        }).ToList();
        var of = query.Of is null ? "" : names.Count == 0 ? "AND 1 = 0" : $"AND ({string.Join(" OR ", names)})";
        if (query.SourceDag is { } source)
        {
            values.Add(source);
            of += $" AND source_dag = ${values.Count}";
        }

        var sql = $"""
            SELECT id, asset, alias, at, extra, source_dag, source_run, source_task, interval_start, interval_end, made_by
            FROM asset_event WHERE id > $1 {of} ORDER BY id {(query.NewestFirst ? "DESC" : "ASC")} LIMIT $2
            """;
        return await database.QueryAsync(sql, [.. values], ReadAssetEvent, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<long> FindLatestAssetEventAsync(CancellationToken cancellationToken) =>
        (await database.QueryAsync("SELECT COALESCE(MAX(id), 0) FROM asset_event", [], row => row.Long(0), cancellationToken).ConfigureAwait(false))[0];

    public async ValueTask<IReadOnlyList<DagRenamedRow>> ListRenamesAsync(CancellationToken cancellationToken) =>
        await database.QueryAsync(
            "SELECT former, dag_id, at, who, note FROM dag_rename ORDER BY former", [],
            row => new DagRenamedRow(new(row.Text(0)), new(row.Text(1)), row.Time(2), row.Text(3), row.TextOrNull(4)), cancellationToken).ConfigureAwait(false);

    public async ValueTask<IReadOnlyList<RenderedFieldsKey>> ListOldRenderedFieldsAsync(int kept, int limit, CancellationToken cancellationToken)
    {
        const string Sql =
            """
            SELECT run_key, task_id, token FROM (
                SELECT f.run_key, f.task_id, f.token, dense_rank() OVER (
                    PARTITION BY r.dag_id, CASE WHEN f.task_id LIKE '%]' THEN rtrim(rtrim(rtrim(f.task_id, ']'), '0123456789'), '[') ELSE f.task_id END
                    ORDER BY f.run_key DESC) AS place
                FROM rendered_fields f JOIN dag_run r ON r.run_key = f.run_key) ranked
            WHERE place > $1 ORDER BY run_key LIMIT $2
            """;
        return await database.QueryAsync(Sql, [(long)kept, (long)limit], row => new RenderedFieldsKey(row.Long(0), row.Text(1), row.Int(2)), cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<IReadOnlyList<FormerTask>> ListTaskRenamesAsync(DagId dag, CancellationToken cancellationToken) =>
        await database.QueryAsync(
            "SELECT former, task_id, at FROM task_rename WHERE dag_id = $1 ORDER BY former", [dag.Value],
            row => new FormerTask(new(row.Text(0)), new(row.Text(1)), row.Time(2)), cancellationToken).ConfigureAwait(false);

    public async ValueTask<string?> FindVersionHeirAsync(string version, CancellationToken cancellationToken) =>
        First(await database.QueryAsync("SELECT renamed_to FROM dag_version WHERE version = $1 AND renamed_to IS NOT NULL", [version], row => row.Text(0), cancellationToken)
            .ConfigureAwait(false));

    public async ValueTask<TaskHistory> FindTaskHistoryAsync(DagId dag, TaskId task, CancellationToken cancellationToken)
    {
        const string Sql =
            """
            SELECT COUNT(DISTINCT t.run_key), COUNT(*) FROM dag_run r JOIN task_instance t ON t.run_key = r.run_key
            WHERE r.dag_id = $1 AND (t.task_id = $2 OR substr(t.task_id, 1, length($2) + 1) = $2 || '[')
            """;
        return (await database.QueryAsync(Sql, [dag.Value, task.Value], row => new TaskHistory(row.Long(0), row.Long(1)), cancellationToken).ConfigureAwait(false))[0];
    }

    public async ValueTask<IReadOnlyList<AuditRow>> ListAuditAsync(int limit, CancellationToken cancellationToken) =>
        await database.QueryAsync(
            "SELECT at, who, action, subject, details FROM audit ORDER BY id DESC LIMIT $1", [(long)limit],
            row => new AuditRow(row.Time(0), row.Text(1), row.Text(2), row.Text(3), row.Text(4)), cancellationToken).ConfigureAwait(false);

    private static T? First<T>(List<T> rows)
        where T : class => rows.Count == 0 ? null : rows[0];

    private static DagRow ReadDag(SqlRow row) => new()
    {
        Id = new(row.Text(0)),
        File = row.Text(1),
        Version = row.Text(2),
        Bundle = row.TextOrNull(3),
        Paused = row.Bool(4),
        Active = row.Bool(5),
        Schedule = row.Text(6),
        NextRunAfter = row.TimeOrNull(7),
        Description = row.TextOrNull(8),
        Tags = JsonSerializer.Deserialize<string[]>(row.Text(9)) ?? [],
        Owner = row.TextOrNull(10),
        Problem = row.TextOrNull(11),
        Assets = row.TextOrNull(12) is { } assets ? AssetJson.DeserializeUses(assets) : null,
    };

    private static DagRunRow ReadRun(SqlRow row) => new()
    {
        Facts = new RunFacts
        {
            Key = row.Long(0),
            Dag = new(row.Text(1)),
            Id = new(row.Text(2)),
            Type = (RunType)row.Small(3),
            Interval = new DataInterval(row.Time(5), row.Time(6)),
            Version = row.Text(7),
            Bundle = row.TextOrNull(8),
            Conf = row.Text(9),
            Backfill = row.TextOrNull(10),
            Connections = row.TextOrNull(19),
            PreviousSuccess = row.TimeOrNull(11) is { } start ? new DataInterval(start, row.Time(12)) : null,
            PreviousSuccessStartedAt = row.TimeOrNull(13),
            PreviousSuccessEndedAt = row.TimeOrNull(18),
            CreatedAt = row.Time(14),
            TriggeredBy = row.TextOrNull(20),
            AssetEvents = row.TextOrNull(21) is { } events ? AssetJson.Deserialize(events) : null,
        },
        State = (RunState)row.Small(4),
        StartedAt = row.TimeOrNull(15),
        EndedAt = row.TimeOrNull(16),
        Reason = row.TextOrNull(17),
        Deadlines = row.TextOrNull(22) is { } deadlines ? DagRunJson.DeserializeDeadlines(deadlines) : null,
    };

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

    private static WatermarkRow ReadWatermark(SqlRow row) => new(
        new(row.Text(0)), new(row.Text(1)), row.Time(2), row.Long(3), row.Int(4), row.TextOrNull(5), row.TextOrNull(6), row.Bool(7), row.Time(8), row.TextOrNull(9));

    private static AssetEvent ReadAssetEvent(SqlRow row) => new()
    {
        Id = row.Long(0),
        Asset = row.Text(1),
        Alias = row.TextOrNull(2),
        At = row.Time(3),
        Extra = row.Text(4),
        SourceDag = row.TextOrNull(5),
        SourceRun = row.TextOrNull(6),
        SourceTask = row.TextOrNull(7),
        SourceInterval = row.TimeOrNull(8) is { } start ? new DataInterval(start, row.Time(9)) : null,
        By = row.TextOrNull(10),
    };

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
