using System.Runtime.InteropServices;

namespace Sluice.Storage.Secrets;

/// <summary>Gives a finished file its name, for good. File.Move without overwriting looks first and renames then, so that one of two processes may replace what
/// the other has just placed (on Unix; https://github.com/dotnet/runtime, FileSystem.Unix.cs).</summary>
internal static partial class FilePlacement
{
    private const int Exists = 17;

    /// <summary>Places a draft unless somebody was first; the draft is gone afterwards.</summary>
    /// <returns>False when there is a file of that name, which is left as it is.</returns>
    public static bool TryPlace(string draft, string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return TryMove(draft, path);
        }

        if (link(draft, path) == 0)
        {
            File.Delete(draft);
            SyncFolderOf(path);
            return true;
        }

        // A file system that knows no second names for a file has only the move.
        return Marshal.GetLastPInvokeError() != Exists && TryMove(draft, path);
    }

    /// <summary>Puts a draft in the place of a file.</summary>
    public static void Replace(string draft, string path)
    {
        File.Move(draft, path, overwrite: true);
        SyncFolderOf(path);
    }

    private static bool TryMove(string draft, string path)
    {
        try
        {
            File.Move(draft, path, overwrite: false);
            SyncFolderOf(path);
            return true;
        }
        catch (IOException) when (File.Exists(path))
        {
            return false;
        }
    }

    /// <summary>Names are on the disk when their folder is.</summary>
    private static void SyncFolderOf(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var folder = open(Path.GetDirectoryName(Path.GetFullPath(path))!, 0);
        if (folder >= 0)
        {
            _ = fsync(folder); // a file system that cannot has nothing to wait for
            _ = close(folder);
        }
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int link(string from, string to);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int fsync(int descriptor);

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int close(int descriptor);
}
