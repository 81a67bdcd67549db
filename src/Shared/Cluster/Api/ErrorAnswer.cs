namespace Sluice.Cluster.Api;

/// <summary>What the API answers when something does not work.</summary>
/// <param name="Error">One sentence for people, or two.</param>
public sealed record ErrorAnswer(string Error);
