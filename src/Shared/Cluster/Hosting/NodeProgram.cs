using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Sluice.Cluster.Configuration;
using Sluice.Cluster.Wire;

namespace Sluice.Cluster.Hosting;

/// <summary>What every node's process does alike: read settings, say what is wrong in one sentence, run until told to stop.</summary>
public static class NodeProgram
{
    /// <param name="role">As in the usage line: <c>sluice worker</c>.</param>
    /// <param name="summary">One line: what it does.</param>
    /// <param name="settings">The settings of the role.</param>
    /// <param name="args">Flags.</param>
    /// <param name="run">Starts the node and returns when its token is cancelled.</param>
    /// <param name="isRefusal">True for exceptions whose message is for people: the node cannot start like this.</param>
    /// <param name="stop">Stops it from outside, beside SIGINT and SIGTERM.</param>
    /// <returns>0 when it was stopped, 1 when it could not start, 2 when the settings make no sense.</returns>
    public static async Task<int> RunAsync(
        string role,
        string summary,
        IReadOnlyList<Setting> settings,
        IReadOnlyList<string> args,
        Func<SettingValues, ILoggerFactory, CancellationToken, Task> run,
        Func<Exception, bool> isRefusal,
        CancellationToken stop = default)
    {
        if (args.Contains("--help") || args.Contains("-h"))
        {
            Console.WriteLine(SettingReader.Help(role, summary, settings));
            return 0;
        }

        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            var values = SettingReader.Read(settings, args, Environment.GetEnvironmentVariable);
            using var loggers = ConsoleLog.Create(values.OneOf("log_level", "trace", "debug", "information", "warning", "error"));
            await run(values, loggers, stopping.Token);
            return 0;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return 0;
        }
        catch (SettingException e)
        {
            await Console.Error.WriteLineAsync($"{role}: {e.Message}");
            return 2;
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException || isRefusal(e))
        {
            await Console.Error.WriteLineAsync($"{role}: {e.Message}");
            return 1;
        }

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stopping.Cancel();
        }
    }

    /// <summary>Names this process among the nodes: unique per start, readable in logs.</summary>
    public static NodeInfo Describe(NodeRole role, string? address)
    {
        var name = $"{role.ToString().ToLowerInvariant()}@{Environment.MachineName}";
        return new($"{role.ToString().ToLowerInvariant()}-{Guid.NewGuid().ToString("N")[..8]}", role, address, name);
    }

    /// <summary>Waits until told to stop.</summary>
    public static async Task UntilStoppedAsync(CancellationToken stop)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = stop.UnsafeRegister(static source => ((TaskCompletionSource)source!).SetResult(), stopped);
        await stopped.Task;
    }
}
