using System.Runtime.InteropServices;

namespace Sluice.Storage.Secrets;

/// <summary>Gives a finished file its name, for good.</summary>
/// <remarks>On Unix File.Move without overwriting asks whether the name is taken (lstat), and where it is not it calls rename(2), which replaces: a file that
/// another process has placed in between is lost. Only a name that was taken already makes it call link(2), which replaces nothing, as is always done here.
/// Source: dotnet/runtime at 0183954a, System.Private.CoreLib, FileSystem.Unix.cs, MoveFile.</remarks>
internal static partial class FilePlacement
{
    private const int Exists = 17;

    /// <summary>Places a draft unless somebody was first: then the draft stays, and is not needed.</summary>
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
