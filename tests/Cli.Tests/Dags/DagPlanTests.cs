using System.Text.Json.Nodes;

namespace Sluice.Cli.Tests.Dags;

public sealed class DagPlanTests : IDisposable
{
    private readonly string _before = Directory.CreateTempSubdirectory("sluice-plan-").FullName;
    private readonly string _after = Directory.CreateTempSubdirectory("sluice-plan-").FullName;

    [Fact]
    public async Task A_changed_folder_is_told_field_by_field()
    {
        Write(_before, "sales.yaml", Sales("sales", "@daily", "extract"));
        Write(_before, "old.yaml", "dag_id: old\ntasks:\n  - {id: a, operator: EmptyOperator}\n");
        Write(_after, "sales.yaml", Sales("sales", "@hourly", "extract_orders"));
        Write(_after, "new.yaml", "dag_id: brand_new\ntasks:\n  - {id: b, operator: ShellOperator, script: echo}\n");

        var people = await ToolRun.OfAsync("dags", "plan", _after, "--against", _before);
        Assert.True(people.Code == 0, people.ToString());
        Assert.Contains("+ brand_new  new.yaml", people.Lines);
        Assert.Contains("- old  old.yaml", people.Lines);
        Assert.Contains("~ sales  sales.yaml", people.Lines);
        Assert.Contains("    schedule.expression: \"@daily\" -> \"@hourly\"", people.Lines);
        Assert.Contains("    > task extract_orders (was extract)", people.Lines);
        Assert.Contains("        it begins anew: to take the history of extract along, say renamed_from: extract at the task", people.Lines);
        Assert.Contains(people.Lines, line => line.StartsWith("    next runs (UTC): ", StringComparison.Ordinal));
        Assert.Contains("1 added, 1 removed, 0 renamed, 1 changed, 0 unchanged; 0 problems.", people.Lines);

        var run = await ToolRun.OfAsync("dags", "plan", _after, "--against", _before, "--json");
        var dag = JsonNode.Parse(run.Out)!["dags"]!.AsArray().Single(dag => (string?)dag!["dag_id"] == "sales")!;
        Assert.Equal(("changed", "extract"), ((string?)dag["change"], (string?)dag["tasks"]![0]!["was"]));
        Assert.Equal("@hourly", (string?)dag["fields"]![0]!["after"]);
        Assert.Equal(3, dag["next_runs_after"]!.AsArray().Count);
        Assert.False((bool)dag["tasks"]![0]!["keeps_history"]!);

        Write(_after, "sales.yaml", Sales("sales", "@hourly", "extract_orders").Replace("id: extract_orders", "id: extract_orders, renamed_from: extract", StringComparison.Ordinal));
        people = await ToolRun.OfAsync("dags", "plan", _after, "--against", _before);
        Assert.Contains("        its history goes with it", people.Lines);
    }

    [Fact]
    public async Task A_folder_with_problems_fails_and_what_the_broken_file_defined_before_stays()
    {
        Write(_before, "sales.yaml", Sales("sales", "@daily", "extract"));
        Write(_after, "sales.yaml", "dag_id: sales\ntasks:\n  - {id: a, operator: NoSuchOperator}\n");

        var run = await ToolRun.OfAsync("dags", "plan", _after, "--against", _before, "--json");

        Assert.Equal(1, run.Code);
        var json = JsonNode.Parse(run.Out)!;
        Assert.Equal("unchanged", (string?)Assert.Single(json["dags"]!.AsArray())!["change"]);
        var problem = Assert.Single(json["problems"]!.AsArray())!;
        Assert.Equal(("sales.yaml", 3), ((string?)problem["file"], (int)problem["line"]!));
    }

    public void Dispose()
    {
        TemporaryFolder.Delete(_before);
        TemporaryFolder.Delete(_after);
    }

    private static string Sales(string id, string schedule, string first) => $$"""
        dag_id: {{id}}
        schedule: "{{schedule}}"
        start_date: 2026-01-01
        tasks:
          - {id: {{first}}, operator: ShellOperator, script: "echo extract"}
          - {id: load, operator: ShellOperator, script: "echo load", depends_on: {{first}}}
        """;

    private static void Write(string folder, string file, string content) => File.WriteAllText(Path.Combine(folder, file), content);
}
