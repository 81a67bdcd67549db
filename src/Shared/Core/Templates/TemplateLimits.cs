namespace Sluice.Core.Templates;

/// <summary>What one template may use. Running over a limit is an error, never a truncation.</summary>
public sealed record TemplateLimits
{
    public static TemplateLimits Default { get; } = new();

    /// <summary>Evaluated nodes and touched items. Default: 100,000, some tens of milliseconds.</summary>
    public int MaxSteps { get; init; } = 100_000;

    /// <summary>Tags, brackets and calls inside one another. Default: 64.</summary>
    public int MaxDepth { get; init; } = 64;

    /// <summary>Characters of the result, and of every text made on the way. Default: 1,048,576.</summary>
    public int MaxOutput { get; init; } = 1 << 20;
}
