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
    /// regard to case. Aliases and views are seen through; a column that the query computes is refused when the query mentions a tagged one.
    /// </summary>
    public IReadOnlyList<string> Personal { get; init; } = [];

    /// <summary>Computed columns for which the author vouches: they show nothing personal, although the query mentions it.</summary>
    public IReadOnlyList<string> NotPersonal { get; init; } = [];

    /// <summary>True when there is nothing to enforce.</summary>
    public bool IsEmpty => Exclude.Count == 0 && Mask.Count == 0 && Personal.Count == 0;

    /// <summary>Decides for each column of a result.</summary>
    /// <param name="columns">The result's.</param>
    /// <param name="query">Where they come from.</param>
    /// <exception cref="TaskFailedException">A column is named that is not there, a mask is unknown, or a personal column would leave as it is.</exception>
    internal ColumnRule[] Decide(IReadOnlyList<SqlColumn> columns, QueryText query)
    {
        foreach (var name in Exclude.Concat(Mask.Keys).Concat(NotPersonal))
        {
            if (!columns.Any(column => Same(column.Name, name)))
            {
                throw new TaskFailedException(
                    $"Column '{name}' is to be left out, masked or vouched for, but the query has no such column; it has {string.Join(", ", columns.Select(c => c.Name))}.");
            }
        }

        var rules = columns.Select(Rule).ToArray();
        var open = columns.Select((_, i) => query.Of(columns, i)).Where((_, i) => rules[i] is { Excluded: false, Mask: null }).ToList();
        RefusePersonal([.. open.Where(column => Personal.Any(tag => IsPersonal(column, tag)))]);
        RefuseComputed(
            [.. open.Where(column => column.IsComputed && !NotPersonal.Any(name => Same(name, column.Name)) && Personal.Any(tag => query.MayMean(Table(tag), Column(tag))))],
            query);
        return rules.All(rule => rule.Excluded)
            ? throw new TaskFailedException("All columns of the extract are left out.")
            : rules;
    }

    private static void RefusePersonal(List<ColumnOrigins> open)
    {
        if (open.Count > 0)
        {
            throw new TaskFailedException(
                $"The extract selects {string.Join(", ", open.Select(Describe))}, tagged as personal; exclude {(open.Count == 1 ? "it" : "them")} or mask {(open.Count == 1 ? "it" : "them")}.");
        }
    }

    private static void RefuseComputed(List<ColumnOrigins> computed, QueryText query)
    {
        if (computed.Count > 0)
        {
            throw new TaskFailedException(
                $"Nobody can tell where {string.Join(", ", computed.Select(column => column.Name))} of the extract {(computed.Count == 1 ? "comes" : "come")} from: "
                + (query.Origins is null ? "the database does not say it of this query" : "the query computes it, and mentions a column tagged as personal")
                + ". Mask or exclude it, select the columns as they are, or, where it shows nothing personal, list it in NotPersonal.");
        }
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

    private static bool IsPersonal(ColumnOrigins column, string tag)
    {
        var (table, name) = (Table(tag), Column(tag));
        if (column.From.Count == 0)
        {
            return name != "*" && Same(column.Name, name);
        }

        var ofTable = column.From.Where(one => table is null || Same(one.Table, table) || Same($"{one.Schema}.{one.Table}", table)).ToList();
        return ofTable.Count > 0 && (name == "*" || Same(column.Name, name) || ofTable.Any(one => Same(one.Column, name)));
    }

    private static string? Table(string tag) => tag.LastIndexOf('.') is >= 0 and var dot ? tag[..dot] : null;

    private static string Column(string tag) => tag[(tag.LastIndexOf('.') + 1)..];

    private static string Describe(ColumnOrigins column) =>
        column.From is [.., var last] ? $"{column.Name} ({last.Table}.{last.Column})" : column.Name;

    private static bool Same(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
}

/// <summary>What becomes of one column.</summary>
internal readonly record struct ColumnRule(bool Excluded, ColumnMask? Mask);
