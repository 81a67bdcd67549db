namespace Sluice.Core.Dags;

/// <summary>Why a Dag cannot be taken as it is: one sentence for its author.</summary>
/// <param name="Message">What is wrong and what to do.</param>
/// <param name="Location">Where; null when it concerns the file as a whole.</param>
public sealed record DagProblem(string Message, SourceLocation? Location = null)
{
    public override string ToString() => Location is null ? Message : $"{Location.File}({Location.Line}): {Message}";
}
