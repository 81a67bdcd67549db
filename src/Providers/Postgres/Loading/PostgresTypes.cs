using Sluice.Authoring.Hooks;
using Sluice.Authoring.Loading;
using Sluice.Authoring.Objects;

namespace Sluice.Providers.Postgres.Loading;

/// <summary>Types of columns that a load adds.</summary>
internal static class PostgresTypes
{
    /// <summary>A type that holds every value of the source's; text where the source is not known.</summary>
    internal static string For(string column, ObjectManifest? manifest)
    {
        var source = SourceType.Find(manifest, column);
        return source?.Kind switch
        {
            SqlColumnKind.Integer => source.IsBeyondLong ? "numeric(20)" : "bigint",
            SqlColumnKind.Decimal => "numeric",
            SqlColumnKind.Float or SqlColumnKind.Single => "double precision",
            SqlColumnKind.Boolean => "boolean",
            SqlColumnKind.Date => "date",
            SqlColumnKind.Time when source.IsDuration => "interval",
            SqlColumnKind.Time => source.HasZone ? "time with time zone" : "time",
            SqlColumnKind.Timestamp => source.HasZone ? "timestamp with time zone" : "timestamp",
            SqlColumnKind.Binary => "bytea",
            _ => "text",
        };
    }
}
