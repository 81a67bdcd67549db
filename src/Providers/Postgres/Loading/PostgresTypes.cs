using Sluice.Authoring.Hooks;
using Sluice.Authoring.Objects;

namespace Sluice.Providers.Postgres.Loading;

/// <summary>Types of columns that a load adds.</summary>
internal static class PostgresTypes
{
    /// <summary>A type that holds every value of the source's; text where the source is not known.</summary>
    internal static string For(string column, ObjectManifest? manifest)
    {
        var source = manifest?.Meta?.Sluice?.Columns.FirstOrDefault(one => string.Equals(one.Name, column, StringComparison.OrdinalIgnoreCase));
        return source?.Kind switch
        {
            SqlColumnKind.Integer when source.Type.Contains("BIGINT UNSIGNED", StringComparison.OrdinalIgnoreCase) => "numeric(20)",
            SqlColumnKind.Integer => "bigint",
            SqlColumnKind.Decimal => "numeric",
            SqlColumnKind.Float => "double precision",
            SqlColumnKind.Boolean => "boolean",
            SqlColumnKind.Date => "date",
            SqlColumnKind.Time => "time",
            SqlColumnKind.Timestamp when source.Type.Contains("with time zone", StringComparison.OrdinalIgnoreCase) => "timestamp with time zone",
            SqlColumnKind.Timestamp => "timestamp",
            SqlColumnKind.Binary => "bytea",
            _ => "text",
        };
    }
}
