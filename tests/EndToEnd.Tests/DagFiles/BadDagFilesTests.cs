using Sluice.EndToEnd.Tests.Nodes;

namespace Sluice.EndToEnd.Tests.DagFiles;

/// <summary>A Dag folder with everything in it that can be wrong, and one Dag that is right.</summary>
public sealed class BadDagFilesTests
{
    private static readonly Dictionary<string, string> Files = new()
    {
        ["a_broken.cs"] =
            """
            Dag.Define("broken", dag =>
            {
                dag.Add("start", new EmptyOperater());
            });
            """,
        ["b_loops.cs"] =
            """
            while (true) { }
            """,
        ["c_exits.cs"] =
            """
            Environment.Exit(3);
            """,
        ["d_cycle.cs"] =
            """
            Dag.Define("cycle", dag =>
            {
                var a = dag.Add("a", new EmptyOperator());
                var b = dag.Add("b", new EmptyOperator());
                var c = dag.Add("c", new EmptyOperator());
                a.Then(b).Then(c).Then(a);
            });
            """,
        ["e_many.cs"] =
            """
            Dag.Define("many", dag =>
            {
                for (var i = 0; i < 20_000; i++)
                {
                    dag.Add($"t{i}", new EmptyOperator());
                }
            });
            """,
        ["f_hungry.cs"] =
            """
            var all = new List<byte[]>();
            while (true) { all.Add(new byte[1 << 20]); Array.Fill(all[^1], (byte)1); }
            """,
        ["g_yaml.yaml"] =
            """
            dag_id: yaml
            tasks:
              - {id: start, operator: EmptyOperator}
              - {id: end, operator: NoSuchOperator}
            """,
        ["h_throws.cs"] =
            """

            throw new InvalidOperationException("no luck today");
            """,
        ["z_good.cs"] =
            """
            Dag.Define("good", dag => dag.Run("task", _ => { }));
            """,
    };

    [Fact]
    public async Task Each_bad_file_is_one_error_with_its_place_and_the_good_one_runs()
    {
        await using var cluster = await TestCluster.CreateAsync(null, "--import-timeout", "25s", "--import-memory-mib", "400");
        foreach (var (name, text) in Files)
        {
            await cluster.WriteDagFileAsync(name, text);
        }

        await cluster.StartSeedAsync();
        await cluster.StartSchedulerAsync("scheduler");
        await cluster.StartWorkerAsync("worker");
        await cluster.ReadyAsync();
        await Until.TrueAsync(async () => (await cluster.Api.DagsAsync()).Any(dag => dag.DagId == "good"), "the good Dag is there", () => cluster.Logs);
        await cluster.Api.TriggerAsync("good");
        await cluster.Api.SucceededAsync("good");

        await Until.TrueAsync(async () => (await cluster.Api.ImportErrorsAsync()).Count == Files.Count - 1, "every bad file has its error", () => cluster.Logs);
        var errors = (await cluster.Api.ImportErrorsAsync()).ToDictionary(error => error.File, error => error.Message);
        Assert.Equal(Files.Keys.Where(name => name != "z_good.cs").Order(), errors.Keys.Order());
        Says("a_broken.cs", "a_broken.cs(3,", "EmptyOperater");
        Says("b_loops.cs", "longer than 25 s");
        Says("c_exits.cs", "exit code 3");
        Says("d_cycle.cs", "d_cycle.cs", "a -> b -> c -> a");
        Says("e_many.cs", "e_many.cs(1)", "20000", "10000");
        Says("f_hungry.cs", "memory");
        Says("g_yaml.yaml", "g_yaml.yaml(4", "NoSuchOperator");
        Says("h_throws.cs", "h_throws.cs(2", "no luck today");
        Assert.DoesNotContain("   at ", string.Concat(errors.Values), StringComparison.Ordinal);

        await cluster.WriteDagFileAsync("a_broken.cs", Files["a_broken.cs"].Replace("Operater", "Operator", StringComparison.Ordinal));
        File.Delete(Path.Combine(cluster.DagFolder, "b_loops.cs"));
        await Until.TrueAsync(
            async () => (await cluster.Api.ImportErrorsAsync()).Count == Files.Count - 3, "the errors of the mended and the deleted file are gone", () => cluster.Logs);
        await cluster.Api.TriggerAsync("broken");
        await cluster.Api.SucceededAsync("broken");

        void Says(string file, params string[] words) => Assert.All(words, word => Assert.Contains(word, errors[file], StringComparison.OrdinalIgnoreCase));
    }
}
