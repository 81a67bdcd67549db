using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Sluice.Core.Dags;

namespace Sluice.Scheduler.DagProcessing;

/// <summary>One child process that processes Dag files, one at a time.</summary>
internal sealed class ProcessorProcess : IAsyncDisposable
{
    private const int KeptErrorLines = 20;

    private static readonly TimeSpan StartTakesAtMost = TimeSpan.FromMinutes(2);

    // Between the end of its answers and its own: the runtime prints what killed it. Code that closed the pipe and lives on gets no more.
    private static readonly TimeSpan EndTakesAtMost = TimeSpan.FromSeconds(5);

    private readonly Process _process;
    private readonly Queue<string> _errorLines = [];

    private ProcessorProcess(Process process) => _process = process;

    /// <summary>How many files it has been given.</summary>
    public int Files { get; private set; }

    public bool HasExited => _process.HasExited;

    public long MemoryBytes
    {
        get
        {
            try
            {
                _process.Refresh();
                return _process.WorkingSet64;
            }
            catch (InvalidOperationException)
            {
                return 0; // It has exited between two looks.
            }
        }
    }

    public static ProcessorProcess Start(ProcessorOptions options)
    {
        if (!File.Exists(options.AssemblyPath))
        {
            throw new FileNotFoundException($"The Dag processor is missing: {options.AssemblyPath}. Build or install Sluice again.", options.AssemblyPath);
        }

        var start = new ProcessStartInfo(FindDotnet(), options.WarmsUp ? [options.AssemblyPath] : [options.AssemblyPath, "--cold"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Keys, database addresses and the cluster's secret are no business of a Dag file's code.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("SLUICE_", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["DOTNET_GCHeapHardLimit"] = (options.MemoryLimitBytes / 4 * 3).ToString("x", CultureInfo.InvariantCulture);
        start.Environment["DOTNET_EnableDiagnostics"] = "0"; // It ends by being killed, and would leave a socket and two pipes among the temporary files each time.
        start.Environment["DOTNET_TieredPGO"] = "0"; // Code of a definition runs once: profiling it only delays the compiler.
        var child = new ProcessorProcess(new() { StartInfo = start });
        child._process.ErrorDataReceived += (_, line) => child.KeepErrorLine(line.Data);
        child._process.Start();
        child._process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Waits until it can take files.</summary>
    /// <exception cref="IOException">It ended instead, or takes too long.</exception>
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(StartTakesAtMost);
        try
        {
            if (!await Frames.ReadAsync<bool>(_process.StandardOutput.BaseStream, limit.Token))
            {
                throw new IOException($"The Dag processor could not be started: it {await DescribeEndAsync() ?? "ran out of memory"}.");
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"The Dag processor did not start within {StartTakesAtMost.TotalSeconds:0} s.");
        }
    }

    /// <summary>Hands over one file and waits for what became of it; null when the process ended instead.</summary>
    /// <param name="request">The file.</param>
    /// <param name="runs">Called when it is compiled and its own code begins.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<ProcessedFile?> ProcessAsync(ProcessFile request, Action runs, CancellationToken cancellationToken)
    {
        Files++;
        lock (_errorLines)
        {
            _errorLines.Clear();
        }

        try
        {
            await Frames.WriteAsync(_process.StandardInput.BaseStream, request, cancellationToken);
            if (!await Frames.ReadAsync<bool>(_process.StandardOutput.BaseStream, cancellationToken))
            {
                return null;
            }

            runs();
            return await Frames.ReadAsync<ProcessedFile>(_process.StandardOutput.BaseStream, cancellationToken);
        }
        catch (IOException)
        {
            return null; // The pipe broke: it is gone.
        }
    }

    /// <summary>How it ended, in words that stand after "the process"; null when it ran out of memory. One that lives on is ended, after a few seconds.</summary>
    public async Task<string?> DescribeEndAsync()
    {
        // Also waits for the last of its error lines.
        if (!await HasEndedAsync() && !_process.HasExited)
        {
            Kill();
            return "closed its pipe to the scheduler and went on; leave standard output to the program";
        }

        string[] lines;
        lock (_errorLines)
        {
            lines = [.. _errorLines];
        }

        if (lines.Any(line => line.Contains("Stack overflow", StringComparison.OrdinalIgnoreCase)))
        {
            return "overflowed its stack";
        }

        if (lines.Any(line => line.Contains("OutOfMemoryException", StringComparison.Ordinal) || line.Contains("Out of memory", StringComparison.OrdinalIgnoreCase)))
        {
            return null;
        }

        var cause = lines.FirstOrDefault(line => line.StartsWith("Unhandled exception", StringComparison.OrdinalIgnoreCase));
        return cause is null
            ? string.Create(CultureInfo.InvariantCulture, $"ended with exit code {_process.ExitCode}")
            : $"crashed: {cause}";
    }

    public void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has exited by itself.
        }
    }

    public async ValueTask DisposeAsync()
    {
        Kill();
        await HasEndedAsync(); // Something that it started may hold the pipes for ever.
        _process.Dispose();
    }

    private async Task<bool> HasEndedAsync()
    {
        using var limit = new CancellationTokenSource(EndTakesAtMost);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private void KeepErrorLine(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_errorLines)
        {
            // The first lines tell the cause; what follows a stack overflow is thousands of frames.
            if (_errorLines.Count < KeptErrorLines || IsCause(line))
            {
                _errorLines.Enqueue(line);
                while (_errorLines.Count > 2 * KeptErrorLines)
                {
                    _errorLines.Dequeue();
                }
            }
        }
    }

    private static bool IsCause(string line) =>
        line.StartsWith("Stack overflow", StringComparison.Ordinal) || line.StartsWith("Unhandled exception", StringComparison.Ordinal)
        || line.StartsWith("Out of memory", StringComparison.Ordinal);

    // The host that runs this program, also where it is not on the path.
    private static string FindDotnet()
    {
        var name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        var besideRuntime = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", name));
        return File.Exists(besideRuntime) ? besideRuntime : name;
    }
}
