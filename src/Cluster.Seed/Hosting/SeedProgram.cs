using Sluice.Cluster.Configuration;
using Sluice.Cluster.Hosting;
using Sluice.Cluster.Transport;

namespace Sluice.Cluster.Seed.Hosting;

/// <summary>A seed node as a process of its own.</summary>
public static class SeedProgram
{
    public static Task<int> RunAsync(string role, IReadOnlyList<string> args, CancellationToken stop = default) => NodeProgram.RunAsync(
        role,
        "Runs a seed node: the address by which nodes and people find the cluster.",
        Roles.Seed,
        args,
        async (values, loggers, stopping) =>
        {
            var options = new SeedOptions
            {
                Listen = values.Get("listen"),
                Advertise = values.Find("advertise"),
                Secret = Roles.ClusterSecret(values),
                Tls = TlsSettings.Read(values, listens: true, TimeProvider.System.GetUtcNow()),
            };
            await using var seed = await SeedNode.StartAsync(options, loggers, cancellationToken: stopping);
            await NodeProgram.UntilStoppedAsync(stopping);
        },
        static e => e is ListenException,
        stop);
}
