using System.Diagnostics;
using System.Globalization;
using Sluice.Actors;
using Sluice.Core.Dags;
using Sluice.Scheduler.DagProcessing;
using Sluice.Scheduler.Bundles;

namespace Sluice.Scheduler.Dags;

/// <summary>To the scheduler: a file was looked at.</summary>
internal sealed record FileProcessed(ProcessedFile File);

/// <summary>To the scheduler: a file is there no more.</summary>
internal sealed record FileGone(string File);

/// <summary>A variable was set or deleted: files whose definitions read it are processed again.</summary>
internal sealed record VariableChanged(string Name);

/// <summary>Watches the Dag folder and has changed files processed, one at a time, by a child process.</summary>
internal sealed class DagFolderActor(
    string folder, TimeSpan scanEvery, DagProcessorClient processor, BundleShelf bundles,
    Func<CancellationToken, Task<IReadOnlyDictionary<string, string>>> variables) : Actor
{
    private static readonly string[] Patterns = ["*.cs", "*.yaml", "*.yml"];

    private readonly Dictionary<string, Seen> _seen = new(StringComparer.Ordinal);
    private readonly Queue<string> _changed = new();
    private readonly CancellationTokenSource _stopping = new();
    private string? _processing;

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
            case FileProcessed processed:
                _processing = null;
                if (_seen.TryGetValue(processed.File.File, out var seen))
                {
                    seen.Reads = processed.File.VariablesRead;
                    Context.Parent!.Tell(processed);
                }

                ProcessNext();
                break;
            case VariableChanged changed:
                foreach (var (file, known) in _seen)
                {
                    if (known.Reads.Contains(changed.Name) && !_changed.Contains(file))
                    {
                        _changed.Enqueue(file);
                    }
                }

                ProcessNext();
                break;
            case Exception error when error is not OperationCanceledException:
                // The processor says what is wrong with a file in its result; this is the processor itself, or the disk.
                throw new InvalidOperationException($"{_processing} could not be processed: {error.Message}", error);
        }

        return ValueTask.CompletedTask;
    }

    protected override string Describe() => string.Create(
        CultureInfo.InvariantCulture, $"{_seen.Count} files, {_changed.Count} to process{(_processing is null ? "" : $", at {_processing}")}");

    private void LookAtFolder()
    {
        var started = Stopwatch.GetTimestamp();
        var there = new HashSet<string>(StringComparer.Ordinal);
        foreach (var pattern in Patterns)
        {
            foreach (var path in Directory.EnumerateFiles(folder, pattern, SearchOption.AllDirectories))
            {
                var file = Path.GetRelativePath(folder, path).Replace('\\', '/');
                if (file.Split('/').Any(part => part is "bin" or "obj" || part.StartsWith('.')))
                {
                    continue;
                }

                there.Add(file);
                var info = new FileInfo(path);
                var stamp = (info.LastWriteTimeUtc, info.Exists ? info.Length : 0);
                if (!_seen.TryGetValue(file, out var seen))
                {
                    _seen.Add(file, new() { Stamp = stamp });
                    _changed.Enqueue(file);
                }
                else if (seen.Stamp != stamp)
                {
                    seen.Stamp = stamp;
                    if (!_changed.Contains(file))
                    {
                        _changed.Enqueue(file);
                    }
                }
            }
        }

        foreach (var gone in _seen.Keys.Where(file => !there.Contains(file)).ToList())
        {
            _seen.Remove(gone);
            Context.Parent!.Tell(new FileGone(gone));
        }

        // Looking costs at most a hundredth of the time, however many files there are.
        var took = Stopwatch.GetElapsedTime(started);
        Context.Timers.StartSingle("scan", took * 100 > scanEvery ? took * 100 : scanEvery, Scan.Instance);
    }

    private void ProcessNext()
    {
        while (_processing is null && _changed.TryDequeue(out var file))
        {
            if (_seen.ContainsKey(file))
            {
                _processing = file;
                Context.PipeToSelf(ProcessAsync(file, _stopping.Token), done => done, error => error);
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
