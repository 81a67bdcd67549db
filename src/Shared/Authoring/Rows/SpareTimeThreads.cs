using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Sluice.Authoring.Rows;

/// <summary>Threads of low priority: their work gets what other threads leave of the processors, all of it when nobody else wants any.</summary>
/// <remarks>On Linux; elsewhere they are threads like others.</remarks>
internal sealed partial class SpareTimeThreads : IDisposable
{
    // As nice(1) counts: about a third of the share of the process's other threads while both want to run.
    private const int Niceness = 5;

    private readonly BlockingCollection<Action> _work = [];
    private int _running;

    /// <param name="count">So many works go on side by side.</param>
    internal SpareTimeThreads(int count)
    {
        _running = count;
        for (var i = 0; i < count; i++)
        {
            new Thread(Run) { IsBackground = true, Name = "sluice spare" }.Start();
        }
    }

    /// <summary>Begins work there when those that were begun before have left a thread; what follows an await in it goes on wherever there is room.</summary>
    /// <returns>Ends with the work.</returns>
    internal Task RunAsync(Func<Task> work)
    {
        // Who waits must not go on here.
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Add(() => _ = CompleteAsync(work, done));
        return done.Task;
    }

    /// <summary>Lets the threads end when they have done what was begun.</summary>
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

        if (Interlocked.Decrement(ref _running) == 0)
        {
            _work.Dispose();
        }
    }

    [LibraryImport("libc", EntryPoint = "nice")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Nice(int more);
}
