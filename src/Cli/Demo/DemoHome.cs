using Sluice.Cli.CommandLine;

namespace Sluice.Cli.Demo;

/// <summary>The demo's folder: temporary, or one that is kept.</summary>
internal sealed class DemoHome : IDisposable
{
    private DemoHome(string folder, bool isKept) => (Folder, IsKept) = (folder, isKept);

    /// <summary>Absolute.</summary>
    public string Folder { get; }

    public bool IsKept { get; }

    public string Dags => Path.Combine(Folder, "dags");

    public string Production => Path.Combine(Folder, "production.db");

    public string Warehouse => Path.Combine(Folder, "warehouse.db");

    public string Objects => Path.Combine(Folder, "objects");

    /// <summary>Where the cluster keeps its own.</summary>
    public string Sluice => Path.Combine(Folder, "sluice");

    /// <param name="folder">Null for a temporary one.</param>
    /// <exception cref="UsageException">The folder holds something that is not from a demo.</exception>
    public static DemoHome Open(string? folder)
    {
        if (folder is null)
        {
            return Prepared(new(Directory.CreateTempSubdirectory("sluice-demo-").FullName, isKept: false));
        }

        var home = new DemoHome(Path.GetFullPath(folder), isKept: true);
        return !Directory.Exists(home.Folder) || File.Exists(home.Production) || !Directory.EnumerateFileSystemEntries(home.Folder).Any()
            ? Prepared(home)
            : throw new UsageException($"'{folder}' holds something that is not from a demo; name an empty or a new folder.");
    }

    /// <summary>Removes a temporary home.</summary>
    public void Dispose()
    {
        if (!IsKept)
        {
            try
            {
                Directory.Delete(Folder, recursive: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It is the system's to clean then.
            }
        }
    }

    private static DemoHome Prepared(DemoHome home)
    {
        Directory.CreateDirectory(home.Dags);
        Directory.CreateDirectory(home.Objects);
        return home;
    }
}
