using System.Globalization;
using System.Net.Sockets;
using Npgsql;

namespace Sluice.Storage.Postgres;

/// <summary>Says in one sentence what PostgreSQL or the way to it means (https://www.postgresql.org/docs/current/errcodes-appendix.html).</summary>
internal static class PostgresErrors
{
    /// <summary>Raised by <c>journal_fence</c> and <c>journal_append</c>; the message is the current epoch.</summary>
    public const string Fenced = "SLF01";

    public static bool IsFenced(PostgresException error, long held, out FencedOutException fenced)
    {
        fenced = error.SqlState == Fenced ? new(held, long.Parse(error.MessageText, CultureInfo.InvariantCulture)) : null!;
        return error.SqlState == Fenced;
    }

    /// <param name="error">What Npgsql threw.</param>
    /// <param name="server">Host, port, database and user: for messages.</param>
    public static StoreException Explain(NpgsqlException error, NpgsqlConnectionStringBuilder server)
    {
        var where = $"PostgreSQL at {server.Host}:{server.Port}";
        if (error is PostgresException refused)
        {
            return refused.SqlState switch
            {
                "28P01" => new("store.wrong_password", $"{where} refused the password of user '{server.Username}'. Correct the address of the store.", false, error),
                "28000" => new("store.access_denied", $"{where} does not let user '{server.Username}' in: {refused.MessageText}.", false, error),
                "3D000" => new("store.no_database", $"{where} has no database '{server.Database}'. Create it first.", false, error),
                "42501" => new("store.access_denied", $"{where} denies user '{server.Username}' something that Sluice needs: {refused.MessageText}.", false, error),
                "42P01" or "42883" => new("store.no_schema", $"Database '{server.Database}' of {where} has no schema yet, or an old one. Migrate it first.", false, error),
                "25006" => new("store.read_only", $"{where} is read-only, as a standby is. Point Sluice to the primary server.", true, error),
                "53100" => new("store.disk_full", $"The disk of {where} is full. Free some space; nothing of this write was kept.", true, error),
                "53300" => new("store.busy", $"{where} has no connection left for user '{server.Username}'. Raise max_connections, or run fewer schedulers.", true, error),
                "57P01" or "57P02" or "57P03" => new("store.unavailable", $"{where} is shutting down or starting: {refused.MessageText}.", true, error),
                _ => new("store.failed", $"{where} refused a statement ({refused.SqlState}): {refused.MessageText}.", refused.IsTransient, error),
            };
        }

        var reason = error.InnerException switch
        {
            SocketException socket => socket.Message,
            TimeoutException => "no answer in time",
            { } inner => inner.Message,
            null => error.Message,
        };
        return error.InnerException is null && error.Message.Contains("password", StringComparison.OrdinalIgnoreCase)
            ? new("store.wrong_password", $"{where} asks for a password of user '{server.Username}' and none is given. Correct the address of the store.", false, error)
            : new("store.unreachable", $"{where} cannot be reached ({reason.TrimEnd('.')}). Check the address, and that the server runs.", true, error);
    }
}
