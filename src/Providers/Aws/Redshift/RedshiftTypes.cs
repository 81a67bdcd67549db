using Sluice.Authoring.Hooks;
using Sluice.Authoring.Loading;
using Sluice.Authoring.Objects;

namespace Sluice.Providers.Aws.Redshift;

/// <summary>Types of columns that a load adds.</summary>
internal static class RedshiftTypes
{
    /// <summary>As long as Redshift's texts get.</summary>
    internal const string Text = "varchar(65535)";

    // Of a length of time: -838:59:59.999999
    private const string ShortText = "varchar(32)";

    private const int MostDigits = 38;
    private const int MostScale = 37;

    /// <summary>A type that holds every value of the source's; text where that is not known. Redshift cuts digits off without a word.</summary>
    internal static string For(string column, ObjectManifest? manifest)
    {
        var source = SourceType.Find(manifest, column);
        return source?.Kind switch
        {
            SqlColumnKind.Integer => source.IsBeyondLong ? "numeric(20)" : "bigint",
            SqlColumnKind.Decimal when source is { Digits: <= MostDigits and var digits, Scale: <= MostScale and var scale } => $"numeric({digits}, {scale})",
            SqlColumnKind.Float or SqlColumnKind.Single => "double precision",
            SqlColumnKind.Boolean => "boolean",
            SqlColumnKind.Date => "date",
            SqlColumnKind.Time when source.IsDuration => ShortText,
            SqlColumnKind.Time => source.HasZone ? "time with time zone" : "time",
            SqlColumnKind.Timestamp => source.HasZone ? "timestamp with time zone" : "timestamp",
            _ => Text,
        };
    }
}
