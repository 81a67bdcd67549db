using Sluice.Actors;
using Sluice.Cluster.Configuration;
using Sluice.Cluster.Hosting;
using Sluice.Cluster.Nodes;
using Sluice.Cluster.Transport;
using Sluice.Cluster.Wire;
using Sluice.Storage;

namespace Sluice.Scheduler.Hosting;

/// <summary>A scheduler node as a process of its own.</summary>
public static class SchedulerProgram
{
    public static Task<int> RunAsync(string role, IReadOnlyList<string> args, CancellationToken stop = default) => NodeProgram.RunAsync(
        role,
        "Runs a scheduler node: leads, or stands by to take over.",
        Roles.Scheduler,
        args,
        async (values, loggers, stopping) =>
        {
            var secret = Roles.ClusterSecret(values);
            var tls = TlsSettings.Read(values, listens: true, TimeProvider.System.GetUtcNow());
            var options = SchedulerSettings.Options(values);
            var seeds = values.List("seeds");
            if (seeds.Count == 0)
            {
                throw new SettingException("--seeds is not set: name at least one seed node as host:port, or set SLUICE_SEEDS.");
            }

            Directory.CreateDirectory(values.Get("home"));
            await using var store = await SchedulerSettings.OpenStoreAsync(values, stopping);
            var box = SchedulerSettings.OpenBox(values);
            await using var server = await ClusterServer.StartAsync(values.Get("listen"), loggers, tls, cancellationToken: stopping);
            var self = NodeProgram.Describe(NodeRole.Scheduler, values.Find("advertise") ?? server.Address);
            await using var transport = new WebSocketTransport(self, new() { Secret = secret, Tls = tls }, loggers);
            server.Attach(transport);
            await using var host = new NodeHost(
                new ActorSystem("scheduler", new ThreadPoolDispatcher(), TimeProvider.System, loggers), transport, seeds, loggers);
            await using var scheduler = SchedulerNode.Attach(host, store, box, options);
            await host.StartAsync(stopping);
            await NodeProgram.UntilStoppedAsync(stopping);
        },
        static e => e is StoreException or ListenException,
        stop);
}
