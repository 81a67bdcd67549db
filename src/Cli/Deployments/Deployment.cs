namespace Sluice.Cli.Deployments;

/// <summary>A running Sluice that commands are sent to.</summary>
/// <param name="Url">Of a seed, without a path.</param>
/// <param name="Token">Bearer token; null when none is known.</param>
internal sealed record Deployment(Uri Url, string? Token);

/// <summary>The deployment cannot be found or reached, or it refused: one sentence.</summary>
/// <param name="message">The sentence.</param>
/// <param name="isTransient">Asking again later may help.</param>
internal sealed class DeploymentException(string message, bool isTransient = false) : Exception(message)
{
    public bool IsTransient { get; } = isTransient;
}
