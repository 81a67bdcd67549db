using Sluice.Authoring.Hooks;

namespace Sluice.Authoring.Rows;

/// <summary>What is known of a query besides the columns of its result; for a policy to judge by.</summary>
/// <param name="Sql">Its text; of a table, its name.</param>
/// <param name="Origins">What the database says of its columns; null when it does not tell.</param>
internal sealed record QueryText(string Sql, QueryOrigins? Origins)
{
    /// <summary>All rows of this table, of a database that does not tell: its columns are its own.</summary>
    internal (string? Schema, string Table)? Table { get; init; }

    /// <summary>The query with the definitions of what it names.</summary>
    internal string Whole { get; } = Origins is { Definitions.Length: > 0 } origins ? $"{Sql}\n{origins.Definitions}" : Sql;

    /// <summary>Where a column of the result comes from; nobody knows where the database did not describe these columns.</summary>
    internal ColumnOrigins Of(IReadOnlyList<SqlColumn> columns, int position)
    {
        var name = columns[position].Name;
        if (Origins is { } told && told.Columns.Count == columns.Count && told.Columns[position].Name == name)
        {
            return told.Columns[position];
        }

        return Table is var (schema, table) ? new(name, [new(schema, table, name)], IsComputed: false) : new(name, [], IsComputed: true);
    }

    /// <summary>True when the text may speak of a tagged column.</summary>
    /// <param name="table">Of the tag; null for any.</param>
    /// <param name="column">Of the tag; <c>*</c> for all.</param>
    internal bool MayMean(string? table, string column)
    {
        if (Origins is null)
        {
            return true;
        }

        var ofTable = table is null || SqlMentions.Of(Whole, table[(table.LastIndexOf('.') + 1)..]);
        return column == "*" ? ofTable : SqlMentions.Of(Whole, column) || (ofTable && SqlMentions.HasWholeRows(Whole));
    }
}
