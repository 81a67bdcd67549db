using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Sluice.Cluster.Worker.Runners;

/// <summary>Ends runners for good.</summary>
internal static partial class PosixSignals
{
    private const int SigKill = 9;

    /// <summary>Kills a runner with all that its code started: each runner leads a process group.</summary>
    public static void KillTree(Process process)
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                process.Kill(entireProcessTree: true);
                return;
            }

            // The group does not exist yet when the runner has not come so far.
            if (Kill(-process.Id, SigKill) != 0)
            {
                process.Kill();
            }
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
