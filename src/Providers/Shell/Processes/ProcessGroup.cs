using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Sluice.Authoring.Operators;

namespace Sluice.Providers.Shell.Processes;

/// <summary>A shell with all that it starts: a session and process group of its own, so that all of it can be stopped at once.</summary>
internal sealed partial class ProcessGroup : IDisposable
{
    private const int Sigterm = 15;
    private const int Sigkill = 9;

    private readonly Process _process;

    private ProcessGroup(Process process) => _process = process;

    internal Stream Output => _process.StandardOutput.BaseStream;

    internal Stream Errors => _process.StandardError.BaseStream;

    internal int ExitCode => _process.ExitCode;

    /// <param name="script">Run by bash, or by sh where there is no bash; stops at the first command that fails.</param>
    /// <param name="environment">All of the environment.</param>
    /// <param name="folder">Where it begins.</param>
    /// <exception cref="TaskFailedException">The machine cannot start it.</exception>
    internal static ProcessGroup Start(string script, IReadOnlyDictionary<string, string> environment, string folder)
    {
        // setsid becomes the shell, so the process id is the group's id too.
        var start = new ProcessStartInfo("setsid")
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] shell = File.Exists("/bin/bash") ? ["/bin/bash", "-euo", "pipefail", "-c", script] : ["/bin/sh", "-eu", "-c", script];
        foreach (var argument in shell)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment.Clear();
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        try
        {
            var process = Process.Start(start)!;
            process.StandardInput.Close();
            return new(process);
        }
        catch (Win32Exception e)
        {
            throw new TaskFailedException($"The shell cannot be started in {folder}: {e.Message}. It needs bash or sh, and setsid (Debian: util-linux).", e);
        }
    }

    internal Task WaitAsync(CancellationToken cancellationToken) => _process.WaitForExitAsync(cancellationToken);

    /// <summary>Asks all of the group to end; kills what is left after the grace.</summary>
    internal async Task StopAsync(TimeSpan grace)
    {
        Signal(Sigterm);
        var deadline = Task.Delay(grace);
        while (IsAlive && !deadline.IsCompleted)
        {
            await Task.WhenAny(deadline, Task.Delay(TimeSpan.FromMilliseconds(50)));
        }

        Signal(Sigkill);
    }

    public void Dispose() => _process.Dispose();

    // Signal 0 asks whether anyone of the group is left; a shell that ended may have left children.
    private bool IsAlive => Kill(-_process.Id, 0) == 0;

    private void Signal(int signal) => _ = Kill(-_process.Id, signal);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int process, int signal);
}
