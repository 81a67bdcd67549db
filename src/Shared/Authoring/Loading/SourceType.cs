using System.Globalization;
using System.Text.RegularExpressions;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Objects;

namespace Sluice.Authoring.Loading;

/// <summary>What a column of the objects may hold, by the name that its source gives its type.</summary>
/// <param name="Kind">What its values are.</param>
/// <param name="Name">The source's own name of the type.</param>
public sealed partial record SourceType(SqlColumnKind Kind, string Name)
{
    private const int LongDigits = 19;

    /// <summary>Of a column that the manifest names; null where nothing is known of it.</summary>
    public static SourceType? Find(ObjectManifest? manifest, string column) =>
        manifest?.Meta?.Sluice?.Columns.FirstOrDefault(one => string.Equals(one.Name, column, StringComparison.OrdinalIgnoreCase)) is { } found ? new(found.Kind, found.Type) : null;

    /// <summary>Most digits that a number has; null where there is no limit, or none that is known.</summary>
    public int? Digits => Kind switch
    {
        SqlColumnKind.Decimal => Numbers is var (digits, scale) ? Math.Max(digits, scale) : null,
        SqlColumnKind.Integer when IsBeyondLong => LongDigits + 1,
        SqlColumnKind.Integer => Name.ToUpperInvariant().Replace(" UNSIGNED", "", StringComparison.Ordinal) switch
        {
            "TINYINT" => 3,
            "SMALLINT" or "YEAR" => 5,
            "MEDIUMINT" => 8,
            "INT" or "INTEGER" => 10,
            _ => LongDigits,
        },
        SqlColumnKind.Single => 6,
        SqlColumnKind.Float => Name.ToUpperInvariant() is "FLOAT" or "REAL" ? 6 : 15,
        _ => null,
    };

    /// <summary>Digits behind the point of a decimal; null where there is no limit, or none that is known.</summary>
    public int? Scale => Kind == SqlColumnKind.Decimal && Numbers is var (_, scale) ? scale : null;

    /// <summary>A whole number that 64 bits with a sign do not hold.</summary>
    public bool IsBeyondLong => Kind == SqlColumnKind.Integer
        && (Name.Contains("BIGINT UNSIGNED", StringComparison.OrdinalIgnoreCase) || Name.Equals("BIT(64)", StringComparison.OrdinalIgnoreCase));

    /// <summary>A TIME of MySQL: a length of time from -838 to 838 hours rather than a time of day.</summary>
    public bool IsDuration => Kind == SqlColumnKind.Time && (Name == "TIME" || Name.StartsWith("TIME(", StringComparison.Ordinal));

    /// <summary>It comes with an offset from UTC.</summary>
    public bool HasZone => Name.Contains("with time zone", StringComparison.OrdinalIgnoreCase);

    /// <summary>Digits of a second; null where that is not known.</summary>
    public int? Fraction => Name.StartsWith("timestamp ", StringComparison.Ordinal) || Name.StartsWith("time ", StringComparison.Ordinal) ? 6
        : Fractions().Match(Name) is { Success: true } found ? int.Parse(found.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : null;

    private (int Digits, int Scale)? Numbers => Pair().Match(Name) is { Success: true } found
        ? (Number(found.Groups[1]), found.Groups[2].Success ? Number(found.Groups[2]) : 0)
        : null;

    private static int Number(Group digits) => int.Parse(digits.ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)")]
    private static partial Regex Pair();

    [GeneratedRegex(@"\A(?:timestamp|time|datetime)\((\d)\)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Fractions();
}
