using System.Text.Json;

namespace Sluice.Cli.Tests.Deployments;

/// <summary>What the templates of attempts came to, in a whole Sluice.</summary>
public sealed class RenderedTests(LocalDeployment deployment) : IClassFixture<LocalDeployment>
{
    [Fact]
    public async Task The_values_of_an_attempt_are_shown_with_its_secrets_masked()
    {
        Good(await deployment.RunAsync("connections", "set", "dw", "redshift://ann:s3cret@db/dev"));
        Assert.Equal(1, (await deployment.RunAsync("runs", "trigger", "renders", "--run-id", "one", "--date", "2021-02-05", "--wait")).Code);

        var people = Good(await deployment.RunAsync("tasks", "render", "renders", "say", "one")).Out.ReplaceLineEndings("\n");
        Assert.Contains("# script\necho 2021-02-05 ***\n", people, StringComparison.Ordinal);
        Assert.Contains("# env\n{\"LONG\":", people, StringComparison.Ordinal);
        var json = JsonDocument.Parse(Good(await deployment.RunAsync("tasks", "render", "renders", "say", "2021-02-05", "--json")).Out).RootElement;
        Assert.Equal(("one", 1, "success", "echo 2021-02-05 ***"), (
            json.GetProperty("run_id").GetString(), json.GetProperty("try_number").GetInt32(), json.GetProperty("state").GetString(), json.GetProperty("fields").GetProperty("script").GetString()));
        Assert.EndsWith("... (5011 characters)", json.GetProperty("fields").GetProperty("env").GetString(), StringComparison.Ordinal);

        (string[] Args, string Says)[] shown =
        [
            (["each", "one", "--map-index", "1"], "echo item 1"),
            (["each[0]", "one"], "echo a"),
            (["plain", "one"], "It has no templates."),
            (["code", "one"], "echo by code 2021-02-05"),
            (["bad", "one"], "There is nothing named 'nope'"),
            (["say", "one", "--try", "1"], "State  success"),
        ];
        foreach (var (args, says) in shown)
        {
            Assert.Contains(says, Good(await deployment.RunAsync(["tasks", "render", "renders", .. args])).Out, StringComparison.Ordinal);
        }

        (string[] Args, string Says)[] wrong =
        [
            (["each", "one"], "Task 'each' is mapped; name one of its instances: each[0], or --map-index 0."),
            (["each", "one", "--map-index", "2"], "Task 'each[2]' has not been tried in run 'one'."),
            (["say", "one", "--try", "2"], "Task 'say' has no try 2 in run 'one'."),
            (["say", "nosuch"], "nosuch"),
            (["nosuch", "one"], "has no task 'nosuch'"),
            (["say", "--map-index", "2"], "name it by its id or logical date"),
            (["say", "one", "--try", "1", "--dag-folder", "dags"], "leave one of them out"),
        ];
        foreach (var (args, says) in wrong)
        {
            var run = await deployment.RunAsync(["tasks", "render", "renders", .. args]);
            Assert.True(run.Code != 0 && run.Error.Contains(says, StringComparison.Ordinal), $"{string.Join(' ', args)}: {run}");
        }
    }

    [Fact]
    public async Task A_date_without_a_run_is_rendered_from_the_Dag_folder()
    {
        using var folder = new TemporaryFolder("sluice-render-");
        await File.WriteAllTextAsync(folder["later.yaml"], "{dag_id: later, tasks: [{id: say, operator: ShellOperator, script: \"echo {{ ds }}\"}]}");

        var run = await deployment.RunInAsync(folder.Path, "tasks", "render", "later", "say", "2021-02-05");

        Assert.Contains("echo 2021-02-05", Good(run).Out, StringComparison.Ordinal);
    }

    private static ToolRun Good(ToolRun run)
    {
        Assert.True(run.Code == 0, run.ToString());
        return run;
    }
}
