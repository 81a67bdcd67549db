using System.Data.Common;
using System.Globalization;
using Sluice.Core.Connections;

namespace Sluice.Providers.MySql.Sessions;

/// <summary>How far TLS is asked for.</summary>
internal enum MySqlSslMode
{
    Disabled,
    Preferred,
    Required,
    Verify,
}

/// <summary>What becomes of dates such as 0000-00-00 and 2021-00-15, which only MySQL takes for dates.</summary>
internal enum ZeroDates
{
    Null,
    Text,
    Error,
}

/// <summary>All that a session needs to know, checked.</summary>
internal sealed record MySqlSettings
{
    private const int DefaultPort = 3306;

    private static readonly string[] KnownExtras =
        ["charset", "connect_timeout", "read_timeout", "socket", "ssl_ca", "ssl_cert", "ssl_key", "ssl_mode", "ssl_verify", "time_zone", "zero_dates"];

    public string Host { get; init; } = "localhost";

    public int Port { get; init; } = DefaultPort;

    public string? User { get; init; }

    public string? Password { get; init; }

    public string? Database { get; init; }

    public string? Socket { get; init; }

    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest silence of the server in the middle of an answer; zero: without limit, since a query may think for hours.</summary>
    public TimeSpan ReadTimeout { get; init; }

    public MySqlSslMode SslMode { get; init; } = MySqlSslMode.Preferred;

    public string? SslAuthority { get; init; }

    public string? SslCertificate { get; init; }

    public string? SslKey { get; init; }

    public ZeroDates ZeroDates { get; init; }

    /// <summary>Zone in which the session reads and writes TIMESTAMP; null for the server's own.</summary>
    public string? TimeZone { get; init; } = "+00:00";

    /// <summary>For messages: never the password.</summary>
    public string Place => $"{Socket ?? $"{Host}:{Port}"} as '{User}'";

    public static MySqlSettings From(Connection connection)
    {
        try
        {
            return FromExtras(
                new()
                {
                    Host = connection.Host ?? "localhost",
                    Port = connection.Port ?? DefaultPort,
                    User = connection.Login,
                    Password = connection.Password,
                    Database = connection.Schema,
                },
                connection.Extra);
        }
        catch (FormatException problem)
        {
            throw new FormatException($"Connection '{connection.Id}': {problem.Message}", problem);
        }
    }

    /// <summary>Reads an ADO.NET connection string: Server, Port, User ID, Password, Database, and the extras of the URI under their own names.</summary>
    public static MySqlSettings From(string connectionString)
    {
        var settings = new MySqlSettings();
        var extras = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var builder = new DbConnectionStringBuilder { ConnectionString = connectionString };
        foreach (string key in builder.Keys)
        {
            var value = (string)builder[key];
            switch (key.ToUpperInvariant().Replace(" ", "", StringComparison.Ordinal))
            {
                case "SERVER" or "HOST":
                    settings = settings with { Host = value };
                    break;
                case "PORT":
                    settings = settings with { Port = Whole("Port", value, 1, 65535) };
                    break;
                case "USERID" or "UID" or "USER" or "USERNAME":
                    settings = settings with { User = value };
                    break;
                case "PASSWORD" or "PWD":
                    settings = settings with { Password = value };
                    break;
                case "DATABASE":
                    settings = settings with { Database = value };
                    break;
                default:
                    extras[key.ToLowerInvariant()] = value;
                    break;
            }
        }

        return FromExtras(settings, extras);
    }

    private static MySqlSettings FromExtras(MySqlSettings settings, IReadOnlyDictionary<string, string> extras)
    {
        foreach (var (key, value) in extras)
        {
            settings = key switch
            {
                "charset" => value.ToLowerInvariant() is "utf8mb4" or "utf8"
                    ? settings
                    : throw new FormatException($"charset={value} is not possible: rows are read as UTF-8, whatever the tables hold; leave it out."),
                "connect_timeout" => settings with { ConnectTimeout = TimeSpan.FromSeconds(Whole(key, value, 1, 3600)) },
                "read_timeout" => settings with { ReadTimeout = TimeSpan.FromSeconds(Whole(key, value, 0, 86400)) },
                "socket" => settings with { Socket = value },
                "ssl_ca" => settings with { SslAuthority = Existing(key, value) },
                "ssl_cert" => settings with { SslCertificate = Existing(key, value) },
                "ssl_key" => settings with { SslKey = Existing(key, value) },
                "ssl_mode" or "ssl_verify" => settings,
                "time_zone" => settings with { TimeZone = Zone(value) },
                "zero_dates" => settings with
                {
                    ZeroDates = value.ToLowerInvariant() switch
                    {
                        "null" => ZeroDates.Null,
                        "text" => ZeroDates.Text,
                        "error" => ZeroDates.Error,
                        _ => throw new FormatException($"zero_dates={value} is none of null, text, error."),
                    },
                },
                _ => throw new FormatException($"'{key}' is no setting of MySQL; known: {string.Join(", ", KnownExtras)}."),
            };
        }

        return settings with { SslMode = ReadSslMode(extras, settings.SslAuthority is not null) };
    }

    // A certificate authority is named in order to be asked.
    private static MySqlSslMode ReadSslMode(IReadOnlyDictionary<string, string> extras, bool hasAuthority)
    {
        var mode = extras.GetValueOrDefault("ssl_mode")?.ToLowerInvariant() switch
        {
            null => hasAuthority ? MySqlSslMode.Verify : MySqlSslMode.Preferred,
            "disabled" => MySqlSslMode.Disabled,
            "preferred" => MySqlSslMode.Preferred,
            "required" => MySqlSslMode.Required,
            "verify_ca" or "verify_identity" => MySqlSslMode.Verify,
            var other => throw new FormatException($"ssl_mode={other} is none of disabled, preferred, required, verify_ca, verify_identity."),
        };
        return extras.GetValueOrDefault("ssl_verify")?.ToLowerInvariant() switch
        {
            null => mode,
            "true" or "1" when mode == MySqlSslMode.Disabled => throw new FormatException("ssl_verify=true contradicts ssl_mode=disabled."),
            "true" or "1" => MySqlSslMode.Verify,
            "false" or "0" => mode == MySqlSslMode.Verify ? MySqlSslMode.Required : mode,
            var other => throw new FormatException($"ssl_verify={other} is neither true nor false."),
        };
    }

    private static int Whole(string key, string value, int least, int most) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new FormatException($"{key}={value} is not a whole number from {least} to {most}.");

    // It goes into a statement: nothing that could end a text.
    private static string? Zone(string value) => value.Length > 0 && value.All(one => char.IsAsciiLetterOrDigit(one) || one is '/' or '_' or '+' or '-' or ':')
        ? value.Equals("server", StringComparison.OrdinalIgnoreCase) ? null : value
        : throw new FormatException($"time_zone={value} is no zone; write an offset such as +09:00, a name such as Asia/Seoul, or server for the server's own.");

    private static string Existing(string key, string path) =>
        File.Exists(path) ? path : throw new FormatException($"{key}={path}: there is no such file.");
}
