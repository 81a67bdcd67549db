using Npgsql;

namespace Sluice.Storage.Postgres;

/// <summary>Reads what people write: <c>postgres://user:password@host:port/database?sslmode=require</c> or Npgsql's own keywords.</summary>
internal static class PostgresUri
{
    /// <exception cref="StoreException"><c>store.bad_address</c>; the message never shows the text, which may hold a password.</exception>
    public static NpgsqlConnectionStringBuilder Parse(string address)
    {
        try
        {
            return address.StartsWith("postgres://", StringComparison.OrdinalIgnoreCase) || address.StartsWith("postgresql://", StringComparison.OrdinalIgnoreCase)
                ? FromUri(new Uri(address))
                : new NpgsqlConnectionStringBuilder(address);
        }
        catch (Exception error) when (error is UriFormatException or ArgumentException or FormatException or OverflowException)
        {
            // No inner exception: the driver's message may quote the text.
            throw new StoreException(
                "store.bad_address",
                "The address of PostgreSQL cannot be read. Write postgres://user:password@host:port/database, with special characters of the password percent-encoded.");
        }
    }

    private static NpgsqlConnectionStringBuilder FromUri(Uri uri)
    {
        var builder = new NpgsqlConnectionStringBuilder { Host = Uri.UnescapeDataString(uri.Host).Trim('[', ']') };
        if (!uri.IsDefaultPort)
        {
            builder.Port = uri.Port;
        }

        var user = uri.UserInfo.Split(':', 2);
        if (user[0].Length > 0)
        {
            builder.Username = Uri.UnescapeDataString(user[0]);
        }

        if (user.Length == 2)
        {
            builder.Password = Uri.UnescapeDataString(user[1]);
        }

        if (uri.AbsolutePath.Trim('/') is { Length: > 0 } database)
        {
            builder.Database = Uri.UnescapeDataString(database);
        }

        foreach (var pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var (key, value) = pair.Split('=', 2) is [var left, var right] ? (left, Uri.UnescapeDataString(right)) : (pair, "");
            builder[Keyword(key)] = key is "sslmode" ? value.Replace("-", "", StringComparison.Ordinal) : value;
        }

        return builder;
    }

    // libpq's words, where Npgsql has others.
    private static string Keyword(string key) => key switch
    {
        "sslmode" => "SSL Mode",
        "sslrootcert" => "Root Certificate",
        "sslcert" => "SSL Certificate",
        "sslkey" => "SSL Key",
        "connect_timeout" => "Timeout",
        "application_name" => "Application Name",
        _ => key.Replace('_', ' '),
    };
}
