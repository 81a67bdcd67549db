using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Sluice.EndToEnd.Tests.Nodes;

/// <summary>A node as a process of its own. Ends with the test process, also when that crashes.</summary>
internal sealed class NodeProcess : IAsyncDisposable
{
    private readonly Process _guard;
    private readonly StringBuilder _log = new();

    private NodeProcess(string name, Process guard) => (Name, _guard) = (name, guard);

    public string Name { get; }

    public int Pid { get; private set; }

    public bool IsAlive => Directory.Exists($"/proc/{Pid}");

    /// <summary>What it has written so far.</summary>
    public string Log
    {
        get
        {
            lock (_log)
            {
                return _log.ToString();
            }
        }
    }

    /// <param name="name">For messages.</param>
    /// <param name="program">Such as <c>Sluice.Cluster.Seed</c>.</param>
    /// <param name="args">Its flags.</param>
    /// <param name="environment">Variables to add.</param>
    /// <param name="host">What runs it, such as <c>ip netns exec NAME</c>; none for this machine as it is.</param>
    public static async Task<NodeProcess> StartAsync(
        string name, string program, IEnumerable<string> args, IReadOnlyDictionary<string, string>? environment = null, IEnumerable<string>? host = null)
    {
        var start = new ProcessStartInfo(
            "setsid", ["bash", Path.Combine(AppContext.BaseDirectory, "Nodes", "guard.sh"), .. host ?? [], "dotnet", PathOf(program), .. args])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (key, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[key] = value;
        }

        var node = new NodeProcess(name, Process.Start(start)!);
        node._guard.ErrorDataReceived += (_, line) => node.Keep(line.Data);
        node._guard.BeginErrorReadLine();
        node.Pid = int.Parse((await node._guard.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture);
        return node;
    }

    /// <summary>Runs a program to its end.</summary>
    /// <returns>Its exit code and what it wrote to standard error.</returns>
    public static async Task<(int Code, string Error)> RunAsync(
        string program, IEnumerable<string> args, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo("dotnet", [PathOf(program), .. args]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (key, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[key] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(Until.Patience);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', args)} did not end by itself: {await error}{await output}");
        }

        return (process.ExitCode, await error);
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        await SignalAsync("KILL");
        await Until.TrueAsync(() => !IsAlive, $"{Name} is gone");
    }

    /// <summary>Ends it in order (SIGTERM).</summary>
    public async Task StopAsync()
    {
        await SignalAsync("TERM");
        await Until.TrueAsync(() => !IsAlive, $"{Name} has stopped");
    }

    public async ValueTask DisposeAsync()
    {
        _guard.StandardInput.Close();
        await _guard.WaitForExitAsync();
        _guard.Dispose();
    }

    private static string PathOf(string program) => Path.Combine(AppContext.BaseDirectory, program + ".dll");

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", ["-s", signal, $"{Pid}"]);
        await kill.WaitForExitAsync();
    }

    private void Keep(string? line)
    {
        if (line is not null)
        {
            lock (_log)
            {
                _log.AppendLine(line);
            }
        }
    }
}
