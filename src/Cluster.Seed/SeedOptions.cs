using Sluice.Cluster.Transport;

namespace Sluice.Cluster.Seed;

/// <summary>How a seed is reached.</summary>
public sealed record SeedOptions
{
    /// <summary>host:port to listen on. Default: <c>127.0.0.1:8080</c>, this machine alone.</summary>
    public string Listen { get; init; } = "127.0.0.1:8080";

    /// <summary>host:port that others dial, when it is not <see cref="Listen"/>.</summary>
    public string? Advertise { get; init; }

    /// <summary>The cluster's secret. The API's token follows from it.</summary>
    public required string Secret { get; init; }

    /// <summary>For people. Default: the machine's name.</summary>
    public string Name { get; init; } = $"seed@{Environment.MachineName}";

    /// <summary>With it the seed listens with TLS only. Default: none.</summary>
    public LinkTls? Tls { get; init; }

    /// <summary>How long an operator's call may take. Default: 30 s.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
