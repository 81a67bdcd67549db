using System.Globalization;
using System.Text;
using Sluice.Authoring.Hooks;

namespace Sluice.Authoring.Evidence;

/// <summary>What a database says of rows itself: how many, the NULLs of each column, the least and the greatest.</summary>
public static class CountedEvidence
{
    /// <summary>Asks for rows, then of each column its values and, where they are compared, the least and the greatest.</summary>
    /// <param name="from">What stands behind FROM.</param>
    /// <param name="dialect">The database's.</param>
    /// <param name="columns">Columns to ask for.</param>
    public static string Query(string from, string dialect, IReadOnlyList<ColumnEvidence> columns) =>
        $"SELECT COUNT(*){string.Concat(columns.Select(column => Counts(SqlNames.Quote(column.Name, dialect), column.Kind, dialect)))} FROM {from}";

    /// <summary>True when least and greatest of these values mean the same to every database.</summary>
    internal static bool HasExtremes(SqlColumnKind kind) =>
        kind is SqlColumnKind.Integer or SqlColumnKind.Decimal or SqlColumnKind.Date or SqlColumnKind.Timestamp;

    /// <summary>Reads the answer.</summary>
    /// <param name="values">The one row.</param>
    /// <param name="columns">The columns that were asked for.</param>
    public static RowEvidence Read(IReadOnlyList<string?> values, IReadOnlyList<ColumnEvidence> columns)
    {
        var rows = long.Parse(values[0]!, CultureInfo.InvariantCulture);
        var at = 1;
        var read = new List<ColumnEvidence>();
        foreach (var column in columns)
        {
            var nulls = rows - long.Parse(values[at++]!, CultureInfo.InvariantCulture);
            var (min, max) = HasExtremes(column.Kind) ? (values[at++], values[at++]) : (null, null);
            read.Add(column with { Nulls = nulls, Min = Canonical(min, column.Kind), Max = Canonical(max, column.Kind) });
        }

        return new(rows, null, read);
    }

    private static string Counts(string name, SqlColumnKind kind, string dialect)
    {
        // Least and greatest of a BIT come from MySQL as digits that it calls bits.
        var value = kind == SqlColumnKind.Integer && dialect == "mysql" ? $"{name} + 0" : name;
        return HasExtremes(kind) ? $", COUNT({name}), MIN({value}), MAX({value})" : $", COUNT({name})";
    }

    private static string? Canonical(string? value, SqlColumnKind kind)
    {
        if (value is null)
        {
            return null;
        }

        var utf8 = Encoding.UTF8.GetBytes(value);
        return Encoding.UTF8.GetString(
            kind is SqlColumnKind.Integer or SqlColumnKind.Decimal ? CanonicalValue.Number(utf8) : CanonicalValue.Moment(utf8));
    }
}
