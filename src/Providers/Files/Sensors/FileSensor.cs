using Sluice.Authoring.Operators;
using Sluice.Authoring.Sensors;

namespace Sluice.Providers.Files.Sensors;

/// <summary>Waits for a file, or a folder, on the machine that runs the task.</summary>
public sealed class FileSensor : Sensor
{
    /// <summary>Absolute path; <c>*</c>, <c>?</c> and <c>[abc]</c> in it match within one folder. A path that begins with <c>file://</c> is taken too.</summary>
    [Templated]
    public string Path { get; set; } = "";

    /// <summary>A folder counts only once it holds something. Default: false.</summary>
    public bool NotEmpty { get; set; }

    /// <inheritdoc/>
    public override ValueTask<Poke> PokeAsync(TaskContext context, CancellationToken cancellationToken)
    {
        var path = Path.StartsWith("file://", StringComparison.Ordinal) ? Path["file://".Length..] : Path;
        if (!System.IO.Path.IsPathRooted(path))
        {
            throw new TaskFailedException($"FileSensor needs an absolute path, not '{Path}': a worker's working folder is nobody's promise.");
        }

        var found = Matches(path, cancellationToken).Where(Counts);
        if (context.Task.Sensor is not { Watch: not null })
        {
            return ValueTask.FromResult(found.FirstOrDefault() is { } first ? new Poke(true, first) : Poke.NotYet);
        }

        // A watcher is told of the newest: of a file that is written again, too.
        var newest = found.Select(file => (File: file, At: File.GetLastWriteTimeUtc(file))).OrderByDescending(file => file.At).ThenBy(file => file.File, StringComparer.Ordinal).FirstOrDefault();
        return ValueTask.FromResult(newest.File is null ? Poke.NotYet : new Poke(true, newest.File, $"{newest.File} {newest.At:O}"));
    }

    // Goes down the tree one level at a time, so that only folders that match are listed.
    private static IEnumerable<string> Matches(string path, CancellationToken cancellationToken)
    {
        IEnumerable<string> found = ["/"];
        foreach (var segment in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            found = Wildcard.IsIn(segment)
                ? found.SelectMany(folder => Children(folder, segment, cancellationToken))
                : found.Select(folder => System.IO.Path.Combine(folder, segment));
        }

        return found.Where(System.IO.Path.Exists);
    }

    private static IEnumerable<string> Children(string folder, string pattern, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var regex = Wildcard.Compile(pattern, acrossFolders: false);
        return Directory.Exists(folder)
            ? Directory.EnumerateFileSystemEntries(folder).Where(entry => regex.IsMatch(System.IO.Path.GetFileName(entry))).Order(StringComparer.Ordinal)
            : [];
    }

    private bool Counts(string path) => !NotEmpty || !Directory.Exists(path) || Directory.EnumerateFileSystemEntries(path).Any();
}
