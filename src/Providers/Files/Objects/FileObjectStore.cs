using System.Runtime.CompilerServices;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;

namespace Sluice.Providers.Files.Objects;

/// <summary>Objects as files of this machine: <c>file:///folder/name</c>.</summary>
/// <remarks>
/// An object appears whole by a rename inside its folder, after its bytes reached the disk; its name has, too, when the commit is over. One process publishes in a folder at a time. Folders are made as needed.
/// Who wrote it stands in an extended attribute, where the file system has them.
/// </remarks>
public sealed class FileObjectStore : IObjectStore
{
    /// <inheritdoc/>
    public ValueTask<StoredObject?> HeadAsync(Uri uri, CancellationToken cancellationToken)
    {
        var file = new FileInfo(PathOf(uri));
        return ValueTask.FromResult(file.Exists ? Describe(file) with { Writer = FileWriter.Of(file.FullName) } : null);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredObject> ListAsync(Uri prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Without this the first MoveNext would read a whole tree on the caller's thread.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var start = PathOf(prefix);
        var folder = start.EndsWith('/') ? start : Path.GetDirectoryName(start) ?? "/";
        if (!Directory.Exists(folder))
        {
            yield break;
        }

        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None };
        var paths = Directory.EnumerateFiles(folder, "*", options)
            .Where(path => path.StartsWith(start, StringComparison.Ordinal) && !FileObjectWrite.IsPartial(path))
            .Order(StringComparer.Ordinal);
        foreach (var path in paths)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (new FileInfo(path) is { Exists: true } file)
            {
                yield return Describe(file);
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask<Stream> OpenReadAsync(Uri uri, CancellationToken cancellationToken)
    {
        var path = PathOf(uri);
        try
        {
            return ValueTask.FromResult<Stream>(
                new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.SequentialScan));
        }
        catch (DirectoryNotFoundException e)
        {
            throw new FileNotFoundException($"There is no file {path}.", path, e);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IObjectWrite> OpenWriteAsync(Uri uri, ObjectWriteOptions options, CancellationToken cancellationToken)
    {
        if (options.IsForS3)
        {
            throw new TaskFailedException($"{ObjectUri.Text(uri)} lies in a folder, which has no storage class, encryption or tags.");
        }

        var path = PathOf(uri);
        var before = FileVersion.Of(path); // first: what is there must still be it at the end
        var former = options.Replace || before is null ? null : FileWriter.Of(path);
        if (before is not null && !options.Replace && options.Writer?.Owns(former) != true)
        {
            throw new ObjectExistsException(uri);
        }

        var folder = Path.GetDirectoryName(path)!;
        Directory.CreateDirectory(folder);
        FileObjectWrite.RemoveAbandoned(folder, TimeProvider.System.GetUtcNow());
        return ValueTask.FromResult<IObjectWrite>(new FileObjectWrite(uri, path, options, before) { TakesOverFrom = former });
    }

    /// <inheritdoc/>
    public ValueTask DeleteAsync(Uri uri, CancellationToken cancellationToken)
    {
        var path = PathOf(uri);
        if (File.Exists(path))
        {
            File.Delete(path);
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>The address of a local path.</summary>
    internal static Uri UriOf(string path) => ObjectUri.Create("file", "", path);

    internal static StoredObject Describe(FileInfo file) =>
        new(UriOf(file.FullName), file.Length, new(file.LastWriteTimeUtc, TimeSpan.Zero)) { Version = FileVersion.Of(file.FullName) };

    private static string PathOf(Uri uri) => "/" + ObjectUri.Key(uri);
}
