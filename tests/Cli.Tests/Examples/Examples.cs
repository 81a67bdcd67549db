namespace Sluice.Cli.Tests;

/// <summary>The examples that are shipped.</summary>
internal static class Examples
{
    public static string Features { get; } = Path.Combine(FindRoot(), "examples", "dags", "features");

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Sluice.slnx")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException("The tests do not run inside the repository.");
        }

        return folder.FullName;
    }
}
