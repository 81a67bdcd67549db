using Sluice.EndToEnd.Tests.Nodes;
using Sluice.Services;

namespace Sluice.EndToEnd.Tests.Examples;

/// <summary>The Dags of examples/dags/features on a real cluster: a test run in one process shows less.</summary>
public sealed class FeatureExamplesTests
{
    /// <summary>Those that do not end by themselves within the time of a test, with the reason; other tests have them.</summary>
    private static readonly Dictionary<string, string> NotRunHere = new(StringComparer.Ordinal)
    {
        ["approvals"] = "waits for a person",
        ["approvals_yaml"] = "waits for a person",
        ["cross_dag"] = "waits for the run of yesterday",
        ["cross_dag_yaml"] = "waits for the run of yesterday",
        ["retries"] = "waits a minute before its second try",
        ["retries_yaml"] = "waits before its second try",
        ["assets_watch"] = "watches for ever",
        ["assets_watch_yaml"] = "watches for ever",
        ["one_after_the_other"] = "begins its own runs without end",
        ["one_after_the_other_yaml"] = "begins its own runs without end",
    };

    [Fact]
    public async Task Each_feature_runs_on_a_cluster()
    {
        await using var cluster = await TestCluster.StartAsync();
        // A count that only a cluster has: the file is there at the third poke, in the worker itself and, because of the macro, in a runner.
        await File.WriteAllTextAsync(Path.Combine(cluster.DagFolder, "poke-2.txt"), "");
        await cluster.AddDagAsync(
            "third_poke",
            $$$$"""
            Dag.Define("third_poke", dag =>
            {
                dag.Macro("poke", (long n) => $"poke-{n}");
                dag.Add("here", new FileSensor { Path = "{{{{cluster.DagFolder}}}}/poke-{{ task_reschedule_count }}.txt", Mode = SensorMode.Reschedule, PokeInterval = TimeSpan.FromSeconds(1) });
                dag.Add("there", new FileSensor { Path = "{{{{cluster.DagFolder}}}}/{{ poke(task_reschedule_count) }}.txt", Mode = SensorMode.Reschedule, PokeInterval = TimeSpan.FromSeconds(1) });
            });
            """);
        var from = Path.Combine(Repository.Root, "examples", "dags", "features");
        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            var to = Path.Combine(cluster.DagFolder, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }

        await cluster.Api.CallAsync<Cluster.Api.PoolRequest, Cluster.Api.Changed>(Cluster.Api.Operations.SetPool, new("production_db", 4, false, null));
        await cluster.Api.SetConnectionAsync("incremental_source", $"sqlite://{cluster.Folder}/orders.db");
        await cluster.Api.SetVariableAsync("incremental_folder", cluster.Folder);
        foreach (var file in Directory.GetFiles(from).Select(file => Path.GetFileName(file)!).Where(file => Path.GetExtension(file) is ".cs" or ".yaml"))
        {
            // One after the other: each is waited for on its own, as slow as the machine may be.
            await Until.ValueAsync(
                async () => (await cluster.Api.DagsAsync()).Any(dag => dag.File == file) ? "" : null, $"{file} is imported",
                async () => string.Join('\n', (await cluster.Api.ImportErrorsAsync()).Select(error => $"{error.File}: {error.Message}")));
        }

        var dags = (await cluster.Api.DagsAsync()).Select(dag => dag.DagId).Where(id => !NotRunHere.ContainsKey(id)).ToList();
        foreach (var id in dags)
        {
            await cluster.Api.TriggerAsync(id);
        }

        foreach (var id in dags)
        {
            await cluster.Api.SucceededAsync(id);
        }

        // Both say of themselves that every run misses one deadline; in YAML nobody listens to that.
        foreach (var (id, end) in ((string, string)[])[("deadlines", "success"), ("deadlines_yaml", "failed")])
        {
            var run = await Until.ValueAsync(
                async () => await cluster.Api.ShowAsync(id) is { } shown && shown.Callbacks.Any(callback => callback is { Deadline: "a minute ago", EndedAt: not null }) ? shown : null, $"{id} has told of its missed deadline");
            var told = Assert.Single(run.Callbacks, callback => callback.Deadline == "a minute ago");
            Assert.Equal(("on_deadline_missed", end, 1), (told.Event, told.State, told.HandedOut));
            Assert.Equal("missed", run.Run.Deadlines!.First(deadline => deadline.Name == "a minute ago").State);
        }
    }
}
