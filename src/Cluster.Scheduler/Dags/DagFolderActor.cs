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

/// <summary>Watches the Dag folder and has changed files processed by child processes.</summary>
/// <remarks>Nothing that happens to the folder or the processor ends it: what was defined stays, and it looks again.</remarks>
/// <param name="folder">Absolute path.</param>
/// <param name="scanEvery">Gap between looks that nothing asked for.</param>
/// <param name="watch">Starts notices of changes; null, or null from it: only looking tells.</param>
/// <param name="processor">Processes files.</param>
/// <param name="bundles">Keeps their code.</param>
/// <param name="variables">All that are set.</param>
internal sealed partial class DagFolderActor(
    string folder, TimeSpan scanEvery, Func<string, Action, FolderWatch?>? watch, DagProcessorClient processor, BundleShelf bundles,
    Func<CancellationToken, Task<IReadOnlyDictionary<string, string>>> variables) : Actor
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(10);

    // An editor that saves writes more than once: the last of it within this time.
    private static readonly TimeSpan Settles = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan LooksWithoutNotices = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SlowAfter = TimeSpan.FromSeconds(2);

    private readonly Dictionary<string, Seen> _seen = new(StringComparer.Ordinal);
    private readonly ImportQueue _queue = new(Math.Clamp(Environment.ProcessorCount, 1, 8));
    private readonly CancellationTokenSource _stopping = new();
    private readonly Dictionary<string, HashSet<string>> _changedMeanwhile = new(StringComparer.Ordinal); // variables, by the file that is being processed
    private FolderWatch? _watch;
    private string? _unreadable;
    private bool _listed;

    protected override ValueTask PreStartAsync()
    {
        Context.Self.Tell(Scan.Instance);
        return ValueTask.CompletedTask;
    }

    protected override async ValueTask PostStopAsync()
    {
        _watch?.Dispose();
        await _stopping.CancelAsync();
        _stopping.Dispose();
    }

    protected override ValueTask ReceiveAsync(object message)
    {
        switch (message)
        {
            case Stirred when !Context.Timers.IsActive("settle"):
                Context.Timers.StartSingle("settle", Settles, Scan.Instance);
                break;
            case Scan:
                LookAtFolder();
                break;
            case Begun begun when _changedMeanwhile.ContainsKey(begun.File):
                Context.Timers.StartSingle("slow " + begun.File, SlowAfter, new Slow(begun.File));
                break;
            case Slow slow:
                _queue.IsSlow(slow.File);
                break;
            case Finished { Error: { } error } failed:
                // The processor says what is wrong with a file in its result; this is the processor itself, or the store.
                Leave(failed.File);
                LogNotProcessed(Context.Logger, failed.File, error.Message);
                Context.Parent!.Tell(new FileProcessed(new()
                {
                    File = failed.File,
                    ContentHash = "",
                    Problems = [new($"{failed.File} could not be processed: {error.Message} It is tried again.")],
                }));
                Context.Timers.StartSingle("again " + failed.File, RetryAfter, new LookAgain(failed.File));
                break;
            case Finished { Processed: { } processed } finished:
                var changed = Leave(finished.File);
                if (_seen.TryGetValue(finished.File, out var seen))
                {
                    seen.Reads = processed.File.VariablesRead;
                    seen.Templates = processed.File.TemplateFilesRead;
                    Context.Parent!.Tell(processed);
                    if (changed.Overlaps(seen.Reads))
                    {
                        _queue.Enqueue(finished.File, edited: true);
                    }
                }

                break;
            case VariableChanged changedVariable:
                foreach (var names in _changedMeanwhile.Values)
                {
                    names.Add(changedVariable.Name);
                }

                foreach (var (file, known) in _seen)
                {
                    if (known.Reads.Contains(changedVariable.Name))
                    {
                        _queue.Enqueue(file, edited: true);
                    }
                }

                break;
            case LookAgain again when _seen.ContainsKey(again.File):
                _queue.Enqueue(again.File, edited: false);
                break;
        }

        ProcessNext();
        return ValueTask.CompletedTask;
    }

    protected override string Describe() => string.Create(
        CultureInfo.InvariantCulture,
        $"{_seen.Count} files, {_queue.Waiting} to process{(_queue.Running.Count == 0 ? "" : $", at {string.Join(", ", _queue.Running)}")}");

    private void LookAtFolder()
    {
        var started = Stopwatch.GetTimestamp();
        Watch();
        try
        {
            Compare(DagFileListing.In(folder));
            _unreadable = null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Security.SecurityException)
        {
            // A folder that is away for a moment has not lost its Dags.
            if (_unreadable != e.Message)
            {
                LogUnreadable(Context.Logger, folder, _unreadable = e.Message);
            }

            _watch?.Dispose();
            _watch = null;
        }

        // Looking costs at most a hundredth of the time, however many files there are.
        var (gap, took) = (_watch is null && scanEvery > LooksWithoutNotices ? LooksWithoutNotices : scanEvery, Stopwatch.GetElapsedTime(started));
        Context.Timers.StartSingle("scan", took * 100 > gap ? took * 100 : gap, Scan.Instance);
    }

    /// <summary>Before each look, so that nothing changes between the look and the watch.</summary>
    private void Watch()
    {
        if (_watch is { IsStale: true })
        {
            _watch.Dispose();
            _watch = null;
        }

        var self = Context.Self;
        _watch ??= watch?.Invoke(folder, () => self.Tell(Stirred.Instance));
        _watch?.Rearm();
    }

    private void Compare(Dictionary<string, DagFileStamp> there)
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
                _queue.Enqueue(file, edited: false);
            }
            else if (seen.Stamp != stamp || seen.Templates.Any(read => TemplateFileReads.Look(folder, read.Path) != read))
            {
                (seen.Stamp, seen.Templates) = (stamp, []);
                _queue.Enqueue(file, edited: true);
            }
        }

        foreach (var gone in _seen.Keys.Where(file => !there.ContainsKey(file)).ToList())
        {
            _seen.Remove(gone);
            _queue.Forget(gone);
            Context.Parent!.Tell(new FileGone(gone));
        }
    }

    private void ProcessNext()
    {
        while (_queue.Next() is { } file)
        {
            _changedMeanwhile.Add(file, new(StringComparer.Ordinal));
            Context.PipeToSelf(ProcessAsync(file, _stopping.Token), done => new Finished(file, done, null), error => new Finished(file, null, error));
        }
    }

    /// <summary>Variables that changed while it was processed.</summary>
    private HashSet<string> Leave(string file)
    {
        Context.Timers.Cancel("slow " + file);
        _queue.Finished(file);
        _changedMeanwhile.Remove(file, out var names);
        return names ?? [];
    }

    private async Task<FileProcessed> ProcessAsync(string file, CancellationToken cancellationToken)
    {
        var self = Context.Self;
        var known = await variables(cancellationToken);
        var processed = await processor.ProcessAsync(folder, file, known, cancellationToken, () => self.Tell(new Begun(file)));
        await bundles.SaveAsync(processed, known, cancellationToken);
        return new(processed);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The Dag folder {Folder} cannot be read; its Dags stay as they were: {Error}")]
    private static partial void LogUnreadable(ILogger logger, string folder, string error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{File} could not be processed; it is tried again: {Error}")]
    private static partial void LogNotProcessed(ILogger logger, string file, string error);

    private sealed record Finished(string File, FileProcessed? Processed, Exception? Error);

    private sealed record Begun(string File);

    private sealed record Slow(string File);

    private sealed class Seen
    {
        public required DagFileStamp Stamp { get; set; }

        public IReadOnlyList<string> Reads { get; set; } = [];

        public IReadOnlyList<TemplateFileRead> Templates { get; set; } = [];
    }

    private sealed record Stirred
    {
        public static Stirred Instance { get; } = new();
    }

    private sealed record Scan
    {
        public static Scan Instance { get; } = new();
    }
}
