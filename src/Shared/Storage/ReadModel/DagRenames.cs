using Sluice.Core.Dags;

namespace Sluice.Storage.ReadModel;

/// <summary>Everything that is of a Dag is of another name from now on: its row, runs, versions, backfills, and the events of assets that it made.</summary>
/// <remarks>Done after all else of the group, so that nothing of the group keeps the old name. Of the new name there is a row at most.</remarks>
/// <param name="From">The name that it had.</param>
/// <param name="To">The name that it has.</param>
/// <param name="At">When, UTC.</param>
/// <param name="Who">Who asked.</param>
/// <param name="Note">Why; null for none.</param>
public sealed record DagRenamedRow(DagId From, DagId To, DateTimeOffset At, string Who, string? Note) : ReadModelChange
{
    /// <summary>What both engines do, in order.</summary>
    internal IReadOnlyList<(string Sql, object?[] Values)> Statements()
    {
        var (from, to) = (From.Value, To.Value);
        return
        [
            ("UPDATE dag_run SET dag_id = $2 WHERE dag_id = $1", [from, to]),
            ("UPDATE dag_version SET dag_id = $2 WHERE dag_id = $1", [from, to]),
            ("UPDATE backfill SET dag_id = $2 WHERE dag_id = $1", [from, to]),
            ("UPDATE task_rename SET dag_id = $2 WHERE dag_id = $1", [from, to]),
            ("UPDATE asset_event SET source_dag = $2 WHERE source_dag = $1", [from, to]),
            ("DELETE FROM watermark WHERE dag_id = $1", [to]),
            ("UPDATE watermark SET dag_id = $2 WHERE dag_id = $1", [from, to]),
            ("UPDATE dag SET dag_id = $2 WHERE dag_id = $1 AND NOT EXISTS (SELECT 1 FROM dag WHERE dag_id = $2)", [from, to]),
            ("DELETE FROM dag WHERE dag_id = $1", [from]),
            ("UPDATE dag_rename SET dag_id = $2 WHERE dag_id = $1", [from, to]),
            ("DELETE FROM dag_rename WHERE former = $1", [to]),
            (
                """
                INSERT INTO dag_rename (former, dag_id, at, who, note) VALUES ($1, $2, $3, $4, $5)
                ON CONFLICT (former) DO UPDATE SET dag_id = excluded.dag_id, at = excluded.at, who = excluded.who, note = excluded.note
                """,
                [from, to, At, Who, Note]),
        ];
    }
}
