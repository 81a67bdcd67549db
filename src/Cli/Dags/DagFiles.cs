using Sluice.Cli.CommandLine;
using Sluice.Scheduler.DagProcessing;

namespace Sluice.Cli.Dags;

/// <summary>Dag files as the scheduler would find them.</summary>
/// <param name="Folder">The Dag folder.</param>
/// <param name="Names">Paths inside it, with forward slashes, in order.</param>
internal sealed record DagFiles(string Folder, IReadOnlyList<string> Names)
{
    /// <summary>Finds them.</summary>
    /// <param name="path">A folder, or one file.</param>
    /// <exception cref="UsageException">There is no such folder or file.</exception>
    public static DagFiles In(string path)
    {
        if (File.Exists(path))
        {
            return DagFileListing.IsDagFile(path)
                ? new(Path.GetDirectoryName(path) is { Length: > 0 } folder ? folder : ".", [Path.GetFileName(path)])
                : throw new UsageException($"'{path}' is no Dag file: those end in .cs, .yaml or .yml.");
        }

        if (!Directory.Exists(path))
        {
            throw new UsageException($"There is no file or folder '{path}'.");
        }

        // The folder of a built program was named itself, not the Dag folder around it.
        return DagFileListing.FindProgram(path) is { } marker && Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path))) is { } parent
            ? new(parent, [$"{Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)))}/{marker}"])
            : new(path, [.. DagFileListing.In(path).Keys.Order(StringComparer.Ordinal)]);
    }

    /// <summary>The path of a file as it was given, for people to click on.</summary>
    public string Shown(string name) => Folder == "." ? name : Path.Combine(Folder, name);
}
