using System.Globalization;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;

namespace Sluice.Authoring.Loading;

/// <summary>The table in the target that remembers what was loaded, in the same transaction as the rows: one row for each Dag, task, interval and table.</summary>
/// <remarks>
/// Its row is locked first, so that two attempts of one task go one after the other. An attempt that finds a later one of the same run there
/// stops. APPEND passes over what it has loaded already.
/// </remarks>
public static class LoadLedger
{
    /// <summary>Name of the table, in the schema of the table that is loaded.</summary>
    public const string Table = "sluice_loads";

    /// <summary>Makes the table; harmless when it is there.</summary>
    public static string Create(string ledger) =>
        $"""
         CREATE TABLE IF NOT EXISTS {ledger} (
             dag_id varchar(250) NOT NULL, task_id varchar(300) NOT NULL, interval_start varchar(40) NOT NULL, target varchar(300) NOT NULL,
             run_id varchar(300) NOT NULL, run_key bigint NOT NULL, attempt integer NOT NULL,
             content varchar(64) NOT NULL, rows_loaded bigint NOT NULL, loaded_at varchar(40) NOT NULL,
             PRIMARY KEY (dag_id, task_id, interval_start, target))
         """;

    /// <summary>Makes sure of the row, without a load yet: content is empty until one has ended.</summary>
    public static string Insert(string ledger) =>
        $"INSERT INTO {ledger} (dag_id, task_id, interval_start, target, run_id, run_key, attempt, content, rows_loaded, loaded_at) "
        + "VALUES (@dag, @task, @interval, @target, @run, @run_key, 0, '', 0, '') ON CONFLICT DO NOTHING";

    /// <summary>Reads the row: run_key, attempt, content, rows_loaded, run_id, loaded_at.</summary>
    public static string Select(string ledger, string forUpdate) =>
        $"SELECT run_key, attempt, content, rows_loaded, run_id, loaded_at FROM {ledger} WHERE dag_id = @dag AND task_id = @task AND interval_start = @interval AND target = @target {forUpdate}";

    /// <summary>Writes what was loaded.</summary>
    public static string Update(string ledger) =>
        $"UPDATE {ledger} SET run_id = @run, run_key = @run_key, attempt = @attempt, content = @content, rows_loaded = @rows, loaded_at = @at "
        + "WHERE dag_id = @dag AND task_id = @task AND interval_start = @interval AND target = @target";

    /// <summary>Values for the statements.</summary>
    /// <param name="load">What is loaded; with an identity.</param>
    /// <param name="content">What tells these objects from others.</param>
    /// <param name="rows">Rows that were loaded.</param>
    /// <param name="now">UTC.</param>
    public static IReadOnlyDictionary<string, object?> Values(TableLoad load, string content, long rows, DateTimeOffset now) => new Dictionary<string, object?>
    {
        ["dag"] = load.Identity!.Dag,
        ["task"] = load.Identity.Task,
        ["interval"] = load.Identity.IntervalStart.ToString("O", CultureInfo.InvariantCulture),
        ["target"] = load.Table,
        ["run"] = load.Identity.Run,
        ["run_key"] = load.Identity.RunKey,
        ["attempt"] = load.Identity.Attempt,
        ["content"] = content,
        ["rows"] = rows,
        ["at"] = now.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
    };

    /// <summary>True when it depends on which objects they are whether they are loaded.</summary>
    public static bool GoesByContent(TableLoad load, LedgerEntry? entry) => load.Method == LoadMethod.Append && entry is { Content.Length: > 0 };

    /// <summary>Decides by what the ledger holds.</summary>
    /// <param name="load">What is to be loaded.</param>
    /// <param name="content">What tells its objects from others.</param>
    /// <param name="entry">The row; null where nothing was loaded yet.</param>
    /// <returns>The rows that an earlier load of the same objects has appended; null when it is to be loaded.</returns>
    /// <exception cref="TaskFailedException">A later attempt was here, or the interval was appended from other objects.</exception>
    public static long? Decide(TableLoad load, string content, LedgerEntry? entry)
    {
        if (entry is null || entry.Content.Length == 0)
        {
            return null;
        }

        if (entry.RunKey == load.Identity!.RunKey && entry.Attempt > load.Identity.Attempt)
        {
            throw new TaskFailedException(
                $"Attempt {entry.Attempt} of this task has loaded {load.Table} already, at {entry.LoadedAt}; this is attempt {load.Identity.Attempt}, which was held up. Nothing was changed.");
        }

        if (load.Method != LoadMethod.Append)
        {
            return null;
        }

        if (entry.Content == content)
        {
            return entry.Rows;
        }

        return load.AppendAgain
            ? null
            : throw new TaskFailedException(
                $"The interval {load.Identity.IntervalStart:yyyy-MM-ddTHH:mm:ssZ} was appended to {load.Table} at {entry.LoadedAt} by run {entry.Run} ({entry.Rows} rows), from other objects than these. "
                + $"Appending again would double it: delete those rows and its row of {Table}, use UPSERT, or set AppendAgain.");
    }
}

/// <summary>What the ledger holds of one load.</summary>
/// <param name="RunKey">The run that loaded.</param>
/// <param name="Attempt">Its attempt.</param>
/// <param name="Content">What tells the objects from others; empty before a load has ended.</param>
/// <param name="Rows">Rows that were loaded.</param>
/// <param name="Run">The run, for people.</param>
/// <param name="LoadedAt">UTC, as text.</param>
public sealed record LedgerEntry(long RunKey, int Attempt, string Content, long Rows, string Run, string LoadedAt);
