namespace Sluice.Cluster.Worker.Runners;

/// <summary>Where the sockets of one worker's runners lie while they connect: a folder that its user alone may enter. What workers that were killed
/// left behind is removed by the next one.</summary>
/// <remarks>The lock ends with its process, however that ends: a folder whose lock can be taken has lost its owner.</remarks>
internal sealed class SocketFolder : IDisposable
{
    private const string Prefix = "sluice-runners-";

    // A folder without a lock is one that is just being made, or was left within that moment.
    private static readonly TimeSpan MadeWithin = TimeSpan.FromMinutes(10);

    private readonly FileStream _lock;

    private SocketFolder(string path, FileStream held) => (Path, _lock) = (path, held);

    public string Path { get; }

    /// <param name="parent">Default: the machine's folder for temporary files.</param>
    public static SocketFolder Create(string? parent = null)
    {
        RemoveAbandoned(parent ?? System.IO.Path.GetTempPath());
        var path = parent is null
            ? Directory.CreateTempSubdirectory(Prefix).FullName // mode 0700
            : Directory.CreateDirectory(System.IO.Path.Combine(parent, Prefix + Guid.NewGuid().ToString("N"))).FullName;
        return new(path, Lock(path, FileMode.CreateNew));
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
        foreach (var folder in new DirectoryInfo(parent).EnumerateDirectories(Prefix + "*"))
        {
            try
            {
                if (File.Exists(LockOf(folder.FullName)))
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
    }

    private static string LockOf(string folder) => System.IO.Path.Combine(folder, "lock");

    private static FileStream Lock(string folder, FileMode mode) => new(LockOf(folder), mode, FileAccess.ReadWrite, FileShare.None);
}
