using Npgsql;
using NpgsqlTypes;
using Sluice.Storage.ReadModel;
using Sluice.Storage.Sql;

namespace Sluice.Storage.Postgres.ReadModel;

/// <summary>Adds the rows of the read model to the append's batch: one statement a table, however many rows, its parameters one array a column.</summary>
internal static class PostgresChangeWriter
{
    private static readonly string TaskInstances = InsertOf(ReadModelTables.TaskInstances);
    private static readonly string DagRuns = InsertOf(ReadModelTables.DagRuns);
    private static readonly string XComs = InsertOf(ReadModelTables.XComs);
    private static readonly string RenderedFields = InsertOf(ReadModelTables.RenderedFields);
    private static readonly string Evidence = InsertOf(ReadModelTables.Evidence);
    private static readonly string RemoteJobs = InsertOf(ReadModelTables.RemoteJobs);
    private static readonly string Watermarks = InsertOf(ReadModelTables.Watermarks);
    private static readonly string Dags = InsertOf(ReadModelTables.Dags);
    private static readonly string DagVersions = InsertOf(ReadModelTables.DagVersions);
    private static readonly string Backfills = InsertOf(ReadModelTables.Backfills);
    private static readonly string HumanQuestions = InsertOf(ReadModelTables.HumanQuestions);
    private static readonly string ImportErrors = InsertOf(ReadModelTables.ImportErrors);
    private static readonly string Pools = InsertOf(ReadModelTables.Pools);
    private static readonly string AssetEvents = InsertOf(ReadModelTables.AssetEvents);
    private static readonly string Callbacks = InsertOf(ReadModelTables.Callbacks);
    private static readonly string Audit = InsertOf(ReadModelTables.Audit);

    public static void Add(NpgsqlBatch batch, CoalescedChanges changes)
    {
        Add(batch, TaskInstances, ReadModelTables.TaskInstances, changes.TaskInstances);
        Add(batch, DagRuns, ReadModelTables.DagRuns, changes.DagRuns);
        if (changes.ClearedXComs.Count > 0)
        {
            var clear = new NpgsqlBatchCommand("DELETE FROM xcom WHERE run_key = ANY ($1)");
            clear.Parameters.Add(new() { Value = changes.ClearedXComs.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint });
            batch.BatchCommands.Add(clear);
        }

        if (changes.ClearedXComsOfTasks.Count > 0)
        {
            var clear = new NpgsqlBatchCommand("DELETE FROM xcom USING unnest($1, $2) AS gone (run_key, task_id) WHERE xcom.run_key = gone.run_key AND xcom.task_id = gone.task_id");
            clear.Parameters.Add(new() { Value = changes.ClearedXComsOfTasks.ConvertAll(gone => gone.Run).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint });
            clear.Parameters.Add(Texts(changes.ClearedXComsOfTasks, gone => gone.Task));
            batch.BatchCommands.Add(clear);
        }

        Add(batch, XComs, ReadModelTables.XComs, changes.XComs);
        if (changes.DroppedRenderedFields.Count > 0)
        {
            var drop = new NpgsqlBatchCommand(
                """
                DELETE FROM rendered_fields USING unnest($1, $2, $3) AS gone (run_key, task_id, token)
                WHERE rendered_fields.run_key = gone.run_key AND rendered_fields.task_id = gone.task_id AND rendered_fields.token = gone.token
                """);
            drop.Parameters.Add(Array(changes.DroppedRenderedFields, gone => gone.Run, NpgsqlDbType.Bigint));
            drop.Parameters.Add(Texts(changes.DroppedRenderedFields, gone => gone.Task));
            drop.Parameters.Add(Array(changes.DroppedRenderedFields, gone => gone.Token, NpgsqlDbType.Integer));
            batch.BatchCommands.Add(drop);
        }

        Add(batch, RenderedFields, ReadModelTables.RenderedFields, changes.RenderedFields);
        Add(batch, Evidence, ReadModelTables.Evidence, changes.Evidence);
        Add(batch, RemoteJobs, ReadModelTables.RemoteJobs, changes.RemoteJobs);
        foreach (var (dag, task) in changes.ForgottenWatermarks)
        {
            var forget = new NpgsqlBatchCommand(ReadModelTables.ForgetWatermarks);
            forget.Parameters.Add(new NpgsqlParameter<string> { TypedValue = dag.Value });
            forget.Parameters.Add(new NpgsqlParameter<string> { TypedValue = StorableText.Clean(task.Value) });
            batch.BatchCommands.Add(forget);
        }

        Add(batch, Watermarks, ReadModelTables.Watermarks, changes.Watermarks);
        Add(batch, Dags, ReadModelTables.Dags, changes.Dags);
        Add(batch, DagVersions, ReadModelTables.DagVersions, changes.DagVersions);
        if (changes.ReplacedVersions.Count > 0)
        {
            var delete = new NpgsqlBatchCommand(
                """
                DELETE FROM dag_version WHERE version = ANY ($1)
                  AND NOT EXISTS (SELECT 1 FROM dag_run r WHERE r.dag_id = dag_version.dag_id AND r.version = dag_version.version)
                  AND NOT EXISTS (SELECT 1 FROM dag d WHERE d.version = dag_version.version)
                """);
            delete.Parameters.Add(Texts(changes.ReplacedVersions, version => version));
            batch.BatchCommands.Add(delete);
        }

        Add(batch, Backfills, ReadModelTables.Backfills, changes.Backfills);
        Add(batch, HumanQuestions, ReadModelTables.HumanQuestions, changes.HumanQuestions);
        Add(batch, AssetEvents, ReadModelTables.AssetEvents, changes.AssetEvents);
        foreach (var trimmed in changes.TrimmedAssets)
        {
            var trim = new NpgsqlBatchCommand(ReadModelTables.TrimAssetEvents);
            trim.Parameters.Add(new NpgsqlParameter<string> { TypedValue = StorableText.Clean(trimmed.Asset) });
            trim.Parameters.Add(new NpgsqlParameter<long> { TypedValue = trimmed.Keep });
            batch.BatchCommands.Add(trim);
        }

        Add(batch, Callbacks, ReadModelTables.Callbacks, changes.Callbacks);
        Add(batch, Audit, ReadModelTables.Audit, changes.Audit);
        if (changes.ImportErrors.Count > 0)
        {
            Add(batch, ImportErrors, ReadModelTables.ImportErrors, changes.ImportErrors.FindAll(error => error.Message is not null));
            var removed = changes.ImportErrors.FindAll(error => error.Message is null);
            if (removed.Count > 0)
            {
                var delete = new NpgsqlBatchCommand("DELETE FROM import_error WHERE file = ANY ($1)");
                delete.Parameters.Add(Texts(removed, error => error.File));
                batch.BatchCommands.Add(delete);
            }
        }

        if (changes.Pools.Count > 0)
        {
            Add(batch, Pools, ReadModelTables.Pools, changes.Pools.FindAll(pool => pool.Slots is not null));
            var removed = changes.Pools.FindAll(pool => pool.Slots is null);
            if (removed.Count > 0)
            {
                var delete = new NpgsqlBatchCommand("DELETE FROM pool WHERE name = ANY ($1)");
                delete.Parameters.Add(Texts(removed, pool => pool.Name));
                batch.BatchCommands.Add(delete);
            }
        }

        foreach (var (sql, values) in changes.AfterAll)
        {
            var command = new NpgsqlBatchCommand(sql);
            foreach (var value in values)
            {
                command.Parameters.Add(ValueOf(value));
            }

            batch.BatchCommands.Add(command);
        }
    }

