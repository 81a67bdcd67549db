namespace Sluice.Core.Dags;

/// <summary>Why a Dag cannot be taken as it is: one sentence for its author.</summary>
/// <param name="Message">What is wrong and what to do.</param>
/// <param name="Location">Where; null when it concerns the file as a whole.</param>
public sealed record DagProblem(string Message, SourceLocation? Location = null)
{
    /// <summary>With its place in front, unless the message begins with one: a compiler's knows the column, too.</summary>
    public override string ToString() =>
        Location is null || Message.StartsWith(Location.File + "(", StringComparison.Ordinal) ? Message : $"{Location.File}({Location.Line}): {Message}";
}
