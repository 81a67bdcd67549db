using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;

namespace Sluice.Authoring.Csv;

/// <summary>Matches the columns of a file with those of a table.</summary>
public static class LoadColumns
{
    /// <summary>Finds for each column of the file the table's own spelling; by the exact name first, then without regard to case.</summary>
    /// <param name="fileColumns">As the header or the author names them.</param>
    /// <param name="tableColumns">All columns that can be written.</param>
    /// <param name="table">Named in messages.</param>
    /// <exception cref="TaskFailedException">The table lacks some of them, or one is there twice.</exception>
    public static IReadOnlyList<string> Match(IReadOnlyList<string> fileColumns, IReadOnlyList<string> tableColumns, string table)
    {
        var matched = fileColumns.Select(name => Find(name.Trim(), tableColumns)).ToList();
        var unknown = fileColumns.Where((_, i) => matched[i] is null).ToList();
        if (unknown.Count > 0)
        {
            throw new TaskFailedException(
                $"Table {table} has no column {Names(unknown)} that the file has; the table's columns are {Names(tableColumns)}.");
        }

        var repeated = matched.GroupBy(name => name).Where(group => group.Count() > 1).Select(group => group.Key!).ToList();
        return repeated.Count == 0
            ? [.. matched.OfType<string>()]
            : throw new TaskFailedException($"The file has the column {Names(repeated)} of table {table} more than once.");
    }

    /// <summary>Finds the columns that identify a row.</summary>
    /// <param name="upsertKeys">As the author names them; null or empty for the primary key.</param>
    /// <param name="primaryKey">The table's, empty when it has none.</param>
    /// <param name="columns">Columns that are loaded.</param>
    /// <param name="table">Named in messages.</param>
    /// <exception cref="TaskFailedException">There are none, or the file lacks some of them.</exception>
    public static IReadOnlyList<string> Keys(
        IReadOnlyList<string>? upsertKeys, IReadOnlyList<string> primaryKey, IReadOnlyList<string> columns, string table)
    {
        var wanted = upsertKeys is { Count: > 0 } ? upsertKeys : primaryKey;
        if (wanted.Count == 0)
        {
            throw new TaskFailedException($"Table {table} has no primary key: UPSERT needs UpsertKeys, the columns that identify a row.");
        }

        var keys = wanted.Select(name => Find(name, columns)).ToList();
        var missing = wanted.Where((_, i) => keys[i] is null).ToList();
        return missing.Count == 0
            ? [.. keys.OfType<string>()]
            : throw new TaskFailedException($"UPSERT into {table} goes by {Names(wanted)}, but the file has no column {Names(missing)}.");
    }

    /// <summary>Finds the column that orders rows of equal keys; null when the author named none.</summary>
    /// <exception cref="TaskFailedException">The file lacks it.</exception>
    public static string? Order(string? orderColumn, IReadOnlyList<string> columns, string table) =>
        orderColumn is null
            ? null
            : Find(orderColumn, columns)
              ?? throw new TaskFailedException($"UPSERT into {table} keeps the row with the highest '{orderColumn}', but the file has no such column.");

    internal static string? Find(string name, IReadOnlyList<string> names) =>
        names.FirstOrDefault(n => n == name)
        ?? (names.Where(n => string.Equals(n, name, StringComparison.OrdinalIgnoreCase)).Take(2).ToList() is [var only] ? only : null);

    private static string Names(IEnumerable<string> names) => string.Join(", ", names.Select(name => $"'{name}'"));
}
