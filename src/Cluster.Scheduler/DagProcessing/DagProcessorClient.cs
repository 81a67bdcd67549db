using System.Security.Cryptography;
using Sluice.Core.Dags;

namespace Sluice.Scheduler.DagProcessing;

/// <summary>Has Dag files processed by child processes, one file at a time each: what their code does cannot harm this process.</summary>
/// <remarks>A child is kept warm. When a file runs over a limit or ends its child, that costs the file one problem, and the next file gets a new child.</remarks>
public sealed class DagProcessorClient(ProcessorOptions options) : IAsyncDisposable
{
    private static readonly TimeSpan MemoryLookEvery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan KeptIdle = TimeSpan.FromSeconds(10);

    // No code of a file runs in a compiler: what takes longer than this is a machine that stands still.
    private static readonly TimeSpan CompilingTakesAtMost = TimeSpan.FromMinutes(5);

    private readonly SemaphoreSlim _turns = new(options.Processes);
    private readonly CancellationTokenSource _closing = new();
    private readonly Stack<ProcessorProcess> _idle = new();
    private Timer? _trim;

    /// <summary>Processes one file. Files beyond the number of processes wait for each other.</summary>
    /// <param name="folder">The Dag folder.</param>
    /// <param name="relativePath">The file inside it.</param>
    /// <param name="variables">Values of variables that definitions may read.</param>
    /// <param name="cancellationToken">Cancelling gives up the file and its child.</param>
    /// <param name="begins">Called when its turn has come and a child is there to take it: its time counts from here.</param>
    /// <exception cref="IOException">The processor itself is missing or does not start.</exception>
    public async Task<ProcessedFile> ProcessAsync(
        string folder, string relativePath, IReadOnlyDictionary<string, string> variables, CancellationToken cancellationToken, Action? begins = null)
    {
        var request = new ProcessFile(Path.GetFullPath(folder), relativePath.Replace('\\', '/'), variables);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        await _turns.WaitAsync(stop.Token);
        try
        {
            var child = await TakeAsync(stop.Token);
            begins?.Invoke();
            var (processed, isWell) = await ProcessAsync(child, request, stop.Token);
            if (isWell)
            {
                Return(child);
            }

            return processed;
        }
        finally
        {
            _turns.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        for (var i = 0; i < options.Processes; i++)
        {
            await _turns.WaitAsync();
        }

        if (_trim is not null)
        {
            await _trim.DisposeAsync();
        }

        foreach (var child in Leave(0))
        {
            await child.DisposeAsync();
        }

        _turns.Dispose();
        _closing.Dispose();
    }

    private async Task<ProcessorProcess> TakeAsync(CancellationToken cancellationToken)
    {
        while (TryTakeIdle() is { } used)
        {
            if (!used.HasExited && used.Files < options.FilesPerProcess)
            {
                return used;
            }

            await used.DisposeAsync();
        }

        var child = ProcessorProcess.Start(options);
        try
        {
            await child.StartedAsync(cancellationToken);
            return child;
        }
        catch
        {
            await child.DisposeAsync();
            throw;
        }
    }

    private ProcessorProcess? TryTakeIdle()
    {
        lock (_idle)
        {
            return _idle.TryPop(out var child) ? child : null;
        }
    }

    private void Return(ProcessorProcess child)
    {
        lock (_idle)
        {
            _idle.Push(child);
            if (_idle.Count > 1)
            {
                // Many were wanted for a moment; one is enough for a file that is edited.
                _trim ??= new(_ => Trim(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                _trim.Change(KeptIdle, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void Trim()
    {
        foreach (var child in Leave(1))
        {
            _ = child.DisposeAsync().AsTask();
        }
    }

    private List<ProcessorProcess> Leave(int count)
    {
        var surplus = new List<ProcessorProcess>();
        lock (_idle)
        {
            while (_idle.Count > count)
            {
                surplus.Add(_idle.Pop());
            }
        }

        return surplus;
    }

    /// <summary>What became of the file, and whether its child may go on; one that may not is gone.</summary>
    private async Task<(ProcessedFile File, bool IsWell)> ProcessAsync(ProcessorProcess child, ProcessFile request, CancellationToken cancellationToken)
    {
        // Real time, not a TimeProvider: it bounds a real process, which knows no other.
        using var overtime = new CancellationTokenSource(CompilingTakesAtMost);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(overtime.Token, cancellationToken);
        var tooBig = false;
        string cause;
        try
        {
            var work = child.ProcessAsync(request, () => overtime.CancelAfter(options.TimeLimit), stop.Token);
            while (await Task.WhenAny(work, Task.Delay(MemoryLookEvery, CancellationToken.None)) != work)
            {
                if (child.MemoryBytes > options.MemoryLimitBytes)
                {
                    tooBig = true;
                    child.Kill();
                    break;
                }
            }

            if (await work is { } processed)
            {
                // What this file left behind must not count against the next one.
                var isWell = !tooBig && child.MemoryBytes <= options.MemoryLimitBytes / 4 * 3;
                if (!isWell)
                {
                    await child.DisposeAsync();
                }

                return (processed, isWell);
            }

            // Whether its own runtime or this one saw it first is chance: one message for both.
            cause = (tooBig ? null : await child.DescribeEndAsync())
                ?? $"needed more than {options.MemoryLimitBytes >> 20} MiB of memory, the limit for one file: read less while Dags are defined, or raise scheduler.import_memory_mib";
        }
        catch (OperationCanceledException) when (overtime.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            cause = $"took longer than {options.TimeLimit.TotalSeconds:0.#} s: perhaps a loop never ends";
        }
        catch (InvalidDataException e)
        {
            cause = $"answered with nonsense: {e.Message}";
        }
        catch (OperationCanceledException)
        {
            await child.DisposeAsync();
            throw;
        }

        await child.DisposeAsync();
        return (new()
        {
            File = request.File,
            ContentHash = HashOf(Path.Combine(request.Folder, request.File)),
            Problems = [new($"Processing {request.File} {cause}.", new(request.File, 1))],
        }, false);
    }

    private static string HashOf(string path)
    {
        try
        {
            return Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
