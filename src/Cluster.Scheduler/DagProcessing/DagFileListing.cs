namespace Sluice.Scheduler.DagProcessing;

/// <summary>What a Dag folder holds: files of code, YAML files, and folders with built programs, each under the path of the file that marks it.</summary>
public static class DagFileListing
{
    private const int DeepestFolder = 20; // A link may lead back up.

    private static readonly EnumerationOptions Here = new() { IgnoreInaccessible = true };

    private static readonly EnumerationOptions All = new() { IgnoreInaccessible = true, RecurseSubdirectories = true, MaxRecursionDepth = DeepestFolder };

    /// <summary>Every Dag file by its path inside the folder, with forward slashes.</summary>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public static Dictionary<string, DagFileStamp> In(string folder)
    {
        var found = new Dictionary<string, DagFileStamp>(StringComparer.Ordinal);
        Add(new DirectoryInfo(folder), "", 0, found);
        return found;
    }

    /// <summary>Whether the name is that of a Dag file.</summary>
    public static bool IsDagFile(string name) => Path.GetExtension(name) is ".cs" or ".yaml" or ".yml";

    /// <summary>Whether the folder holds a built program: the name of the file that says so, else null.</summary>
    public static string? FindProgram(string folder)
    {
        var names = Directory.EnumerateFiles(folder, "*.json", Here).Select(path => Path.GetFileName(path)).ToList();
        return names.Contains("sluice.json") ? "sluice.json" : names.Where(name => name.EndsWith(".runtimeconfig.json", StringComparison.Ordinal)).Min(StringComparer.Ordinal);
    }

    private static void Add(DirectoryInfo folder, string prefix, int depth, Dictionary<string, DagFileStamp> found)
    {
        // The folder itself must be readable; one below that is not, or that goes away meanwhile, holds nothing.
        var below = new List<DirectoryInfo>();
        try
        {
            if (depth > 0 && FindProgram(folder.FullName) is { } marker)
            {
                found[prefix + marker] = StampOfAll(folder);
                return;
            }

            foreach (var entry in folder.EnumerateFileSystemInfos("*", Here))
            {
                if (entry.Name.StartsWith('.'))
                {
                    continue;
                }

                if (entry is DirectoryInfo inner)
                {
                    below.Add(inner);
                }
                else if (entry is FileInfo { Exists: true } file && IsDagFile(file.Name))
                {
                    found[prefix + file.Name] = new(file.LastWriteTimeUtc, file.Length);
                }
            }
        }
        catch (Exception e) when (depth > 0 && e is IOException or UnauthorizedAccessException)
        {
            return;
        }

        foreach (var inner in below.Where(inner => depth < DeepestFolder && inner.Name is not ("bin" or "obj")))
        {
            Add(inner, $"{prefix}{inner.Name}/", depth + 1, found);
        }
    }

    // The sum does not depend on the order in which a folder lists its files.
    private static DagFileStamp StampOfAll(DirectoryInfo folder)
    {
        var (latest, sum) = (DateTime.MinValue, 0L);
        foreach (var file in folder.EnumerateFiles("*", All))
        {
            latest = file.LastWriteTimeUtc > latest ? file.LastWriteTimeUtc : latest;
            sum = unchecked(sum + HashCode.Combine(file.FullName, file.LastWriteTimeUtc, file.Length));
        }

        return new(latest, sum);
    }
}

/// <summary>Changes whenever the file does.</summary>
/// <param name="WrittenAt">UTC.</param>
/// <param name="Size">Bytes; of a folder, a hash of what it holds.</param>
public readonly record struct DagFileStamp(DateTime WrittenAt, long Size);
