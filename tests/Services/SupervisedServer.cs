using System.Diagnostics;

namespace Sluice.Services;

/// <summary>A server of this test process on a port of its own, with a folder of its own; both go when the process ends, also when it crashes.</summary>
internal sealed class SupervisedServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly string _name;
    private readonly ReservedPort _port;
    private readonly Process _supervisor;
    private readonly SemaphoreSlim _orders = new(1);
    private int _pid;

    private SupervisedServer(string name, string folder, ReservedPort port, Process supervisor)
    {
        _name = name;
        Folder = folder;
        _port = port;
        _supervisor = supervisor;
    }

    public string Folder { get; }

    public int Port => _port.Number;

    /// <summary>A new empty folder whose name says whose it is.</summary>
    public static string CreateFolder(string name) => Directory.CreateTempSubdirectory($"sluice-{name}-").FullName;

    /// <summary>Starts a server and waits until it answers.</summary>
    /// <param name="name">For messages.</param>
    /// <param name="folder">Deleted when the test process ends.</param>
    /// <param name="stopSignal">What makes it end soon and in order, such as TERM.</param>
    /// <param name="command">The command for a port.</param>
    /// <param name="ready">True when the server at the port answers; exceptions mean not yet.</param>
    public static async Task<SupervisedServer> StartAsync(
        string name, string folder, string stopSignal, Func<int, IReadOnlyList<string>> command, Func<int, Task<bool>> ready)
    {
        var port = new ReservedPort();
        var server = new SupervisedServer(name, folder, port, StartSupervisor(folder, stopSignal, command(port.Number)));
        await server.OrderAsync("start");
        await server.WaitUntilAsync(ready);
        return server;
    }

    public bool IsAlive => _pid != 0 && Directory.Exists($"/proc/{_pid}");

    public string ReadLog()
    {
        var path = Path.Combine(Folder, "server.log");
        return File.Exists(path) ? File.ReadAllText(path) : "";
    }

    /// <summary>Ends the server in order; its data stay for <see cref="StartAgainAsync"/>.</summary>
    public Task StopAsync() => OrderAsync("stop");

    /// <summary>Ends the server as a crash would (SIGKILL).</summary>
    public Task KillAsync() => OrderAsync("kill");

    /// <summary>Sends a signal, such as STOP.</summary>
    public void Signal(string name)
    {
        using var kill = Process.Start("kill", ["-s", name, $"{_pid}"]);
        kill.WaitForExit();
    }

    /// <summary>Starts it again on the same port and data.</summary>
    public async Task StartAgainAsync(Func<int, Task<bool>> ready)
    {
        await OrderAsync("start");
        await WaitUntilAsync(ready);
    }

    public async ValueTask DisposeAsync()
    {
        _supervisor.StandardInput.Close();
        await _supervisor.WaitForExitAsync();
        _supervisor.Dispose();
        _orders.Dispose();
    }

    private string EndOfLog()
    {
        var log = ReadLog();
        return log[Math.Max(0, log.Length - 3000)..];
    }

    private static Process StartSupervisor(string folder, string stopSignal, IReadOnlyList<string> command)
    {
        // A session of its own: a Ctrl-C in the terminal must not reach the server before the tests have ended.
        var start = new ProcessStartInfo("setsid", ["bash", Path.Combine(AppContext.BaseDirectory, "supervise.sh"), folder, stopSignal, .. command])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = folder,
        };
        return Process.Start(start)!;
    }

    private async Task OrderAsync(string order)
    {
        await _orders.WaitAsync();
        try
        {
            await _supervisor.StandardInput.WriteLineAsync(order);
            await _supervisor.StandardInput.FlushAsync();
            var answer = await _supervisor.StandardOutput.ReadLineAsync()
                ?? throw new InvalidOperationException($"The supervisor of {_name} has ended.");
            _pid = int.TryParse(answer, out var pid) ? pid : 0;
        }
        finally
        {
            _orders.Release();
        }
    }

    private async Task WaitUntilAsync(Func<int, Task<bool>> ready)
    {
        var waited = Stopwatch.StartNew();
        for (Exception? last = null; ;)
        {
            try
            {
                if (await ready(Port))
                {
                    return;
                }
            }
            catch (Exception problem)
            {
                last = problem;
            }

            if (!IsAlive)
            {
                throw new InvalidOperationException($"{_name} ended while it started: {EndOfLog()}", last);
            }

            if (waited.Elapsed > Patience)
            {
                throw new InvalidOperationException($"{_name} does not answer on port {Port} after {Patience.TotalSeconds:0} seconds: {EndOfLog()}", last);
            }

            await Task.Delay(50);
        }
    }
}
