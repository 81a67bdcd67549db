using Sluice.Core.Dags;

namespace Sluice.Storage.ReadModel;

/// <summary>Everything that is of some tasks of a Dag is of other names from now on, and runs of the versions that had the old names are of versions that have the new ones.</summary>
/// <remarks>Done after all else of the group. Of the new names there are no rows.</remarks>
/// <param name="Dag">The Dag.</param>
/// <param name="Names">New ids, by the id until now.</param>
/// <param name="Versions">Versions with the new names, by the one with the old. Their rows are there.</param>
/// <param name="At">When, UTC.</param>
/// <param name="Who">Who asked.</param>
/// <param name="Note">Why; null for none.</param>
public sealed record TasksRenamedRow(
    DagId Dag, IReadOnlyDictionary<TaskId, TaskId> Names, IReadOnlyDictionary<string, string> Versions, DateTimeOffset At, string Who, string? Note) : ReadModelChange
{
    private static readonly string[] Tables = ["task_instance", "xcom", "rendered_fields", "evidence", "remote_job", "human_question", "callback"];

    /// <summary>What both engines do, in order.</summary>
    internal IEnumerable<(string Sql, object?[] Values)> Statements()
    {
        foreach (var (from, to) in Names)
        {
            object?[] names = [Dag.Value, from.Value, to.Value];
            foreach (var table in Tables)
            {
                // Instances of a mapped task are named after it: load[3].
                yield return (
                    $"""
                    UPDATE {table} SET task_id = $3 || substr(task_id, length($2) + 1)
                    WHERE run_key IN (SELECT run_key FROM dag_run WHERE dag_id = $1) AND (task_id = $2 OR substr(task_id, 1, length($2) + 1) = $2 || '[')
                    """,
                    names);
            }

            yield return ("DELETE FROM watermark WHERE dag_id = $1 AND (task_id = $2 OR substr(task_id, 1, length($2) + 1) = $2 || '[')", [Dag.Value, to.Value]);
            yield return (
                """
                UPDATE watermark SET task_id = $3 || substr(task_id, length($2) + 1)
                WHERE dag_id = $1 AND (task_id = $2 OR substr(task_id, 1, length($2) + 1) = $2 || '[')
                """,
                names);
            yield return (
                """
                UPDATE asset_event SET source_task = $3 || substr(source_task, length($2) + 1)
                WHERE source_dag = $1 AND (source_task = $2 OR substr(source_task, 1, length($2) + 1) = $2 || '[')
                """,
                names);
            yield return ("UPDATE task_rename SET task_id = $3 WHERE dag_id = $1 AND task_id = $2", names);
            yield return ("DELETE FROM task_rename WHERE dag_id = $1 AND former = $2", [Dag.Value, to.Value]);
            yield return (
                """
                INSERT INTO task_rename (dag_id, former, task_id, at, who, note) VALUES ($1, $2, $3, $4, $5, $6)
                ON CONFLICT (dag_id, former) DO UPDATE SET task_id = excluded.task_id, at = excluded.at, who = excluded.who, note = excluded.note
                """,
                [.. names, At, Who, Note]);
        }

        foreach (var (from, to) in Versions)
        {
            yield return ("UPDATE dag_run SET version = $3 WHERE dag_id = $1 AND version = $2", [Dag.Value, from, to]);
            yield return ("UPDATE dag SET version = $3 WHERE dag_id = $1 AND version = $2", [Dag.Value, from, to]);
            yield return ("UPDATE dag_version SET renamed_to = $2 WHERE version = $1", [from, to]);
            yield return ("UPDATE dag_version SET renamed_to = NULL WHERE version = $1", [to]);
        }
    }
}

/// <summary>A name that a task had before.</summary>
/// <param name="From">That name.</param>
/// <param name="To">The name that it has.</param>
/// <param name="At">When it got another one, UTC.</param>
public sealed record FormerTask(TaskId From, TaskId To, DateTimeOffset At);

/// <summary>What there is of a task.</summary>
/// <param name="Runs">Runs in which it, or an instance of it, has rows.</param>
/// <param name="Rows">Attempts, and changes by hand.</param>
public sealed record TaskHistory(long Runs, long Rows);
