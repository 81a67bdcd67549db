using Sluice.Cluster.Configuration;
using Sluice.Cluster.Hosting;
using Sluice.Cluster.Seed.Hosting;
using Sluice.Cluster.Transport;
using Sluice.Cluster.Worker.Hosting;
using Sluice.Scheduler.Hosting;
using Sluice.Storage;

namespace Sluice.Cli.Hosting;

/// <summary><c>sluice up | seed | scheduler | worker</c>.</summary>
public static class NodeCommands
{
    /// <param name="role">up, seed, scheduler or worker.</param>
    /// <param name="args">Flags of the role, as typed.</param>
    /// <param name="stop">Stops the node, beside SIGINT and SIGTERM.</param>
    /// <returns>The exit code.</returns>
    public static Task<int> RunAsync(string role, string[] args, CancellationToken stop) => role switch
    {
        "up" => UpAsync(args, stop),
        "seed" => SeedProgram.RunAsync("sluice seed", args, stop),
        "scheduler" => SchedulerProgram.RunAsync("sluice scheduler", args, stop),
        "worker" => WorkerProgram.RunAsync("sluice worker", args, stop),
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "No such role."),
    };

    private static Task<int> UpAsync(string[] args, CancellationToken stop) => NodeProgram.RunAsync(
        "sluice up",
        "Runs everything in one process: seed, scheduler, worker, on SQLite in the home.",
        Roles.Up,
        args,
        async (values, loggers, stopping) =>
        {
            await using var cluster = await LocalCluster.StartAsync(values, loggers, stopping);
            Console.WriteLine($"Sluice is up at {cluster.ApiUrl}");
            Console.WriteLine("  Web pages  at the address that 'sluice web' prints");
            Console.WriteLine($"  Dags from  {Path.GetFullPath(values.Get("dag_folder"))}");
            Console.WriteLine($"  Home       {Path.GetFullPath(values.Get("home"))}");
            Console.WriteLine("Stop it with Ctrl-C.");
            await Task.WhenAny(NodeProgram.UntilStoppedAsync(stopping), cluster.WorkerFailed);
            if (cluster.WorkerFailed.IsCompleted)
            {
                throw new WorkerFailedException();
            }

            Console.WriteLine("Stopping: running tasks may end first.");
        },
        static e => e is WorkerFailedException or StoreException or ListenException or ArgumentException,
        stop);
}
