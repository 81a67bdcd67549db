using System.Text.Json.Nodes;

namespace Sluice.Cli.Tests.Deployments;

/// <summary><c>sluice dags plan</c> against a real deployment: which runs a change touches.</summary>
public sealed class PlanTests(LocalDeployment deployment) : IClassFixture<LocalDeployment>, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sluice-plan-").FullName;

    public void Dispose() => TemporaryFolder.Delete(_folder);

    [Fact]
    public async Task A_plan_tells_the_runs_in_flight_and_what_is_paused()
    {
        // Two runs that wait for a person, and one that waits for its turn because it is paused; one is over.
        await WriteAsync(deployment.DagFolder, "ledger", "say");
        await UntilAsync(["dags", "list"], "ledger");
        Good(await deployment.RunAsync("dags", "pause", "ledger"));
        Good(await deployment.RunAsync("runs", "trigger", "ledger", "--run-id", "waits"));
        Good(await deployment.RunAsync("runs", "trigger", "asks", "--run-id", "one"));
        Good(await deployment.RunAsync("runs", "trigger", "asks", "--run-id", "two"));
        Good(await deployment.RunAsync("runs", "trigger", "pushes", "--run-id", "over", "--wait"));
        await UntilAsync(["tasks", "waiting"], "two");
        foreach (var file in Directory.GetFiles(deployment.DagFolder))
        {
            var text = await File.ReadAllTextAsync(file);
            await File.WriteAllTextAsync(
                Path.Combine(_folder, Path.GetFileName(file)),
                text.Replace("Go on?", "Really?", StringComparison.Ordinal).Replace("echo a", "echo z", StringComparison.Ordinal));
        }

        await WriteAsync(_folder, "ledger", "say_it", "@hourly");

        var plan = await DagsAsync();
        Assert.Equal(("changed", 2), Told(plan["asks"]));
        Assert.Equal(("changed", 0), Told(plan["renders"]));
        Assert.Equal(("unchanged", 0), Told(plan["pushes"])); // its run is over
        Assert.Equal(("changed", 1), Told(plan["ledger"]));
        Assert.Equal(("unchanged", 0), Told(plan["greets"]));

        // Paused: it makes no scheduled runs, before and after.
        Assert.Empty(plan["ledger"]["next_runs_before"]!.AsArray());
        Assert.Empty(plan["ledger"]["next_runs_after"]!.AsArray());
        var people = await deployment.RunAsync("dags", "plan", _folder);
        var version = ((string)plan["asks"]["version_before"]!)[..12];
        Assert.Contains($"    2 runs in flight go on with version {version}", people.Lines);
        Assert.DoesNotContain(people.Lines, line => line.StartsWith("    next runs (UTC)", StringComparison.Ordinal));

        // A renamed Dag takes its runs along when they have ended; what the plan said is true of the version that they show.
        Assert.Equal(version, ((string)JsonNode.Parse(Good(await deployment.RunAsync("runs", "show", "asks", "one", "--json")).Out)!["run"]!["version"]!)[..12]);
        Good(await deployment.RunAsync("runs", "cancel", "asks", "one"));
        Good(await deployment.RunAsync("dags", "unpause", "ledger"));
        Good(await deployment.RunAsync("runs", "cancel", "ledger", "waits"));
        await UntilAsync(["runs", "show", "asks", "one"], "failed");

        plan = await DagsAsync();
        Assert.Equal(("changed", 1), Told(plan["asks"]));
        Assert.Equal(3, plan["ledger"]["next_runs_before"]!.AsArray().Count);
        Assert.Equal(3, plan["ledger"]["next_runs_after"]!.AsArray().Count);
    }

    private async Task<Dictionary<string, JsonNode>> DagsAsync()
    {
        // The broken file of the deployment is broken in the plan, too: hence exit code 1.
        var run = await deployment.RunAsync("dags", "plan", _folder, "--json");
        Assert.True(run.Code == 1, run.ToString());
        return JsonNode.Parse(run.Out)!["dags"]!.AsArray().ToDictionary(dag => (string)dag!["dag_id"]!, dag => dag!);
    }

    private async Task UntilAsync(string[] command, string text)
    {
        var deadline = DateTime.UtcNow.AddMinutes(3);
        while (await deployment.RunAsync(command) is var run && !run.Out.Contains(text, StringComparison.Ordinal))
        {
            Assert.True(DateTime.UtcNow < deadline, run.ToString());
            await Task.Delay(100);
        }
    }

    private static (string? Change, int ActiveRuns) Told(JsonNode dag) => ((string?)dag["change"], (int)dag["active_runs"]!);

    private static Task WriteAsync(string folder, string id, string task, string schedule = "@daily") => File.WriteAllTextAsync(
        Path.Combine(folder, $"{id}.yaml"),
        $$"""
        dag_id: {{id}}
        schedule: "{{schedule}}"
        start_date: 2026-01-01
        catchup: none
        tasks:
          - {id: {{task}}, operator: ShellOperator, script: echo said}
        """);

    private static ToolRun Good(ToolRun run)
    {
        Assert.True(run.Code == 0, run.ToString());
        return run;
    }
}
