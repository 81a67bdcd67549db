using System.Diagnostics;
using System.Text.RegularExpressions;
using Sluice.Services;

namespace Sluice.Architecture.Tests;

/// <summary>What the repository holds, as far as it is not for the compiler to say.</summary>
public sealed partial class RepositoryTests
{
    private static readonly string[] NamesThatSayNothing = ["Helpers", "Helper", "Utils", "Util", "Utilities", "Common", "Models", "Misc"];

    [Fact]
    public void No_folder_has_a_name_that_says_nothing() =>
        Assert.DoesNotContain(Files(), file => file.Split('/').SkipLast(1).Intersect(NamesThatSayNothing, StringComparer.OrdinalIgnoreCase).Any());

    [Fact]
    public void No_file_names_a_place_on_somebodys_machine() =>
        Assert.Empty(
            from file in Files()
            let text = Read(file)
            where text is not null
            from Match match in MachinePath().Matches(text)
            select $"{file}: {match.Value}");

    [Fact]
    public void No_lock_file_names_a_registry() =>
        Assert.DoesNotContain(
            Files(), file => Path.GetFileName(file) == "package-lock.json" && Read(file)!.Contains("\"resolved\": \"http", StringComparison.Ordinal));

    [Fact]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public void Scripts_can_be_run() =>
        Assert.DoesNotContain(
            new[] { "sluice", "test.sh", ".ci/run", "tests/Services/supervise.sh" },
            file => !File.GetUnixFileMode(Path.Combine(Repository.Root, file)).HasFlag(UnixFileMode.UserExecute));

    // Spelled so that this file does not match itself.
    [GeneratedRegex(@"(?<![\w.~:/}])/(?:root|home/[a-z]\w*|Users/[A-Za-z]\w*|work|tmp/wt)/[\w.-]+")]
    private static partial Regex MachinePath();

    /// <summary>Everything that is in the repository, or will be with the next commit.</summary>
    private static string[] Files()
    {
        var start = new ProcessStartInfo("git", ["ls-files", "--cached", "--others", "--exclude-standard"])
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardOutput = true,
        };
        using var git = Process.Start(start)!;
        var files = git.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        git.WaitForExit();
        Assert.NotEmpty(files);
        return files;
    }

    private static string? Read(string file)
    {
        var path = Path.Combine(Repository.Root, file);
        if (!File.Exists(path) || new FileInfo(path).Length > 2_000_000)
        {
            return null;
        }

        var text = File.ReadAllText(path);
        return text.Contains('\0', StringComparison.Ordinal) ? null : text;
    }
}
