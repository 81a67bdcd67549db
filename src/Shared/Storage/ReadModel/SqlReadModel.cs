using System.Text.Json;
using Sluice.Core.Assets;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Core.TaskInstances;
using Sluice.Storage.Sql;

namespace Sluice.Storage.ReadModel;

/// <summary>The queries of the read model, the same on every engine. Text sorts by code point.</summary>
internal sealed partial class SqlReadModel(ISqlDatabase database) : IReadModel
{
    private const string DagColumns = "SELECT dag_id, file, version, bundle, paused, active, schedule, next_run_after, description, tags, owner, problem, assets FROM dag";

    private const string RunColumns =
        """
        SELECT run_key, dag_id, run_id, type, state, interval_start, interval_end, version, bundle, conf, backfill,
               previous_start, previous_end, previous_started_at, created_at, started_at, ended_at, reason, previous_ended_at, connections, triggered_by, asset_events, deadlines
        FROM dag_run
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

    public async ValueTask<IReadOnlyList<ImportErrorRow>> ListImportErrorsAsync(CancellationToken cancellationToken) =>
        await database.QueryAsync(
            "SELECT file, message, at FROM import_error ORDER BY file", [],
            row => new ImportErrorRow(row.Text(0), row.Text(1), row.Time(2)), cancellationToken).ConfigureAwait(false);

    public async ValueTask<IReadOnlyList<PoolRow>> ListPoolsAsync(CancellationToken cancellationToken) =>
        await database.QueryAsync(
            "SELECT name, slots, include_deferred, description, changed_at FROM pool ORDER BY name", [],
            row => new PoolRow(row.Text(0), row.Int(1), row.Bool(2), row.TextOrNull(3), row.Time(4)), cancellationToken).ConfigureAwait(false);

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
}
