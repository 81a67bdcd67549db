using System.Diagnostics;
using Sluice.Runner.Attempts;

namespace Sluice.Cluster.Worker.Runners;

/// <summary>How runner processes are started.</summary>
internal sealed class RunnerLaunch(string path, long heapLimit)
{
    /// <summary>Starts one that will connect to <paramref name="socketPath"/>.</summary>
    public Process Start(string socketPath)
    {
        var start = new ProcessStartInfo
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
        };
        if (path.EndsWith(".dll", StringComparison.OrdinalIgnoreCase))
        {
            start.FileName = DotnetHost();
            start.ArgumentList.Add("exec");
            start.ArgumentList.Add(path);
        }
        else
        {
            start.FileName = path;
        }

        start.ArgumentList.Add(socketPath);
        DropSecrets(start.Environment);
        RunnerEnvironment.Set(start.Environment, heapLimit);
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    // User code inherits the worker's environment, as it would in Airflow, but for what is ours: the cluster secret, keys, connections.
    private static void DropSecrets(IDictionary<string, string?> environment)
    {
        foreach (var name in environment.Keys.Where(n => n.StartsWith("SLUICE_", StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            environment.Remove(name);
        }
    }

    private static string DotnetHost() =>
        Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host && File.Exists(host) ? host
        : Environment.ProcessPath is { } self && Path.GetFileNameWithoutExtension(self) == "dotnet" ? self
        : Environment.GetEnvironmentVariable("DOTNET_ROOT") is { Length: > 0 } root && File.Exists(Path.Combine(root, "dotnet")) ? Path.Combine(root, "dotnet")
        : "dotnet";
}
