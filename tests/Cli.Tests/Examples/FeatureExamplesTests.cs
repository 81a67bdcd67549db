using System.Text.Json;

namespace Sluice.Cli.Tests;

/// <summary>One Dag for each feature, in examples/dags/features: all are checked, and run once as their author would.</summary>
public sealed class FeatureExamplesTests
{
    /// <summary>Those that need more than this process, with the reason.</summary>
    private static readonly Dictionary<string, string> NotRunHere = new(StringComparer.Ordinal)
    {
        ["assets_watch"] = "watches for ever",
        ["assets_watch_yaml"] = "watches for ever",
    };

    [Fact]
    public async Task Every_feature_has_examples_without_problems_that_run()
    {
        var check = await ToolRun.OfAsync("dags", "check", Examples.Features, "--json");
        Assert.True(check.Code == 0, check.ToString());
        using var found = JsonDocument.Parse(check.Out);
        var dags = found.RootElement.GetProperty("dags").EnumerateArray().ToList();
        Assert.NotEmpty(dags);

        foreach (var dag in dags)
        {
            var id = dag.GetProperty("dag_id").GetString()!;
            if (NotRunHere.ContainsKey(id))
            {
                continue;
            }

            // The file alone: reading all of them for each would take long.
            var run = await ToolRun.OfAsync("dags", "test", id, "2026-10-01", "--dag-folder", dag.GetProperty("file").GetString()!, "--json");
            Assert.True(run.Code == 0, $"{id}: {run}");
        }
    }
}
