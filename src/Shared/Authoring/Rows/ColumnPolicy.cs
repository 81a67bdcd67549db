using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;

namespace Sluice.Authoring.Rows;

/// <summary>Which columns may leave the database, and in what form.</summary>
public sealed record ColumnPolicy
{
    /// <summary>Columns that are left out.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>Column to mask: <c>hash</c>, <c>null</c>, <c>partial</c> or <c>partial:4</c> (so many characters stay at the end).</summary>
    public IReadOnlyDictionary<string, string> Mask { get; init; } = new Dictionary<string, string>();

    /// <summary>Key of the hashes; needed where one is asked for.</summary>
    public string? Salt { get; init; }

    /// <summary>
    /// Columns that may leave masked or not at all: <c>email</c> in any table, <c>customers.email</c>, or <c>customers.*</c>. Names go without
    /// regard to case; an alias in the query is seen through where the database tells where a column comes from.
    /// </summary>
    public IReadOnlyList<string> Personal { get; init; } = [];

    /// <summary>True when there is nothing to enforce.</summary>
    public bool IsEmpty => Exclude.Count == 0 && Mask.Count == 0 && Personal.Count == 0;

    /// <summary>Decides for each column of a result.</summary>
    /// <exception cref="TaskFailedException">A column is named that is not there, a mask is unknown, or a personal column would leave as it is.</exception>
    internal ColumnRule[] Decide(IReadOnlyList<SqlColumn> columns)
    {
        foreach (var name in Exclude.Concat(Mask.Keys))
        {
            if (!columns.Any(column => Same(column.Name, name)))
            {
                throw new TaskFailedException(
                    $"Column '{name}' is to be left out or masked, but the query has no such column; it has {string.Join(", ", columns.Select(c => c.Name))}.");
            }
        }

        var rules = columns.Select(Rule).ToArray();
        var open = columns.Where((column, i) => rules[i] is { Excluded: false, Mask: null } && Personal.Any(tag => IsPersonal(column, tag))).ToList();
        if (open.Count > 0)
        {
            throw new TaskFailedException(
                $"The extract selects {string.Join(", ", open.Select(Describe))}, tagged as personal; exclude {(open.Count == 1 ? "it" : "them")} or mask {(open.Count == 1 ? "it" : "them")}.");
        }

        return rules.All(rule => rule.Excluded)
            ? throw new TaskFailedException("All columns of the extract are left out.")
            : rules;
    }

    private ColumnRule Rule(SqlColumn column)
    {
        if (Exclude.Any(name => Same(name, column.Name)))
        {
            return new(Excluded: true, Mask: null);
        }

        var mask = Mask.FirstOrDefault(one => Same(one.Key, column.Name));
        return new(Excluded: false, mask.Key is null ? null : ColumnMask.Parse(column.Name, mask.Value, Salt));
    }

    private static bool IsPersonal(SqlColumn column, string tag)
    {
        var dot = tag.LastIndexOf('.');
        var (table, name) = dot < 0 ? (null, tag) : (tag[..dot], tag[(dot + 1)..]);
        var isTable = table is null || (column.Table is not null && (Same(column.Table, table) || Same($"{column.Schema}.{column.Table}", table)));

        // Where the database does not say which table a column is of, its name alone decides: better refused once too often.
        isTable |= column.Table is null && name != "*";
        return isTable && (name == "*" || Same(column.Name, name) || (column.Origin is { } origin && Same(origin, name)));
    }

    private static string Describe(SqlColumn column) =>
        column.Table is null ? column.Name : $"{column.Name} ({column.Table}.{column.Origin ?? column.Name})";

    private static bool Same(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
}

/// <summary>What becomes of one column.</summary>
internal readonly record struct ColumnRule(bool Excluded, ColumnMask? Mask);
