using Npgsql;
using Sluice.Authoring.Hooks;

namespace Sluice.Providers.Postgres.Hooks;

/// <summary>The driver's exceptions in the server's own words.</summary>
internal static class PostgresErrors
{
    // Classes of SQLSTATE (PostgreSQL, Appendix A): connection, rollback (deadlock, serialization), resources, operator intervention.
    private static readonly string[] TransientClasses = ["08", "40", "53", "57"];

    internal static SqlHookException Describe(NpgsqlException e) => e switch
    {
        PostgresException refused => new(
            refused.MessageText + Place(refused) + (refused.Hint is { Length: > 0 } hint ? $" {hint}" : ""),
            TransientClasses.Contains(refused.SqlState[..2]),
            e),
        _ => new(e.InnerException is { } inner ? $"{e.Message} ({inner.Message})" : e.Message, isTransient: true, e),
    };

    // COPY says on which line it stopped; of other statements it would be their own text.
    private static string Place(PostgresException refused) =>
        refused.Where is { } where && where.StartsWith("COPY", StringComparison.Ordinal) ? $" ({where.ReplaceLineEndings(" ")})" : "";
}
