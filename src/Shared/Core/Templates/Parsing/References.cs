namespace Sluice.Core.Templates.Parsing;

/// <summary>What a template names: told before it is ever rendered.</summary>
internal sealed class References
{
    /// <summary>Variables and functions, those that the template sets itself among them.</summary>
    public HashSet<string> Names { get; } = new(StringComparer.Ordinal);

    public HashSet<string> Filters { get; } = new(StringComparer.Ordinal);

    public List<FileReference> Files { get; } = [];
}

/// <summary>A file that a template includes or imports.</summary>
/// <param name="File">As written.</param>
/// <param name="MayBeMissing">Nothing is wrong when there is none.</param>
/// <param name="At">Offset of the tag.</param>
internal sealed record FileReference(string File, bool MayBeMissing, int At);
