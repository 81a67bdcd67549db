using System.Runtime.InteropServices;

namespace Sluice.Runner.Attempts;

/// <summary>A runner leads a process group of its own, so that the worker can end it with all that user code started,
/// and a Ctrl+C in the terminal reaches the worker alone.</summary>
internal static partial class ProcessGroup
{
    public static void Lead()
    {
        if (!OperatingSystem.IsWindows())
        {
            _ = SetProcessGroup(0, 0);
        }
    }

    [LibraryImport("libc", EntryPoint = "setpgid")]
    private static partial int SetProcessGroup(int process, int group);
}
