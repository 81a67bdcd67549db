namespace Sluice.Core.Dags;

/// <summary>What the Dag processor is asked to do.</summary>
/// <param name="Folder">The Dag folder, absolute.</param>
/// <param name="File">The file inside it, with forward slashes.</param>
/// <param name="Variables">Values of variables that definitions may read.</param>
public sealed record ProcessFile(string Folder, string File, IReadOnlyDictionary<string, string> Variables);

/// <summary>What became of one Dag file. Problems and Dags may come together: one Dag of a factory that is wrong does not take the others along.</summary>
public sealed record ProcessedFile
{
    /// <summary>The file inside the Dag folder, with forward slashes.</summary>
    public required string File { get; init; }

    /// <summary>SHA-256 of the file's bytes, lower-case hex; empty when it could not be read.</summary>
    public required string ContentHash { get; init; }

    public IReadOnlyList<ProcessedDag> Dags { get; init; } = [];

    /// <summary>Hash that the bundle is stored under: of the source, the variables that it read and Sluice's version. Null when the file holds no code (YAML) or could not be compiled.</summary>
    public string? BundleHash { get; init; }

    /// <summary>The compiled assembly.</summary>
    public byte[]? Bundle { get; init; }

    /// <summary>Names of variables that the definitions asked for, set or not: when one changes, the file must be processed again.</summary>
    public IReadOnlyList<string> VariablesRead { get; init; } = [];

    /// <summary>Template files that the definitions asked for, there or not: when one changes, the file must be processed again.</summary>
    public IReadOnlyList<TemplateFileRead> TemplateFilesRead { get; init; } = [];

    public IReadOnlyList<DagProblem> Problems { get; init; } = [];
}

/// <summary>A template file as it was just before it was read.</summary>
/// <param name="Path">Inside the Dag folder, with forward slashes.</param>
/// <param name="WrittenAt">When it was last written, UTC; null when there was none.</param>
/// <param name="Size">In bytes.</param>
public sealed record TemplateFileRead(string Path, DateTime? WrittenAt, long Size);

/// <summary>One Dag of a file.</summary>
/// <param name="Spec">The <see cref="DagSpec"/> as JSON.</param>
/// <param name="Version">Its content hash.</param>
public sealed record ProcessedDag(string Spec, string Version);