    private static NpgsqlParameter ValueOf(object? value) => value is DateTimeOffset time
        ? new() { Value = StoredTime.Truncate(time).UtcDateTime, NpgsqlDbType = NpgsqlDbType.TimestampTz }
        : new() { Value = value is string text ? StorableText.Clean(text) : DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text };

    private static string InsertOf<T>(RowTable<T> table) =>
        table.InsertFrom($"SELECT * FROM unnest({string.Join(", ", Enumerable.Range(1, table.Columns.Length).Select(n => $"${n}"))})");

    private static void Add<T>(NpgsqlBatch batch, string sql, RowTable<T> table, List<T> rows)
    {
        if (rows.Count == 0)
        {
            return;
        }

        var insert = new NpgsqlBatchCommand(sql);
        foreach (var column in table.Columns)
        {
            insert.Parameters.Add(ArrayOf(column, rows));
        }

        batch.BatchCommands.Add(insert);
    }

    private static NpgsqlParameter ArrayOf<T>(Column<T> column, List<T> rows) => column switch
    {
        LongColumn<T> c => Array(rows, c.Value, NpgsqlDbType.Bigint),
        IntColumn<T> c => Array(rows, c.Value, NpgsqlDbType.Integer),
        SmallColumn<T> c => Array(rows, c.Value, NpgsqlDbType.Smallint),
        BoolColumn<T> c => Array(rows, c.Value, NpgsqlDbType.Boolean),
        TextColumn<T> c => Texts(rows, c.Value),
        TimeColumn<T> c => Array(
            rows, row => c.Value(row) is { } time ? StoredTime.Truncate(time).UtcDateTime : (DateTime?)null, NpgsqlDbType.TimestampTz),
        _ => throw new System.Diagnostics.UnreachableException($"No array for {column.GetType().Name}."),
    };

    private static NpgsqlParameter<string?[]> Texts<T>(List<T> rows, Func<T, string?> value) =>
        Array(rows, row => value(row) is { } text ? StorableText.Clean(text) : null, NpgsqlDbType.Text);

    private static NpgsqlParameter<TValue[]> Array<T, TValue>(List<T> rows, Func<T, TValue> value, NpgsqlDbType type)
    {
        var values = new TValue[rows.Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = value(rows[i]);
        }

        return new() { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | type };
    }
}
