namespace Sluice.Authoring.Hooks;

/// <summary>A database that can tell, without running a query, where the columns of its result come from.</summary>
public interface IDescribingHook : ISqlHook
{
    /// <summary>Describes a query's columns, seeing through views. Asks in a session of its own.</summary>
    /// <param name="sql">One query.</param>
    /// <param name="parameters">Values for <c>@name</c> placeholders; null for none.</param>
    /// <param name="cancellationToken">Cancels asking.</param>
    /// <returns>Null where this database, or this kind of statement, does not tell.</returns>
    /// <exception cref="SqlHookException">The database refuses the query.</exception>
    ValueTask<QueryOrigins?> DescribeAsync(string sql, IReadOnlyDictionary<string, object?>? parameters, CancellationToken cancellationToken);
}

/// <summary>Where the columns of a query come from.</summary>
/// <param name="Columns">In the query's order.</param>
/// <param name="Definitions">What the views and functions say that the query names, and those that these name: computed columns may come from there.</param>
public sealed record QueryOrigins(IReadOnlyList<ColumnOrigins> Columns, string Definitions);

/// <summary>Where one column of a query comes from.</summary>
/// <param name="Name">As the query names it.</param>
/// <param name="From">Columns of tables, and of views on the way; empty where nothing is known.</param>
/// <param name="IsComputed">True where it is, or may be, more than the columns of <paramref name="From"/>.</param>
public sealed record ColumnOrigins(string Name, IReadOnlyList<TableColumn> From, bool IsComputed);

/// <summary>A column of a table or a view.</summary>
/// <param name="Schema">Its schema; for MySQL its database.</param>
/// <param name="Table">Its table or view.</param>
/// <param name="Column">Its name there.</param>
public sealed record TableColumn(string? Schema, string Table, string Column);
