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
        PostgresException { SqlState: "XX000" } redshift when OfRedshift(redshift) is { } described => described,
        PostgresException refused => new(
            refused.MessageText + Place(refused) + (refused.Hint is { Length: > 0 } hint ? $" {hint}" : ""),
            TransientClasses.Contains(refused.SqlState[..2]),
            e),
        _ => new(e.InnerException is { } inner ? $"{e.Message} ({inner.Message})" : e.Message, isTransient: true, e),
    };

    // Redshift gives one SQLSTATE to most of what goes wrong: the number 1023 is a conflict of writers, a status of 5xx is S3's bad moment.
    private static SqlHookException? OfRedshift(PostgresException refused) =>
        refused.MessageText.StartsWith("1023", StringComparison.Ordinal) || refused.MessageText.Contains("Serializable isolation violation", StringComparison.Ordinal)
            ? new($"{refused.MessageText} {refused.Detail}".TrimEnd(), isTransient: true, refused)
            : refused.MessageText.Contains(",Status 5", StringComparison.Ordinal) ? new(refused.MessageText, isTransient: true, refused) : null;

    // COPY says on which line it stopped; of other statements it would be their own text.
    private static string Place(PostgresException refused) =>
        refused.Where is { } where && where.StartsWith("COPY", StringComparison.Ordinal) ? $" ({where.ReplaceLineEndings(" ")})" : "";
}
