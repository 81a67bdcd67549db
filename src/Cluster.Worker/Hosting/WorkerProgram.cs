using Sluice.Actors;
using Sluice.Cluster.Configuration;
using Sluice.Cluster.Hosting;
using Sluice.Cluster.Nodes;
using Sluice.Cluster.Transport;
using Sluice.Cluster.Wire;
using Sluice.Providers.All;

namespace Sluice.Cluster.Worker.Hosting;

/// <summary>A worker node as a process of its own.</summary>
public static class WorkerProgram
{
    public static Task<int> RunAsync(string role, IReadOnlyList<string> args, CancellationToken stop = default) => NodeProgram.RunAsync(
        role,
        "Runs a worker node: takes tasks from the leading scheduler and runs them in its slots.",
        Roles.Worker,
        args,
        async (values, loggers, stopping) =>
        {
            var secret = Roles.ClusterSecret(values);
            var tls = TlsSettings.Read(values, listens: false, TimeProvider.System.GetUtcNow());
            var options = Options(values);
            var seeds = values.List("seeds");
            if (seeds.Count == 0)
            {
                throw new SettingException("--seeds is not set: name at least one seed node as host:port, or set SLUICE_SEEDS.");
            }

            var self = NodeProgram.Describe(NodeRole.Worker, null);
            await using var transport = new WebSocketTransport(self, new() { Secret = secret, Tls = tls }, loggers);
            await using var host = new NodeHost(
                new ActorSystem("worker", new ThreadPoolDispatcher(), TimeProvider.System, loggers), transport, seeds, loggers);
            await using var worker = await WorkerNode.StartAsync(options, host, BuiltInProviders.Catalog(), loggers);
            await host.StartAsync(stopping);
            await Task.WhenAny(NodeProgram.UntilStoppedAsync(stopping), worker.Failed);
            if (worker.Failed.IsCompleted)
            {
                throw new WorkerFailedException();
            }
        },
        static e => e is ArgumentException or WorkerFailedException,
        stop);

    /// <exception cref="SettingException">A value makes no sense.</exception>
    public static WorkerOptions Options(SettingValues values) => new()
    {
        Home = Path.Combine(values.Get("home"), "worker"),
        Slots = values.Number("slots", 1, 1024),
        Queues = values.List("queues"),
        WarmRunners = Math.Min(values.Number("warm_runners", 0, 1024), values.Number("slots", 1, 1024)),
        TasksPerRunner = values.Number("tasks_per_runner", 1, int.MaxValue),
        RunnerIdle = values.Duration("runner_idle"),
        KillGrace = values.Duration("kill_grace"),
        DrainTimeout = values.Duration("drain_timeout"),
        XComStore = XComStore(values),
        XComStoreConnection = values.Find("xcom_store_connection"),
    };

    private static Uri? XComStore(SettingValues values) => values.Find("xcom_store") switch
    {
        null or "" => null,
        { } text when Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "s3" or "file" && uri.Query.Length == 0 && uri.Fragment.Length == 0 => uri,
        _ => throw values.Nonsense("xcom_store", "s3://bucket/prefix or file:///folder"),
    };
}
