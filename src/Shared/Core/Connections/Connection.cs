namespace Sluice.Core.Connections;

/// <summary>How to reach an outside system, with its credentials.</summary>
/// <remarks>Written as a URI: <c>mysql://user:password@host:3306/schema?charset=utf8mb4</c>; see <see cref="ConnectionUri"/>.</remarks>
public sealed record Connection
{
    /// <summary>Its name, as Dags ask for it.</summary>
    public required string Id { get; init; }

    /// <summary>The URI's scheme: mysql, postgres, redshift, sqlite, s3, ...</summary>
    public required string Type { get; init; }

    /// <summary>Host name or address; null when the type needs none.</summary>
    public string? Host { get; init; }

    /// <summary>Null for the type's default port.</summary>
    public int? Port { get; init; }

    /// <summary>User name or access key.</summary>
    public string? Login { get; init; }

    /// <summary>Password or secret key. Never logged.</summary>
    public string? Password { get; init; }

    /// <summary>Database, bucket or file path.</summary>
    public string? Schema { get; init; }

    /// <summary>Further settings: the URI's query.</summary>
    public IReadOnlyDictionary<string, string> Extra { get; init; } = new Dictionary<string, string>();

    /// <summary>The URI with the password and every secret-looking extra replaced by <c>***</c>.</summary>
    public override string ToString() => ConnectionUri.Format(this, masked: true);
}
