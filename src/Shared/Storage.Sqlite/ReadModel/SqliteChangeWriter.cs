using Sluice.Storage.ReadModel;
using Sluice.Storage.Sql;

namespace Sluice.Storage.Sqlite.ReadModel;

/// <summary>Writes the rows of the read model, one prepared statement a row, inside the append's transaction.</summary>
internal sealed class SqliteChangeWriter(SqliteDatabase database)
{
    private readonly string _taskInstances = InsertOf(ReadModelTables.TaskInstances);
    private readonly string _dagRuns = InsertOf(ReadModelTables.DagRuns);
    private readonly string _xComs = InsertOf(ReadModelTables.XComs);
    private readonly string _renderedFields = InsertOf(ReadModelTables.RenderedFields);
    private readonly string _evidence = InsertOf(ReadModelTables.Evidence);
    private readonly string _remoteJobs = InsertOf(ReadModelTables.RemoteJobs);
    private readonly string _watermarks = InsertOf(ReadModelTables.Watermarks);
    private readonly string _dags = InsertOf(ReadModelTables.Dags);
    private readonly string _dagVersions = InsertOf(ReadModelTables.DagVersions);
    private readonly string _backfills = InsertOf(ReadModelTables.Backfills);
    private readonly string _humanQuestions = InsertOf(ReadModelTables.HumanQuestions);
    private readonly string _importErrors = InsertOf(ReadModelTables.ImportErrors);
    private readonly string _pools = InsertOf(ReadModelTables.Pools);
    private readonly string _assetEvents = InsertOf(ReadModelTables.AssetEvents);
    private readonly string _callbacks = InsertOf(ReadModelTables.Callbacks);
    private readonly string _audit = InsertOf(ReadModelTables.Audit);

    public void Write(CoalescedChanges changes)
    {
        Write(_taskInstances, ReadModelTables.TaskInstances, changes.TaskInstances);
        Write(_dagRuns, ReadModelTables.DagRuns, changes.DagRuns);
        foreach (var run in changes.ClearedXComs)
        {
            database.Statement("DELETE FROM xcom WHERE run_key = $1", 1).With(0, run).Execute();
        }

        foreach (var (run, task) in changes.ClearedXComsOfTasks)
        {
            database.Statement("DELETE FROM xcom WHERE run_key = $1 AND task_id = $2", 2).With(0, run).With(1, task).Execute();
        }

        Write(_xComs, ReadModelTables.XComs, changes.XComs);
        foreach (var gone in changes.DroppedRenderedFields)
        {
            database.Statement("DELETE FROM rendered_fields WHERE run_key = $1 AND task_id = $2 AND token = $3", 3)
                .With(0, gone.Run).With(1, gone.Task).With(2, (long)gone.Token).Execute();
        }

        Write(_renderedFields, ReadModelTables.RenderedFields, changes.RenderedFields);
        Write(_evidence, ReadModelTables.Evidence, changes.Evidence);
        Write(_remoteJobs, ReadModelTables.RemoteJobs, changes.RemoteJobs);
        foreach (var (dag, task) in changes.ForgottenWatermarks)
        {
            database.Statement(ReadModelTables.ForgetWatermarks, 2).With(0, dag.Value).With(1, task.Value).Execute();
        }

        Write(_watermarks, ReadModelTables.Watermarks, changes.Watermarks);
        Write(_dags, ReadModelTables.Dags, changes.Dags);
        Write(_dagVersions, ReadModelTables.DagVersions, changes.DagVersions);
        foreach (var version in changes.ReplacedVersions)
        {
            const string Sql =
                """
                DELETE FROM dag_version WHERE version = $1
                  AND NOT EXISTS (SELECT 1 FROM dag_run r WHERE r.dag_id = dag_version.dag_id AND r.version = dag_version.version)
                  AND NOT EXISTS (SELECT 1 FROM dag d WHERE d.version = dag_version.version)
                """;
            database.Statement(Sql, 1).With(0, version).Execute();
        }

        Write(_backfills, ReadModelTables.Backfills, changes.Backfills);
        Write(_humanQuestions, ReadModelTables.HumanQuestions, changes.HumanQuestions);
        Write(_assetEvents, ReadModelTables.AssetEvents, changes.AssetEvents);
        foreach (var trimmed in changes.TrimmedAssets)
        {
            database.Statement(ReadModelTables.TrimAssetEvents, 2).With(0, trimmed.Asset).With(1, (long)trimmed.Keep).Execute();
        }

        Write(_callbacks, ReadModelTables.Callbacks, changes.Callbacks);
        Write(_audit, ReadModelTables.Audit, changes.Audit);
        foreach (var error in changes.ImportErrors)
        {
            if (error.Message is null)
            {
                database.Statement("DELETE FROM import_error WHERE file = $1", 1).With(0, error.File).Execute();
            }
            else
            {
                Write(_importErrors, ReadModelTables.ImportErrors, [error]);
            }
        }

        foreach (var pool in changes.Pools)
        {
            if (pool.Slots is null)
            {
                database.Statement("DELETE FROM pool WHERE name = $1", 1).With(0, pool.Name).Execute();
            }
            else
            {
                Write(_pools, ReadModelTables.Pools, [pool]);
            }
        }

        foreach (var (sql, values) in changes.AfterAll)
        {
            var statement = database.Statement(sql, values.Length);
            for (var i = 0; i < values.Length; i++)
            {
                statement.With(i, values[i]);
            }

            statement.Execute();
        }
    }

    private static string InsertOf<T>(RowTable<T> table) =>
        table.InsertFrom($"VALUES ({string.Join(", ", Enumerable.Range(1, table.Columns.Length).Select(n => $"${n}"))})");

    private void Write<T>(string sql, RowTable<T> table, List<T> rows)
    {
        if (rows.Count == 0)
        {
            return;
        }

        var statement = database.Statement(sql, table.Columns.Length);
        foreach (var row in rows)
        {
            for (var i = 0; i < table.Columns.Length; i++)
            {
                statement.With(i, ValueOf(table.Columns[i], row));
            }

            statement.Execute();
        }
    }

    private static object? ValueOf<T>(Column<T> column, T row) => column switch
    {
        LongColumn<T> c => c.Value(row),
        IntColumn<T> c => c.Value(row),
        SmallColumn<T> c => c.Value(row),
        BoolColumn<T> c => c.Value(row),
        TextColumn<T> c => c.Value(row),
        TimeColumn<T> c => c.Value(row),
        _ => throw new System.Diagnostics.UnreachableException($"No value for {column.GetType().Name}."),
    };
}
