using System.Text;
using Sluice.Services.Redshift.Wire;

namespace Sluice.Services.Redshift;

/// <summary>How a session begins: the client's settings go to PostgreSQL with Redshift's added, and its login is PostgreSQL's to judge.</summary>
internal static class Startup
{
    internal const int CancelRequest = 80877102;
    internal const int SslRequest = 80877103;
    internal const int GssRequest = 80877104;

    private const string ServerVersion = "8.0.2";

    // A backslash in a literal escapes, the first statement of a transaction fixes what all of it sees, and of a number in floating point 15 digits are shown (extra_float_digits).
    private const string Settings = "-c extra_float_digits=0 -c standard_conforming_strings=off -c escape_string_warning=off -c backslash_quote=on -c default_transaction_isolation=repeatable\\ read";

    /// <summary>The parameters of a StartupMessage, behind its protocol number.</summary>
    public static Dictionary<string, string> Read(byte[] start)
    {
        var parameters = new Dictionary<string, string>();
        var parts = Encoding.UTF8.GetString(start, 4, start.Length - 4).Split('\0');
        for (var i = 0; i + 1 < parts.Length && parts[i].Length > 0; i += 2)
        {
            parameters[parts[i]] = parts[i + 1];
        }

        return parameters;
    }

    public static byte[] Write(IReadOnlyDictionary<string, string> parameters)
    {
        var body = new WireBody().Int32(196608);
        foreach (var (name, value) in parameters.Where(parameter => parameter.Key != "options"))
        {
            body.Text(name).Text(value);
        }

        return body.Text("options").Text($"{parameters.GetValueOrDefault("options")} {Settings}").Byte('\0').ToArray();
    }

    /// <returns>A ParameterStatus as the client may see it; null when Redshift has no such parameter.</returns>
    public static WireMessage? ForClient(WireMessage status)
    {
        var name = new WireReader(status.Body).Text();
        return name switch
        {
            "server_version" => new('S', new WireBody().Text(name).Text(ServerVersion).ToArray()),
            "standard_conforming_strings" or "default_transaction_read_only" or "in_hot_standby" or "scram_iterations" => null,
            _ => status,
        };
    }
}
