using System.Globalization;
using System.Text;
using Sluice.Authoring.Evidence;
using Sluice.Authoring.Hooks;

namespace Sluice.Authoring.Extraction;

/// <summary>Reads the answer to <see cref="ExtractQueries.Counts(ExtractRequest, string, IReadOnlyList{ColumnEvidence})"/>.</summary>
public static class SourceEvidence
{
    /// <summary>What a database says of its rows.</summary>
    /// <param name="values">Rows, then of each column its values and, where they are compared, the least and the greatest.</param>
    /// <param name="columns">The columns that were asked for.</param>
    public static RowEvidence Read(IReadOnlyList<string?> values, IReadOnlyList<ColumnEvidence> columns)
    {
        var rows = long.Parse(values[0]!, CultureInfo.InvariantCulture);
        var at = 1;
        var read = new List<ColumnEvidence>();
        foreach (var column in columns)
        {
            var nulls = rows - long.Parse(values[at++]!, CultureInfo.InvariantCulture);
            var (min, max) = ExtractQueries.HasExtremes(column.Kind) ? (values[at++], values[at++]) : (null, null);
            read.Add(column with { Nulls = nulls, Min = Canonical(min, column.Kind), Max = Canonical(max, column.Kind) });
        }

        return new(rows, null, read);
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
