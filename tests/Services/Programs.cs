using System.Diagnostics;

namespace Sluice.Services;

/// <summary>Finds and runs the programs of the servers.</summary>
internal static class Programs
{
    /// <summary>Full path of a program, from the folders given and then the PATH.</summary>
    /// <exception cref="ServiceMissingException">It is nowhere.</exception>
    public static string Find(string name, string package, params IEnumerable<string> folders)
    {
        var path = Environment.GetEnvironmentVariable("PATH") ?? "";
        return folders.Concat(path.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)).Concat(["/usr/sbin", "/usr/bin"])
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists) ?? throw new ServiceMissingException(name, package);
    }

    /// <summary>Runs a program to its end.</summary>
    /// <param name="environment">Variables to add.</param>
    /// <param name="command">The program and its arguments.</param>
    /// <returns>What it wrote to standard output.</returns>
    /// <exception cref="InvalidOperationException">It failed; the message holds what it wrote.</exception>
    public static async Task<string> RunAsync(IReadOnlyDictionary<string, string> environment, params IReadOnlyList<string> command)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? await output
            : throw new InvalidOperationException($"{Path.GetFileName(command[0])} ended with {process.ExitCode}: {await errors}{await output}".TrimEnd());
    }
}

/// <summary>A server that the tests need is not installed.</summary>
public sealed class ServiceMissingException(string program, string package)
    : Exception($"'{program}' is not installed (it belongs to {package}): run ./test.sh, which installs what the tests need.");
