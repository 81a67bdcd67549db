using System.Security.Cryptography;
using Sluice.Core.Dags;

namespace Sluice.Scheduler.DagProcessing;

/// <summary>Has Dag files processed by a child process, one at a time: what their code does cannot harm this process.</summary>
/// <remarks>The child is kept warm. When a file runs over a limit or ends the child, that costs the file one problem, and the next file gets a new child.</remarks>
public sealed class DagProcessorClient(ProcessorOptions options) : IAsyncDisposable
{
    private static readonly TimeSpan MemoryLookEvery = TimeSpan.FromMilliseconds(100);

    private readonly SemaphoreSlim _turn = new(1);
    private ProcessorProcess? _child;

    /// <summary>Processes one file. Files wait for each other.</summary>
    /// <param name="folder">The Dag folder.</param>
    /// <param name="relativePath">The file inside it.</param>
    /// <param name="variables">Values of variables that definitions may read.</param>
    /// <param name="cancellationToken">Cancelling gives up the file and its child.</param>
    /// <exception cref="FileNotFoundException">The processor itself is missing.</exception>
    public async Task<ProcessedFile> ProcessAsync(
        string folder, string relativePath, IReadOnlyDictionary<string, string> variables, CancellationToken cancellationToken)
    {
        var request = new ProcessFile(Path.GetFullPath(folder), relativePath.Replace('\\', '/'), variables);
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (_child is { } used && (used.HasExited || used.Files >= options.FilesPerProcess))
            {
                await DropChildAsync();
            }

            _child ??= ProcessorProcess.Start(options);
            return await ProcessAsync(_child, request, cancellationToken);
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync();
        await DropChildAsync();
        _turn.Dispose();
    }

    private async Task<ProcessedFile> ProcessAsync(ProcessorProcess child, ProcessFile request, CancellationToken cancellationToken)
    {
        // Real time, not a TimeProvider: it bounds a real process, which knows no other.
        using var overtime = new CancellationTokenSource(options.TimeLimit);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(overtime.Token, cancellationToken);
        var tooBig = false;
        string cause;
        try
        {
            var work = child.ProcessAsync(request, stop.Token);
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
                if (tooBig || child.MemoryBytes > options.MemoryLimitBytes / 4 * 3)
                {
                    await DropChildAsync();
                }

                return processed;
            }

            cause = tooBig
                ? $"used more than {options.MemoryLimitBytes >> 20} MiB of memory"
                : await child.DescribeEndAsync();
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
            await DropChildAsync();
            throw;
        }

        await DropChildAsync();
        return new()
        {
            File = request.File,
            ContentHash = HashOf(Path.Combine(request.Folder, request.File)),
            Problems = [new($"Processing {request.File} {cause}.", new(request.File, 1))],
        };
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

    private async Task DropChildAsync()
    {
        if (_child is { } child)
        {
            _child = null;
            await child.DisposeAsync();
        }
    }
}
