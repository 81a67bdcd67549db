using System.Globalization;
using System.Text;

namespace Sluice.Core.Connections;

/// <summary>Connections as URIs: <c>type://login:password@host:port/schema?extra=value</c>, parts percent-encoded.</summary>
/// <remarks><c>sqlite:///folder/file.db</c> names the absolute path <c>/folder/file.db</c>; <c>sqlite:file.db</c> a relative one.</remarks>
public static class ConnectionUri
{
    private const string Mask = "***";

    // Credentials need no host (s3://key:secret@?region=x), but a Uri with user info does.
    private const string NoHost = "none.invalid";

    private static readonly string[] SecretWords = ["password", "secret", "token", "key", "passphrase", "credential", "salt"];

    /// <summary>Reads a URI.</summary>
    /// <exception cref="FormatException">It is not one; the message does not repeat the text, which may hold a password.</exception>
    public static Connection Parse(string id, string text)
    {
        if (!Uri.TryCreate(WithHost(text), UriKind.Absolute, out var uri) || text.IndexOf(':', StringComparison.Ordinal) < 1)
        {
            throw new FormatException(
                $"Connection '{id}' is not a URI like mysql://login:password@host:3306/schema; percent-encode special characters in the password.");
        }

        var (login, password) = SplitUserInfo(uri.UserInfo);
        return new()
        {
            Id = id,
            Type = uri.Scheme,
            Host = uri.Host.Length == 0 || uri.Host == NoHost ? null : Uri.UnescapeDataString(uri.Host),
            Port = uri.IsDefaultPort || uri.Port < 0 ? null : uri.Port,
            Login = login,
            Password = password,
            Schema = ParseSchema(uri),
            Extra = ParseQuery(uri.Query),
        };
    }

    /// <summary>Writes a URI that <see cref="Parse"/> reads back to an equal connection; with <paramref name="masked"/>, one without secrets.</summary>
    public static string Format(Connection connection, bool masked)
    {
        var text = new StringBuilder(connection.Type).Append("://");
        if (connection.Login is { } login)
        {
            text.Append(Uri.EscapeDataString(login));
        }

        if (connection.Password is { } password)
        {
            text.Append(':').Append(masked ? Mask : Uri.EscapeDataString(password));
        }

        if (connection.Login is not null || connection.Password is not null)
        {
            text.Append('@');
        }

        text.Append(connection.Host);
        if (connection.Port is { } port)
        {
            text.Append(CultureInfo.InvariantCulture, $":{port}");
        }

        if (connection.Schema is { } schema)
        {
            text.Append('/').Append(Uri.EscapeDataString(schema).Replace("%2F", "/", StringComparison.Ordinal).TrimStart('/'));
        }

        var separator = '?';
        foreach (var (key, value) in connection.Extra)
        {
            text.Append(separator).Append(Uri.EscapeDataString(key)).Append('=')
                .Append(masked && IsSecret(key) ? Mask : Uri.EscapeDataString(value));
            separator = '&';
        }

        return text.ToString();
    }

    /// <summary>True when the name of an extra says that its value is a secret.</summary>
    public static bool IsSecret(string name) => SecretWords.Any(word => name.Contains(word, StringComparison.OrdinalIgnoreCase));

    private static string WithHost(string text)
    {
        var start = text.IndexOf("://", StringComparison.Ordinal) + 3;
        var end = start < 3 ? -1 : text.IndexOfAny(['/', '?', '#'], start);
        end = end < 0 ? text.Length : end;
        return start >= 3 && end > start && text[end - 1] == '@' ? text.Insert(end, NoHost) : text;
    }

    private static (string? Login, string? Password) SplitUserInfo(string userInfo)
    {
        if (userInfo.Length == 0)
        {
            return (null, null);
        }

        var colon = userInfo.IndexOf(':', StringComparison.Ordinal);
        return colon < 0
            ? (Uri.UnescapeDataString(userInfo), null)
            : (Uri.UnescapeDataString(userInfo[..colon]), Uri.UnescapeDataString(userInfo[(colon + 1)..]));
    }

    private static string? ParseSchema(Uri uri)
    {
        var path = Uri.UnescapeDataString(uri.AbsolutePath);
        if (uri.Scheme == "sqlite")
        {
            return path.Length == 0 ? null : path;
        }

        path = path.TrimStart('/');
        return path.Length == 0 ? null : path;
    }

    private static Dictionary<string, string> ParseQuery(string query)
    {
        var extra = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            var key = equals < 0 ? part : part[..equals];
            var value = equals < 0 ? "" : part[(equals + 1)..];
            extra[Unescape(key)] = Unescape(value);
        }

        return extra;

        static string Unescape(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
    }
}
