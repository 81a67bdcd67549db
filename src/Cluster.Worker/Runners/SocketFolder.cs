namespace Sluice.Cluster.Worker.Runners;

/// <summary>Where the sockets of one worker's runners lie while they connect: a folder that its user alone may enter. What workers that were killed
/// left behind is removed by the next one.</summary>
/// <remarks>The lock ends with its process, however that ends: a folder whose lock can be taken has lost its owner.</remarks>
internal sealed class SocketFolder : IDisposable
{
    private const string Prefix = "sluice-runners-";
    private const string BeingMade = "sluice-new-runners-";

    // One without a lock is just being made or removed, or was left within that moment.
    private static readonly TimeSpan MadeWithin = TimeSpan.FromMinutes(10);

    private readonly FileStream _lock;

    private SocketFolder(string path, FileStream held) => (Path, _lock) = (path, held);

    public string Path { get; }

    /// <param name="parent">Default: the machine's folder for temporary files.</param>
    public static SocketFolder Create(string? parent = null)
    {
        parent ??= System.IO.Path.GetTempPath();
        RemoveAbandoned(parent);

        var id = Guid.NewGuid().ToString("N")[..16];
        var path = System.IO.Path.Combine(parent, Prefix + id);
        if (OperatingSystem.IsWindows())
        {
            return new(Directory.CreateDirectory(path).FullName, Lock(path, FileMode.CreateNew)); // opening a file locks it there
        }

        // A file is there a moment before it is locked, and would be taken for abandoned: the folder gets its name when it is locked.
        var made = System.IO.Path.Combine(parent, BeingMade + id);
        Directory.CreateDirectory(made, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var held = Lock(made, FileMode.CreateNew);
        Directory.Move(made, path);
        return new(path, held);
    }

    public void Dispose()
    {
        _lock.Dispose();
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // A worker that starts just now has taken it for abandoned.
        }
    }

    private static void RemoveAbandoned(string parent)
    {
        foreach (var folder in (IEnumerable<DirectoryInfo>)[.. In(Prefix), .. In(BeingMade)])
        {
            try
            {
                if (folder.Name.StartsWith(Prefix, StringComparison.Ordinal) && File.Exists(LockOf(folder.FullName)))
                {
                    using var taken = Lock(folder.FullName, FileMode.Open);
                    folder.Delete(recursive: true);
                }
                else if (DateTime.UtcNow - folder.CreationTimeUtc > MadeWithin)
                {
                    folder.Delete(recursive: true);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It lives, belongs to another user, or someone else has just removed it.
            }
        }

        IEnumerable<DirectoryInfo> In(string prefix) => new DirectoryInfo(parent).EnumerateDirectories(prefix + "*");
    }

    private static string LockOf(string folder) => System.IO.Path.Combine(folder, "lock");

    private static FileStream Lock(string folder, FileMode mode) => new(LockOf(folder), mode, FileAccess.ReadWrite, FileShare.None);
}
