using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Sluice.Actors;
using Sluice.Core.Dags;
using Sluice.Scheduler.DagProcessing;
using Sluice.Scheduler.Bundles;

namespace Sluice.Scheduler.Dags;

/// <summary>To the scheduler: a file was looked at.</summary>
internal sealed record FileProcessed(ProcessedFile File);

/// <summary>To the scheduler: a file is there no more.</summary>
internal sealed record FileGone(string File);

/// <summary>To the scheduler, once: all files that there are.</summary>
internal sealed record FolderListed(IReadOnlySet<string> Files);

/// <summary>Process a file again though it has not changed: what was in its way is gone.</summary>
internal sealed record LookAgain(string File);

/// <summary>A variable was set or deleted: files whose definitions read it are processed again.</summary>
internal sealed record VariableChanged(string Name);

/// <summary>Watches the Dag folder and has changed files processed, one at a time, by a child process.</summary>
/// <remarks>Nothing that happens to the folder or the processor ends it: what was defined stays, and it looks again.</remarks>
internal sealed partial class DagFolderActor(
    string folder, TimeSpan scanEvery, DagProcessorClient processor, BundleShelf bundles,
    Func<CancellationToken, Task<IReadOnlyDictionary<string, string>>> variables) : Actor
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(10);
    private static readonly HashSet<string> Extensions = new(StringComparer.Ordinal) { ".cs", ".yaml", ".yml" };

    // Depth is bounded, since a link may lead back up.
    private static readonly EnumerationOptions Everywhere = new() { RecurseSubdirectories = true, IgnoreInaccessible = true, MaxRecursionDepth = 20 };

    private readonly Dictionary<string, Seen> _seen = new(StringComparer.Ordinal);
    private readonly Queue<string> _changed = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly HashSet<string> _changedMeanwhile = new(StringComparer.Ordinal);
    private string? _processing;
    private string? _unreadable;
    private bool _listed;

    protected override ValueTask PreStartAsync()
    {
        Context.Self.Tell(Scan.Instance);
        return ValueTask.CompletedTask;
    }

    protected override async ValueTask PostStopAsync()
    {
        await _stopping.CancelAsync();
        _stopping.Dispose();
    }

    protected override ValueTask ReceiveAsync(object message)
    {
        switch (message)
        {
            case Scan:
                LookAtFolder();
                ProcessNext();
                break;
            case Finished { Error: { } error }:
                // The processor says what is wrong with a file in its result; this is the processor itself, or the store.
                LogNotProcessed(Context.Logger, _processing!, error.Message);
                Context.Parent!.Tell(new FileProcessed(new()
                {
                    File = _processing!,
                    ContentHash = "",
                    Problems = [new($"{_processing} could not be processed: {error.Message} It is tried again.")],
                }));
                Context.Timers.StartSingle(_processing!, RetryAfter, new LookAgain(_processing!));
                _processing = null;
                ProcessNext();
                break;
            case Finished { File: { } processed }:
                _processing = null;
                if (_seen.TryGetValue(processed.File.File, out var seen))
                {
                    seen.Reads = processed.File.VariablesRead;
                    Context.Parent!.Tell(processed);
                    if (_changedMeanwhile.Overlaps(seen.Reads))
                    {
                        Enqueue(processed.File.File);
                    }
                }

                _changedMeanwhile.Clear();
                ProcessNext();
                break;
            case VariableChanged changed:
                if (_processing is not null)
                {
                    _changedMeanwhile.Add(changed.Name);
                }

                foreach (var (file, known) in _seen)
                {
                    if (known.Reads.Contains(changed.Name))
                    {
                        Enqueue(file);
                    }
                }

                ProcessNext();
                break;
            case LookAgain again when _seen.ContainsKey(again.File):
                Enqueue(again.File);
                ProcessNext();
                break;
        }

        return ValueTask.CompletedTask;
    }

    protected override string Describe() => string.Create(
        CultureInfo.InvariantCulture, $"{_seen.Count} files, {_changed.Count} to process{(_processing is null ? "" : $", at {_processing}")}");

    private void LookAtFolder()
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            Compare(List());
            _unreadable = null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Security.SecurityException)
        {
            // A folder that is away for a moment has not lost its Dags.
            if (_unreadable != e.Message)
            {
                LogUnreadable(Context.Logger, folder, _unreadable = e.Message);
            }
        }

        // Looking costs at most a hundredth of the time, however many files there are.
        var took = Stopwatch.GetElapsedTime(started);
        Context.Timers.StartSingle("scan", took * 100 > scanEvery ? took * 100 : scanEvery, Scan.Instance);
    }

    private Dictionary<string, (DateTime, long)> List()
    {
        var there = new Dictionary<string, (DateTime, long)>(StringComparer.Ordinal);
        foreach (var info in new DirectoryInfo(folder).EnumerateFiles("*", Everywhere).Where(info => Extensions.Contains(info.Extension)))
        {
            var file = Path.GetRelativePath(folder, info.FullName).Replace('\\', '/');
            if (!file.Split('/').Any(part => part is "bin" or "obj" || part.StartsWith('.')) && info.Exists)
            {
                there[file] = (info.LastWriteTimeUtc, info.Length);
            }
        }

        return there;
    }

    private void Compare(Dictionary<string, (DateTime, long)> there)
    {
        if (!_listed)
        {
            _listed = true;
            Context.Parent!.Tell(new FolderListed(there.Keys.ToHashSet(StringComparer.Ordinal)));
        }

        foreach (var (file, stamp) in there)
        {
            if (!_seen.TryGetValue(file, out var seen))
            {
                _seen.Add(file, new() { Stamp = stamp });
                Enqueue(file);
            }
            else if (seen.Stamp != stamp)
            {
                seen.Stamp = stamp;
                Enqueue(file);
            }
        }

        foreach (var gone in _seen.Keys.Where(file => !there.ContainsKey(file)).ToList())
        {
            _seen.Remove(gone);
            Context.Parent!.Tell(new FileGone(gone));
        }
    }

    private void Enqueue(string file)
    {
        if (!_changed.Contains(file))
        {
            _changed.Enqueue(file);
        }
    }

    private void ProcessNext()
    {
        while (_processing is null && _changed.TryDequeue(out var file))
        {
            if (_seen.ContainsKey(file))
            {
                _processing = file;
                Context.PipeToSelf(ProcessAsync(file, _stopping.Token), done => new Finished(done, null), error => new Finished(null, error));
            }
        }
    }

    private async Task<FileProcessed> ProcessAsync(string file, CancellationToken cancellationToken)
    {
        var known = await variables(cancellationToken);
        var processed = await processor.ProcessAsync(folder, file, known, cancellationToken);
        await bundles.SaveAsync(processed, known, cancellationToken);
        return new(processed);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The Dag folder {Folder} cannot be read; its Dags stay as they were: {Error}")]
    private static partial void LogUnreadable(ILogger logger, string folder, string error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{File} could not be processed; it is tried again: {Error}")]
    private static partial void LogNotProcessed(ILogger logger, string file, string error);

    private sealed record Finished(FileProcessed? File, Exception? Error);

    private sealed class Seen
    {
        public required (DateTime WrittenAt, long Length) Stamp { get; set; }

        public IReadOnlyList<string> Reads { get; set; } = [];
    }

    private sealed record Scan
    {
        public static Scan Instance { get; } = new();
    }
}
