using Sluice.Cluster.Transport;

namespace Sluice.Cli.Deployments;

/// <summary>A running Sluice that commands are sent to.</summary>
/// <param name="Url">Of a seed, without a path.</param>
/// <param name="Token">Bearer token; null when none is known.</param>
/// <param name="Tls">Who must have signed its certificate; null: whom the machine trusts.</param>
internal sealed record Deployment(Uri Url, string? Token, LinkTls? Tls = null)
{
    /// <summary>Who asks, for the audit log.</summary>
    public string? User { get; init; }
}
