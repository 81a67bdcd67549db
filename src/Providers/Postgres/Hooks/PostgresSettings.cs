using System.Globalization;
using Npgsql;
using Sluice.Core.Connections;
using Sluice.Authoring.Operators;

namespace Sluice.Providers.Postgres.Hooks;

/// <summary>Makes Npgsql's settings of a connection.</summary>
internal static class PostgresSettings
{
    private const int RedshiftPort = 5439;

    // Read by Redshift's COPY, not by the driver.
    private static readonly string[] CopySettings = ["iam_role", "region"];

    /// <exception cref="TaskFailedException">The connection has a setting that nobody reads, or one that cannot be read.</exception>
    internal static string Build(Connection connection, string dialect)
    {
        var isRedshift = dialect == PostgresHook.Redshift;
        var settings = new NpgsqlConnectionStringBuilder
        {
            Host = connection.Host ?? "localhost",
            Port = connection.Port ?? (isRedshift ? RedshiftPort : NpgsqlConnection.DefaultPort),
            Database = connection.Schema ?? connection.Login,
            Username = connection.Login,
            Password = connection.Password,
            ApplicationName = "sluice",
            Pooling = false, // a task has one session; between tasks none should stay
            CommandTimeout = 0, // the attempt has a timeout of its own
            KeepAlive = 30, // between statements; within one the kernel asks, so that no router forgets a connection that waits, and one that is lost is known
            TcpKeepAlive = true,
            TcpKeepAliveTime = 30,
            TcpKeepAliveInterval = 10,
            ClientEncoding = "UTF8", // whatever PGCLIENTENCODING says: bytes are passed on as they come
            WriteBufferSize = 128 * 1024, // of COPY: larger messages, fewer calls
            IncludeErrorDetail = isRedshift, // where Redshift says what it means by 1023
        };
        foreach (var (key, value) in connection.Extra)
        {
            Apply(settings, key, value, connection.Id, isRedshift);
        }

        return settings.ToString();
    }

    private static void Apply(NpgsqlConnectionStringBuilder settings, string key, string value, string id, bool isRedshift)
    {
        switch (key)
        {
            case "sslmode" when Enum.TryParse<SslMode>(value.Replace("-", "", StringComparison.Ordinal), ignoreCase: true, out var mode):
                settings.SslMode = mode;
                break;
            case "sslrootcert":
                settings.RootCertificate = value;
                break;
            case "sslcert":
                settings.SslCertificate = value;
                break;
            case "sslkey":
                settings.SslKey = value;
                break;
            case "connect_timeout" when int.TryParse(value, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and <= 1024:
                settings.Timeout = seconds;
                break;
            case "application_name":
                settings.ApplicationName = value;
                break;
            case "search_path" when !isRedshift:
                settings.SearchPath = value;
                break;
            case "sslmode" or "connect_timeout":
                throw new TaskFailedException($"Connection '{id}': {key} cannot be '{value}'.");
            default:
                if (isRedshift && CopySettings.Contains(key))
                {
                    break;
                }

                throw new TaskFailedException(
                    $"Connection '{id}': there is no setting '{key}'; known: sslmode, sslrootcert, sslcert, sslkey, connect_timeout, application_name, "
                    + (isRedshift ? "iam_role, region." : "search_path."));
        }
    }
}
