using Sluice.Core.Dags;

namespace Sluice.Authoring.Dags;

/// <summary>A definition says something that cannot be.</summary>
/// <param name="message">What, and what to do.</param>
/// <param name="location">Where it was said; null: the Dag's own place is shown.</param>
/// <param name="inner">What led to it.</param>
public sealed class DagDefinitionException(string message, SourceLocation? location, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Where it was said.</summary>
    public SourceLocation? Location { get; } = location;
}
