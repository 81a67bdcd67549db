using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Sluice.Authoring.Rows;

/// <summary>A thread of low priority: its work gets what other threads leave of the processors, all of them when nobody else wants any.</summary>
/// <remarks>On Linux; elsewhere it is a thread like others.</remarks>
internal sealed partial class SpareTimeThread : IDisposable
{
    // As nice(1) counts: about a third of the share of the process's other threads while both want to run.
    private const int Niceness = 5;

    private readonly BlockingCollection<Action> _work = [];

    internal SpareTimeThread() => new Thread(Run) { IsBackground = true, Name = "sluice spare" }.Start();

    /// <summary>Begins work there, after what was begun before; what follows an await in it goes on wherever there is room.</summary>
    /// <returns>Ends with the work.</returns>
    internal Task RunAsync(Func<Task> work)
    {
        // Who waits must not go on here.
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Add(() => _ = CompleteAsync(work, done));
        return done.Task;
    }

    /// <summary>Lets the thread end when it has done what was begun.</summary>
    public void Dispose() => _work.CompleteAdding();

    private static async Task CompleteAsync(Func<Task> work, TaskCompletionSource done)
    {
        try
        {
            await work();
            done.SetResult();
        }
        catch (Exception e)
        {
            done.SetException(e);
        }
    }

    private void Run()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = Nice(Niceness); // in Linux each thread has a priority of its own, and lowering it needs no right
        }

        foreach (var work in _work.GetConsumingEnumerable())
        {
            work();
        }

        _work.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "nice")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Nice(int more);
}
