using System.Text.Json;
using Sluice.Core.Connections;

namespace Sluice.Authoring.Connections;

/// <summary>Replaces secrets in text that people will see: those of the connections and variables looked up so far. Safe for concurrent use.</summary>
public sealed class SecretMasker
{
    private const string Mask = "***";

    // Shorter ones cannot be told from ordinary text: masking every "ab" would show them rather than hide them.
    private const int ShortestSecret = 3;

    private readonly Lock _gate = new();
    private volatile string[] _secrets = [];

    /// <summary>Masks a connection's password and secret-looking extras from now on, as they are, percent-encoded and inside JSON.</summary>
    public void Add(Connection connection)
    {
        if (connection.Password is { } password)
        {
            Add(password);
        }

        foreach (var (_, value) in connection.Extra.Where(extra => ConnectionUri.IsSecret(extra.Key)))
        {
            Add(value);
        }
    }

    /// <summary>Masks a variable's value from now on if its name says that it is a secret.</summary>
    public void AddVariable(string name, string value)
    {
        if (ConnectionUri.IsSecret(name))
        {
            Add(value);
        }
    }

    /// <summary>The text with every secret replaced by <c>***</c>.</summary>
    public string Apply(string text)
    {
        foreach (var secret in _secrets)
        {
            text = text.Replace(secret, Mask, StringComparison.Ordinal);
        }

        return text;
    }

    /// <summary>Masks a value from now on.</summary>
    public void Add(string secret)
    {
        if (secret.Length < ShortestSecret)
        {
            return;
        }

        var percent = Uri.EscapeDataString(secret);
        var json = JsonSerializer.Serialize(secret)[1..^1];
        lock (_gate)
        {
            // Longest first: a secret that holds another one must not leave its rest behind.
            _secrets = [.. _secrets.Union([secret, percent, LowerHex(percent), json], StringComparer.Ordinal).OrderByDescending(s => s.Length)];
        }
    }

    // %2F may be written %2f.
    private static string LowerHex(string percent)
    {
        var text = percent.ToCharArray();
        for (var i = 0; i + 2 < text.Length; i++)
        {
            if (text[i] == '%')
            {
                (text[i + 1], text[i + 2]) = (char.ToLowerInvariant(text[i + 1]), char.ToLowerInvariant(text[i + 2]));
            }
        }

        return new(text);
    }
}
