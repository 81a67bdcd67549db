namespace Sluice.Cli.Deployments;

/// <summary>A running Sluice that commands are sent to.</summary>
/// <param name="Url">Of a seed, without a path.</param>
/// <param name="Token">Bearer token; null when none is known.</param>
internal sealed record Deployment(Uri Url, string? Token);
