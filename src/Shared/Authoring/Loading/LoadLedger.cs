using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;

namespace Sluice.Authoring.Loading;

/// <summary>The table in the target that remembers what was loaded, in the same transaction as the rows: one row for each Dag, task, interval and table.</summary>
/// <remarks>
/// The instances of a mapped task have a row each, by what they load: their places change with the list. A Dag or task that has another name is known by
/// its former one, by the run, or by what it loaded. Its row is locked first, so that two attempts of one task go one after the other. An attempt that finds a later one of the same run there
/// stops. APPEND passes over what it has loaded already.
/// </remarks>
public static class LoadLedger
{
    /// <summary>Name of the table, in the schema of the table that is loaded.</summary>
    public const string Table = "sluice_loads";

    private const string All =
        "dag_id, task_id, interval_start, target, instance, source, map_index, run_id, run_key, attempt, content, rows_loaded, loaded_at";

    private const string Own = "dag_id = @dag AND task_id = @task AND interval_start = @interval AND target = @target AND instance = @instance";

    /// <summary>Makes the table; harmless when it is there.</summary>
    public static string Create(string ledger) =>
        $"""
         CREATE TABLE IF NOT EXISTS {ledger} (
             dag_id varchar(250) NOT NULL, task_id varchar(300) NOT NULL, interval_start varchar(40) NOT NULL, target varchar(300) NOT NULL,
             instance varchar(64) NOT NULL, source varchar(64) NOT NULL, map_index integer NOT NULL,
             run_id varchar(300) NOT NULL, run_key bigint NOT NULL, attempt integer NOT NULL,
             content varchar(64) NOT NULL, rows_loaded bigint NOT NULL, loaded_at varchar(40) NOT NULL,
             PRIMARY KEY (dag_id, task_id, interval_start, target, instance))
         """;

    /// <summary>Makes sure of the row, without a load yet: content is empty until one has ended.</summary>
    public static string Insert(string ledger) => $"INSERT INTO {ledger} ({All}) VALUES ({Given("0", "''", "''")}) ON CONFLICT DO NOTHING";

    /// <summary>Adds the row of a load that has ended.</summary>
    public static string Add(string ledger) => $"INSERT INTO {ledger} ({All}) VALUES ({Given("@attempt", "@content", "@at")})";

    /// <summary>Locks the row, where a database locks rows.</summary>
    public static string Lock(string ledger) => $"SELECT 1 FROM {ledger} WHERE {Own} FOR UPDATE";

    /// <summary>Reads what was loaded for the interval, under whatever name of its Dag or task: see <see cref="LedgerEntry"/>.</summary>
    public static string Select(string ledger) =>
        $"SELECT dag_id, task_id, instance, source, map_index, run_key, attempt, content, rows_loaded, run_id, loaded_at FROM {ledger} "
        + "WHERE interval_start = @interval AND target = @target AND content <> ''";

    /// <summary>Writes what was loaded.</summary>
    public static string Update(string ledger) =>
        $"UPDATE {ledger} SET source = @source, map_index = @map_index, run_id = @run, run_key = @run_key, attempt = @attempt, content = @content, rows_loaded = @rows, loaded_at = @at WHERE {Own}";

