namespace Sluice.Scheduler.DagProcessing;

/// <summary>Tells when something in a Dag folder may have changed: by the operating system's own notices, which cost nothing while nothing changes.</summary>
/// <remarks>It tells once, and again only after <see cref="Rearm"/>. Notices may be missing (network file systems, a full buffer): look at the folder now and then, too.</remarks>
internal sealed class FolderWatch : IDisposable
{
    private readonly Action _stirred;
    private readonly FileSystemWatcher _inside;
    private readonly FileSystemWatcher? _itself;
    private int _told;

    private FolderWatch(string folder, Action stirred)
    {
        _stirred = stirred;
        _inside = new(Directory.ResolveLinkTarget(folder, returnFinalTarget: true)?.FullName ?? folder)
        {
            IncludeSubdirectories = true,
            NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName | NotifyFilters.LastWrite | NotifyFilters.Size,
        };
        Follow(_inside, always: false);

        // The folder may be moved away, or be a link that is turned to another version: its parent tells.
        if (Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(folder)) is { Length: > 0 } parent)
        {
            _itself = new(parent, Path.GetFileName(Path.TrimEndingDirectorySeparator(folder))) { NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName };
            Follow(_itself, always: true);
        }
    }

    /// <summary>The folder that was watched may be another one now: watch anew.</summary>
    public bool IsStale { get; private set; }

    /// <summary>Null where there are no notices to be had.</summary>
    /// <param name="folder">Absolute path.</param>
    /// <param name="stirred">Called on any thread.</param>
    public static FolderWatch? TryStart(string folder, Action stirred)
    {
        FolderWatch? watch = null;
        try
        {
            watch = new(folder, stirred);
            watch._inside.EnableRaisingEvents = true;
            watch._itself?.EnableRaisingEvents = true;
            return watch;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or PlatformNotSupportedException)
        {
            watch?.Dispose();
            return null;
        }
    }

    /// <summary>Before a look: what changes from now on is told again.</summary>
    public void Rearm() => Volatile.Write(ref _told, 0);

    public void Dispose()
    {
        _inside.Dispose();
        _itself?.Dispose();
    }

    private void Follow(FileSystemWatcher watcher, bool always)
    {
        void OnChange(string? path)
        {
            IsStale |= always;
            if ((always || path is null || Matters(path)) && Interlocked.Exchange(ref _told, 1) == 0)
            {
                _stirred();
            }
        }

        watcher.Created += (_, e) => OnChange(e.Name);
        watcher.Changed += (_, e) => OnChange(e.Name);
        watcher.Deleted += (_, e) => OnChange(e.Name);
        watcher.Renamed += (_, e) =>
        {
            OnChange(e.OldName);
            OnChange(e.Name);
        };
        watcher.Error += (_, _) => OnChange(null);
    }

    // Logs and data that lie beside the Dags may be written all day. What has no extension may be a folder.
    private static bool Matters(string path)
    {
        var name = Path.GetFileName(path);
        return !name.StartsWith('.')
            && (DagFileListing.IsDagFile(name) || Path.GetExtension(name) is "" or ".dll" or ".json" or ".sql" or ".sh" or ".bash");
    }
}
