using System.Runtime.InteropServices;

namespace Sluice.Providers.Files.Objects;

/// <summary>Lets one process at a time publish in a folder, and brings what it published to the disk. The lock ends with its process.</summary>
/// <remarks>A folder of a file system that knows no locks is not locked.</remarks>
internal sealed partial class FolderLock : IDisposable
{
    private const int ReadOnly = 0;
    private const int CloseOnExec = 0x80000;
    private const int Exclusive = 2;
    private const int WithoutWaiting = 4;
    private const int WouldBlock = 11;

    // Who holds it only compares and renames; one that was stopped right then must not stop others for ever.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(5);

    private int _descriptor;

    private FolderLock(int descriptor) => _descriptor = descriptor;

    /// <exception cref="IOException">The folder cannot be opened, or somebody holds it for too long.</exception>
    internal static async ValueTask<FolderLock> TakeAsync(string folder, CancellationToken cancellationToken)
    {
        var descriptor = open(folder, ReadOnly | CloseOnExec);
        if (descriptor < 0)
        {
            throw new IOException($"The folder {folder} cannot be opened: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");
        }

        var taken = new FolderLock(descriptor);
        try
        {
            var since = TimeProvider.System.GetTimestamp();
            while (flock(descriptor, Exclusive | WithoutWaiting) != 0 && Marshal.GetLastPInvokeError() == WouldBlock)
            {
                if (TimeProvider.System.GetElapsedTime(since) > LongestWait)
                {
                    throw new IOException($"Another process has been publishing in the folder {folder} for {LongestWait.TotalSeconds} s.");
                }

                await Task.Delay(BetweenTries, cancellationToken);
            }

            return taken;
        }
        catch
        {
            taken.Dispose();
            throw;
        }
    }

    /// <summary>Waits until the names in the folder are on the disk.</summary>
    internal void Sync() => _ = fsync(_descriptor); // a file system that cannot has nothing to wait for

    public void Dispose()
    {
        if (_descriptor >= 0)
        {
            _ = close(_descriptor);
            _descriptor = -1;
        }
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int flock(int descriptor, int operation);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(int descriptor);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int descriptor);
}
