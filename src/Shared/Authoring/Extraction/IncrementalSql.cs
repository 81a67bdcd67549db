using System.Globalization;
using System.Numerics;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Loading;

namespace Sluice.Authoring.Extraction;

/// <summary>How marks are compared with a column in the source's own type, so that an index serves and no digit is lost. Pure.</summary>
/// <param name="Name">The column, quoted.</param>
/// <param name="Column">What the source says of it.</param>
/// <param name="Dialect">The source's.</param>
internal sealed record IncrementalSql(string Name, SqlColumn Column, string Dialect)
{
    private const int MostScale = 30;

    internal SqlColumnKind Kind => Column.Kind;

    private int Scale => new SourceType(Kind, Column.Type).Scale ?? MostScale;

    /// <summary>The value to bind: always a parameter, never part of the statement.</summary>
    internal object Bind(string mark) => Dialect == "mysql" && Kind == SqlColumnKind.Integer ? BigInteger.Parse(mark, CultureInfo.InvariantCulture) : mark;

    /// <summary>Where the parameter stands.</summary>
    internal string Place(string parameter) => (Dialect, Kind) switch
    {
        ("mysql", SqlColumnKind.Integer) => $"@{parameter}",
        ("mysql", SqlColumnKind.Decimal) => $"CAST(@{parameter} AS DECIMAL(65,{Scale}))", // beyond its digits MySQL takes the largest number
        ("mysql", SqlColumnKind.Date) => $"CAST(@{parameter} AS DATE)",
        ("mysql", _) => $"CAST(@{parameter} AS DATETIME(6))",
        ("sqlite", _) => $"@{parameter}", // the column's affinity makes it a number
        (_, SqlColumnKind.Integer) => $"CAST(@{parameter} AS bigint)",
        (_, SqlColumnKind.Decimal) => $"CAST(@{parameter} AS numeric)",
        (_, SqlColumnKind.Date) => $"CAST(@{parameter} AS date)",
        _ when Column.Type.Contains("with time zone", StringComparison.OrdinalIgnoreCase) || Column.Type.Contains("timestamptz", StringComparison.OrdinalIgnoreCase) =>
            $"CAST(@{parameter} AS timestamp with time zone)",
        _ => $"CAST(@{parameter} AS timestamp)",
    };
}
