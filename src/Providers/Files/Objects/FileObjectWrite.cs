using Sluice.Authoring.Hooks;

namespace Sluice.Providers.Files.Objects;

/// <summary>A file being written under another name in the same folder.</summary>
internal sealed class FileObjectWrite : IObjectWrite
{
    private const string Prefix = ".sluice-";
    private const string Suffix = ".partial";

    // Some file systems know no locks: there only its age tells that nobody writes a file any more.
    private static readonly TimeSpan AbandonedAfter = TimeSpan.FromDays(1);

    private readonly Uri _uri;
    private readonly string _path;
    private readonly string _partial;
    private readonly ObjectWriteOptions _options;
    private readonly FileStream _file;
    private readonly string? _before;

    /// <param name="uri">The object.</param>
    /// <param name="path">Its file.</param>
    /// <param name="options">How to write it.</param>
    /// <param name="before">Version of what was there when the writing began; null for nothing.</param>
    internal FileObjectWrite(Uri uri, string path, ObjectWriteOptions options, string? before)
    {
        (_uri, _path, _options, _before) = (uri, path, options, before);
        _partial = Path.Combine(Path.GetDirectoryName(path)!, $"{Prefix}{Guid.NewGuid():n}{Suffix}");
        _file = new(_partial, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 128 * 1024);
    }

    public Stream Body => _file;

    public ObjectWriter? TakesOverFrom { get; init; }

    private bool Replaces => _options.Replace || TakesOverFrom is not null;

    public async ValueTask<StoredObject> CommitAsync(CancellationToken cancellationToken)
    {
        await _file.FlushAsync(cancellationToken);
        if (_options.Writer is { } writer)
        {
            FileWriter.Tell(_partial, writer);
        }

        _file.Flush(flushToDisk: true);
        await _file.DisposeAsync();

        // Between the look and the rename nobody else may publish.
        using var folder = await FolderLock.TakeAsync(Path.GetDirectoryName(_path)!, cancellationToken);
        if (Replaces && FileVersion.Of(_path) != _before)
        {
            throw new ObjectChangedException(_uri);
        }

        try
        {
            File.Move(_partial, _path, Replaces);
        }
        catch (IOException) when (!Replaces && File.Exists(_path))
        {
            throw new ObjectExistsException(_uri);
        }

        folder.Sync();
        return FileObjectStore.Describe(new(_path));
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await _file.DisposeAsync();
        }
        catch (IOException)
        {
            // What it still held has no room, or nobody wants it: whoever waits for it was told by the commit.
        }
        finally
        {
            File.Delete(_partial); // gone already after a commit
        }
    }

    /// <summary>Removes what writes of processes that were killed have left in a folder: files that nobody holds, and nobody has written into for a day.</summary>
    internal static void RemoveAbandoned(string folder, DateTimeOffset now)
    {
        var options = new EnumerationOptions { AttributesToSkip = FileAttributes.None, IgnoreInaccessible = true };
        foreach (var path in Directory.EnumerateFiles(folder, $"{Prefix}*{Suffix}", options))
        {
            try
            {
                if (now - File.GetLastWriteTimeUtc(path) > AbandonedAfter)
                {
                    // A write that goes on holds its file's lock.
                    using var held = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
                    File.Delete(path);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Somebody writes it, or another has removed it, or it is not ours to remove.
            }
        }
    }

    internal static bool IsPartial(string path) =>
        Path.GetFileName(path) is var name && name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(Suffix, StringComparison.Ordinal);
}
