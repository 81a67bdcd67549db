using System.Text.Json;
using Sluice.Cluster.Api;

namespace Sluice.Bench;

/// <summary>The steps as tasks of a worker of a cluster, for its memory.</summary>
internal static class WorkerTransfer
{
    private const string Dag = "transfer";

    public static async Task<double> PeakMegabytesAsync(
        Dictionary<string, object> extract, Dictionary<string, object> load, Dictionary<string, object> transfer, string connections, Action<string> progress)
    {
        foreach (var (id, uri) in JsonSerializer.Deserialize<Dictionary<string, string>>(connections)!)
        {
            Environment.SetEnvironmentVariable($"SLUICE_CONN_{id.ToUpperInvariant()}", uri);
        }

        var folder = Directory.CreateTempSubdirectory("sluice-bench-");
        try
        {
            // JSON is YAML.
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "transfer.yaml"), JsonSerializer.Serialize(new
            {
                dag_id = Dag,
                tasks = new[] { Task("extract", "SqlToS3Operator", extract), Task("load", "S3ToPostgresOperator", load, "extract"), Task("both", "TransferOperator", transfer, "load") },
            }));
            await using var deployment = await Deployment.ClusterAsync(folder.FullName, slots: 4, slowDisk: false, dagCount: 1);
            await deployment.Api.TriggerRunAsync(new TriggerRequest(Dag, null, "bench", null));
            progress("waiting for the run");
            while ((await deployment.Api.ListRunsAsync(new(Dag, null, null))).Single().State is var state && state != "success")
            {
                if (state == "failed")
                {
                    throw new InvalidOperationException("The run of the transfer failed.");
                }

                await System.Threading.Tasks.Task.Delay(200);
            }

            return deployment.WorkerPeakMegabytes();
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        static Dictionary<string, object> Task(string id, string kind, Dictionary<string, object> arguments, string? after = null)
        {
            var task = new Dictionary<string, object>(arguments) { ["id"] = id, ["operator"] = kind };
            if (after is not null)
            {
                task["depends_on"] = after;
            }

            return task;
        }
    }
}
