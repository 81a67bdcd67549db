using System.Globalization;
using System.Text.RegularExpressions;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Objects;

namespace Sluice.Providers.Aws.Redshift;

/// <summary>Types of columns that a load adds.</summary>
internal static partial class RedshiftTypes
{
    /// <summary>As long as Redshift's texts get.</summary>
    internal const string Text = "varchar(65535)";

    private const int MostDigits = 38;

    /// <summary>A type that holds every value of the source's; text where that is not known. Redshift cuts digits off without a word.</summary>
    internal static string For(string column, ObjectManifest? manifest)
    {
        var source = manifest?.Meta?.Sluice?.Columns.FirstOrDefault(one => string.Equals(one.Name, column, StringComparison.OrdinalIgnoreCase));
        return source?.Kind switch
        {
            SqlColumnKind.Integer when source.Type.Contains("BIGINT UNSIGNED", StringComparison.OrdinalIgnoreCase) => "numeric(20)",
            SqlColumnKind.Integer => "bigint",
            SqlColumnKind.Decimal when Digits().Match(source.Type) is { Success: true } digits && int.Parse(digits.Groups[1].ValueSpan, CultureInfo.InvariantCulture) <= MostDigits =>
                $"numeric({digits.Groups[1].Value}, {digits.Groups[2].Value})",
            SqlColumnKind.Float => "double precision",
            SqlColumnKind.Boolean => "boolean",
            SqlColumnKind.Date => "date",
            SqlColumnKind.Time => "time",
            SqlColumnKind.Timestamp when source.Type.Contains("with time zone", StringComparison.OrdinalIgnoreCase) => "timestamp with time zone",
            SqlColumnKind.Timestamp => "timestamp",
            _ => Text,
        };
    }

    [GeneratedRegex(@"\((\d+),\s*(\d+)\)")]
    private static partial Regex Digits();
}
