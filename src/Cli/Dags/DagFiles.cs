using Sluice.Cli.CommandLine;

namespace Sluice.Cli.Dags;

/// <summary>Dag files as the scheduler would find them.</summary>
/// <param name="Folder">The Dag folder.</param>
/// <param name="Names">Paths inside it, with forward slashes, in order.</param>
internal sealed record DagFiles(string Folder, IReadOnlyList<string> Names)
{
    private static readonly string[] Extensions = [".cs", ".yaml", ".yml"];

    /// <summary>Finds them.</summary>
    /// <param name="path">A folder, or one file.</param>
    /// <exception cref="UsageException">There is no such folder or file.</exception>
    public static DagFiles In(string path)
    {
        if (File.Exists(path))
        {
            return Extensions.Contains(Path.GetExtension(path))
                ? new(Path.GetDirectoryName(path) is { Length: > 0 } folder ? folder : ".", [Path.GetFileName(path)])
                : throw new UsageException($"'{path}' is no Dag file: those end in .cs, .yaml or .yml.");
        }

        return Directory.Exists(path)
            ? new(path, [.. Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories)
                .Where(file => Extensions.Contains(Path.GetExtension(file)))
                .Select(file => Path.GetRelativePath(path, file).Replace('\\', '/'))
                .Where(name => !name.Split('/').Any(part => part is "bin" or "obj" || part.StartsWith('.')))
                .Order(StringComparer.Ordinal)])
            : throw new UsageException($"There is no file or folder '{path}'.");
    }

    /// <summary>The path of a file as it was given, for people to click on.</summary>
    public string Shown(string name) => Folder == "." ? name : Path.Combine(Folder, name);
}
