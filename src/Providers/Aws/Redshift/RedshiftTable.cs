using Sluice.Authoring.Hooks;
using Sluice.Authoring.Loading;
using Sluice.Authoring.Operators;
using Sluice.Providers.Postgres.Hooks;

namespace Sluice.Providers.Aws.Redshift;

/// <summary>A table as the catalog describes it.</summary>
/// <param name="Schema">Its schema.</param>
/// <param name="Name">Quoted, with its schema.</param>
/// <param name="Columns">Those that can be written, in the table's order.</param>
/// <param name="PrimaryKey">In the key's order; empty when there is none. Redshift does not enforce it.</param>
/// <param name="HasIdentity">A column counts by itself.</param>
internal sealed record RedshiftTable(
    string Schema, string Name, IReadOnlyList<RedshiftColumn> Columns, IReadOnlyList<string> PrimaryKey, bool HasIdentity)
{
    private const string Option = "EXPLICIT_IDS";

    /// <summary>Finds a column by its exact name, or without regard to case.</summary>
    /// <exception cref="TaskFailedException">There is none.</exception>
    internal RedshiftColumn Column(string name) =>
        Columns.FirstOrDefault(column => column.Name == name)
        ?? (Columns.Where(column => column.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Take(2).ToList() is [var only] ? only : null)
        ?? throw new TaskFailedException($"Table {Name} has no column '{name}'.");

    /// <exception cref="TaskFailedException">There is no such table, or more than one.</exception>
    internal static async ValueTask<RedshiftTable> DescribeAsync(ISqlHook session, TableLoad load, string? database, CancellationToken cancellationToken)
    {
        var rows = await session.QueryAsync(RedshiftSql.Describe(load.Schema, load.Table), null, int.MaxValue, cancellationToken);
        var tables = rows.GroupBy(row => (Schema: (string)row[0]!, Table: (string)row[1]!)).ToList();
        var found = tables.FirstOrDefault(table => table.Key.Table == load.Table && (string.IsNullOrEmpty(load.Schema) || table.Key.Schema == load.Schema))
            ?? tables.FirstOrDefault(table => table.Key.Table == Lower(load.Table) && (string.IsNullOrEmpty(load.Schema) || table.Key.Schema == Lower(load.Schema)))
            ?? (tables.Count == 1 ? tables[0] : null);
        var wanted = SqlNames.Quote(load.Schema, load.Table, PostgresHook.Redshift);
        if (found is null)
        {
            throw new TaskFailedException(tables.Count == 0
                ? $"There is no table {wanted} in Redshift's database {database} that its user may see; create it first, or name its schema."
                : $"{wanted} is not the exact name of a table in Redshift's database {database}, and several differ from it by case alone.");
        }

        var keepIdentities = RedshiftSql.Has(load, Option);
        return new(
            found.Key.Schema,
            SqlNames.Quote(found.Key.Schema, found.Key.Table, PostgresHook.Redshift),
            [.. found.Where(row => keepIdentities || !IsIdentity(row)).Select(Column)],
            [.. found.Where(row => row[5] is not null).OrderBy(row => Convert.ToInt32(row[5])).Select(row => (string)row[2]!)],
            found.Any(IsIdentity));
    }

    private static string Lower(string name) => name.ToLowerInvariant();

    private static RedshiftColumn Column(IReadOnlyList<object?> row)
    {
        var type = (string)row[3]!;
        return new(new((string)row[2]!, Required: (string)row[6]! == "NO" && row[4] is null) { Type = type }, type) { NotNull = (string)row[6]! == "NO" };
    }

    // "identity"(108, 0, '1,1'::text), or "default_identity"(...).
    private static bool IsIdentity(IReadOnlyList<object?> row) => row[4] is string value && value.StartsWith('"') && value.Contains("identity\"(", StringComparison.Ordinal);
}

/// <summary>A column that can be written.</summary>
/// <param name="Target">Its name, and whether it must be given.</param>
/// <param name="Type">As DDL writes it.</param>
internal sealed record RedshiftColumn(TargetColumn Target, string Type)
{
    internal string Name => Target.Name;

    /// <summary>NULL is refused.</summary>
    internal bool NotNull { get; init; }

    /// <summary>It can hold an empty string.</summary>
    internal bool IsText => Type.StartsWith("character", StringComparison.Ordinal);
}
