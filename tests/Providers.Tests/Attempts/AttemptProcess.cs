using System.Diagnostics;
using System.Text;

namespace Sluice.Providers.Tests.Attempts;

/// <summary>An attempt in a process of its own. Ends with the test process, also when that crashes.</summary>
internal sealed class AttemptProcess : IAsyncDisposable
{
    private readonly Process _guard;
    private readonly string _file;
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _pid;

    private AttemptProcess(Process guard, string file)
    {
        (_guard, _file) = (guard, file);
        guard.ErrorDataReceived += (_, line) => Keep(line.Data);
        guard.BeginErrorReadLine();
    }

    /// <summary>What it has written so far.</summary>
    internal string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>Folder tree as the process sees it.</summary>
    internal string Root => $"/proc/{_pid}/root";

    /// <param name="job">What it does.</param>
    /// <param name="host">What runs it, such as <c>unshare -m</c>; none for this machine as it is.</param>
    internal static async Task<AttemptProcess> StartAsync(AttemptJob job, params IEnumerable<string> host)
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, job.ToJson());
        var start = new ProcessStartInfo(
            "setsid", ["bash", Path.Combine(AppContext.BaseDirectory, "Attempts", "guard.sh"), .. host, "dotnet", typeof(AttemptProgram).Assembly.Location, file])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_TieredPGO"] = "0"; // it lives for a second
        var attempt = new AttemptProcess(Process.Start(start)!, file);
        attempt._pid = int.Parse((await attempt._guard.StandardOutput.ReadLineAsync())!);
        return attempt;
    }

    /// <summary>Starts it, and waits until it has come to a moment at which something holds it up.</summary>
    internal static async Task<AttemptProcess> StartAsync(AttemptJob job, Task reached)
    {
        var attempt = await StartAsync(job);
        try
        {
            await reached.WaitAsync(Until.Patience);
            return attempt;
        }
        catch (TimeoutException)
        {
            await attempt.DisposeAsync();
            throw new TimeoutException($"The attempt did not come so far: {attempt.Output}");
        }
    }

    /// <summary>kill -9; returns when it is gone.</summary>
    internal async Task KillAsync()
    {
        await SignalAsync("KILL");
        await UntilAsync(() => !Directory.Exists($"/proc/{_pid}"), "gone");
    }

    /// <summary>SIGSTOP; returns when it stands still.</summary>
    internal async Task StopAsync()
    {
        await SignalAsync("STOP");
        await StoppedAsync();
    }

    /// <summary>Waits until something has stopped it.</summary>
    internal Task StoppedAsync() => UntilAsync(
        () => File.ReadAllText($"/proc/{_pid}/stat").Split(')')[^1].TrimStart()[0] == 'T', "stopped");

    /// <summary>SIGCONT.</summary>
    internal Task WakeAsync() => SignalAsync("CONT");

    /// <summary>Waits for its end.</summary>
    /// <returns>What it wrote.</returns>
    internal async Task<string> EndAsync()
    {
        await UntilAsync(() => !Directory.Exists($"/proc/{_pid}") || Output.Contains("peak: ", StringComparison.Ordinal), "over");
        _guard.StandardInput.Close();
        await _closed.Task.WaitAsync(Until.Patience);
        return Output;
    }

    public async ValueTask DisposeAsync()
    {
        _guard.StandardInput.Close();
        await _guard.WaitForExitAsync();
        _guard.Dispose();
        File.Delete(_file);
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", ["-s", signal, $"{_pid}"]);
        await kill.WaitForExitAsync();
    }

    private Task UntilAsync(Func<bool> condition, string what) => Until.TrueAsync(() => Task.FromResult(condition()), () => $"the attempt is {what}: {Output}");

    private void Keep(string? line)
    {
        if (line is null)
        {
            _closed.TrySetResult();
            return;
        }

        lock (_output)
        {
            _output.AppendLine(line);
        }
    }
}
