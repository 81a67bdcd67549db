using Microsoft.Data.Sqlite;

namespace Sluice.Storage.Sqlite;

/// <summary>Says in one sentence what SQLite means by its result codes (https://www.sqlite.org/rescode.html).</summary>
internal static class SqliteErrors
{
    public static StoreException Explain(SqliteException error, string file) => error.SqliteErrorCode switch
    {
        5 or 6 => new("store.busy", $"The database {file} is in use by another process. Stop that process, or point this one to another home.", true, error),
        8 => new("store.read_only", $"The database {file} cannot be written: the file or its folder is read-only. Make both writable for this user.", false, error),
        10 => new("store.io", $"Reading or writing the database {file} failed ({error.Message}). Check the disk.", true, error),
        11 or 26 => new("store.damaged", $"The file {file} is damaged or is not a SQLite database. Move it away, or restore it from a backup.", false, error),
        13 => new("store.disk_full", $"The disk that holds {file} is full. Free some space; nothing of this write was kept.", true, error),
        14 => new("store.cannot_open", $"The database {file} cannot be opened. Check that its folder exists and that this user may write there.", false, error),
        1 when error.Message.Contains("no such table", StringComparison.Ordinal) =>
            new("store.no_schema", $"The database {file} has no schema yet. Migrate it first.", false, error),
        _ => new("store.failed", $"The database {file} refused a statement: {error.Message}", false, error),
    };
}