    /// <summary>Takes the row away.</summary>
    public static string Delete(string ledger) => $"DELETE FROM {ledger} WHERE {Own}";

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
        ["instance"] = Instance(load.Identity),
        ["source"] = Source(load.Identity),
        ["map_index"] = load.Identity.MapIndex ?? -1,
        ["run"] = load.Identity.Run,
        ["run_key"] = load.Identity.RunKey,
        ["attempt"] = load.Identity.Attempt,
        ["content"] = content,
        ["rows"] = rows,
        ["at"] = now.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
    };

    /// <summary>True when it depends on which objects they are whether they are loaded.</summary>
    public static bool GoesByContent(TableLoad load, IReadOnlyList<LedgerEntry> entries) => load.Method == LoadMethod.Append
        && entries.Any(entry => IsOwn(entry, load.Identity!) || entry.Source == Source(load.Identity!) || IsInPlaceOf(entry, load.Identity!));

    /// <summary>Decides by what the ledger holds.</summary>
    /// <param name="load">What is to be loaded.</param>
    /// <param name="content">What tells its objects from others.</param>
    /// <param name="entries">What was loaded for the interval.</param>
    /// <returns>The rows that an earlier load of the same objects has appended; null when it is to be loaded.</returns>
    /// <exception cref="TaskFailedException">A later attempt was here, or the interval was appended from other objects.</exception>
    public static long? Decide(TableLoad load, string content, IReadOnlyList<LedgerEntry> entries)
    {
        var identity = load.Identity!;
        var own = entries.Where(entry => IsOwn(entry, identity)).ToList();
        if (own.Find(entry => entry.RunKey == identity.RunKey && entry.MapIndex == (identity.MapIndex ?? -1) && entry.Attempt > identity.Attempt) is { } later)
        {
            throw new TaskFailedException(
                $"Attempt {later.Attempt} of this task has loaded {load.Table} already, at {later.LoadedAt}; this is attempt {identity.Attempt}, which was held up. Nothing was changed.");
        }

        if (load.Method != LoadMethod.Append)
        {
            return null;
        }

        // The same from the same place is the same, whatever the Dag and the task are called now and wherever it stands in a list.
        if ((own.Find(entry => entry.Content == content) ?? entries.FirstOrDefault(entry => entry.Content == content && entry.Source == Source(identity))) is { } same)
        {
            return same.Rows;
        }

        var other = own.FirstOrDefault() ?? entries.FirstOrDefault(entry => IsInPlaceOf(entry, identity));
        return other is null || load.AppendAgain
            ? null
            : throw new TaskFailedException(
                $"The interval {identity.IntervalStart:yyyy-MM-ddTHH:mm:ssZ} was appended to {load.Table} at {other.LoadedAt} by run {other.Run} ({other.Rows} rows), from other objects than these. "
                + $"Appending again would double it: delete those rows and its row of {Table}, use UPSERT, or set AppendAgain{(identity.MapIndex is null ? "" : ", as when the list of the mapped task has changed")}.");
    }

    private static string Given(string attempt, string content, string at) =>
        $"@dag, @task, @interval, @target, @instance, @source, @map_index, @run, @run_key, {attempt}, {content}, @rows, {at}";

    private static bool IsOwn(LedgerEntry entry, LoadIdentity identity) => entry.Instance == Instance(identity) && IsOfTask(entry, identity);

    private static bool IsOfTask(LedgerEntry entry, LoadIdentity identity) =>
        (entry.Task == identity.Task || entry.Task == identity.FormerTask)
        && (entry.Dag == identity.Dag || entry.Dag == identity.FormerDag || (entry.RunKey == identity.RunKey && entry.Run == identity.Run));

    // Another run had something else at this place of the list: another list, or the same data under an address of that run.
    private static bool IsInPlaceOf(LedgerEntry entry, LoadIdentity identity) =>
        identity.MapIndex is { } index && entry.MapIndex == index && entry.RunKey != identity.RunKey && IsOfTask(entry, identity);

    private static string Instance(LoadIdentity identity) => identity.MapIndex is null ? "" : Source(identity);

    private static string Source(LoadIdentity identity) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(identity.Source)));
}

/// <summary>What the ledger holds of one load.</summary>
/// <param name="Dag">The Dag as it was called then.</param>
/// <param name="Task">The task, likewise.</param>
/// <param name="Instance">Empty, or of a mapped task what tells it from the others.</param>
/// <param name="Source">Hash of what the author named.</param>
/// <param name="MapIndex">Its place in the list; -1 for none.</param>
/// <param name="RunKey">The run that loaded.</param>
/// <param name="Attempt">Its attempt.</param>
/// <param name="Content">What tells the objects from others.</param>
/// <param name="Rows">Rows that were loaded.</param>
/// <param name="Run">The run, for people.</param>
/// <param name="LoadedAt">UTC, as text.</param>
public sealed record LedgerEntry(string Dag, string Task, string Instance, string Source, int MapIndex, long RunKey, int Attempt, string Content, long Rows, string Run, string LoadedAt);
