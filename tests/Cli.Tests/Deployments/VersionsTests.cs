using System.Text.Json;

namespace Sluice.Cli.Tests.Deployments;

/// <summary>Versions of a Dag, and runs that are moved to another one, against a real deployment.</summary>
public sealed class VersionsTests(LocalDeployment deployment) : IClassFixture<LocalDeployment>
{
    [Fact]
    public async Task A_run_is_moved_to_the_latest_version_after_a_look_at_what_would_happen()
    {
        await WriteAsync("[echo one, echo two]", "");
        var first = await VersionAsync(before: null);
        Good(await deployment.RunAsync("runs", "trigger", "moves", "--run-id", "r", "--wait"));
        Assert.Equal("There is nothing to be moved.", Good(await deployment.RunAsync("runs", "upgrade", "moves", "r")).Out.Trim());
        await WriteAsync("[echo one]", "\n  - {id: later, operator: ShellOperator, script: echo later, depends_on: say}");
        var second = await VersionAsync(first);

        var dry = Good(await deployment.RunAsync("runs", "upgrade", "moves", "r", "--dry-run"));
        Assert.Equal(
            [$"r: success, from version {first[..12]} to {second[..12]}", "TASK   WAS   BECOMES  NOTE", "later  none  none     new", "", "1 run would be moved. Nothing was done."],
            dry.Lines);
        Assert.Equal(first, (await ShowAsync()).GetProperty("run").GetProperty("version").GetString());

        var moved = JsonDocument.Parse(Good(await deployment.RunAsync("runs", "upgrade", "moves", "r", "--note", "right table", "--json")).Out).RootElement;
        Assert.Equal((first, second), (Text(moved.GetProperty("runs")[0], "version_before"), Text(moved.GetProperty("runs")[0], "version_after")));
        var run = await ShowAsync();
        Assert.Equal((second, "success"), (Text(run.GetProperty("run"), "version"), Text(run.GetProperty("run"), "state")));
        Assert.Equal(["say[0] success", "say[1] success", "later none"], run.GetProperty("tasks").EnumerateArray().Select(task => $"{Text(task, "task_id")} {Text(task, "state")}"));

        // What was there keeps its instances, with their place among them.
        var state = Good(await deployment.RunAsync("tasks", "state", "moves", "say", "r"));
        Assert.Contains(state.Lines, line => line.StartsWith("INDEX  TRY  TOKEN  STATE", StringComparison.Ordinal));
        Assert.Equal(["0", "1"], state.Lines.Where(line => line.Contains(" success ", StringComparison.Ordinal)).Select(line => line.Trim()[..1]).Where(index => index is "0" or "1"));
        Assert.DoesNotContain("INDEX", Good(await deployment.RunAsync("tasks", "state", "moves", "later", "r")).Out);

        Good(await deployment.RunAsync("runs", "clear", "moves", "r", "--on-version", first[..8], "--dry-run"));
        Good(await deployment.RunAsync("tasks", "clear", "moves", "say", "r", "--downstream"));
        var deadline = DateTime.UtcNow.AddMinutes(2);
        while (Text((run = await ShowAsync()).GetProperty("run"), "state") != "success" || run.GetProperty("tasks").EnumerateArray().Any(task => Text(task, "state") == "none"))
        {
            Assert.True(DateTime.UtcNow < deadline, run.ToString());
            await Task.Delay(100);
        }

        Assert.Equal(second, Text(run.GetProperty("run"), "version"));
    }

    [Fact]
    public async Task A_dag_gets_another_name_after_a_look_and_its_logs_are_found()
    {
        var file = Path.Combine(deployment.DagFolder, "named.yaml");
        await File.WriteAllTextAsync(file, "dag_id: first_name\ntasks:\n  - {id: say, operator: ShellOperator, script: echo said it}\n");
        await UntilAsync("dags list", "first_name");
        Good(await deployment.RunAsync("runs", "trigger", "first_name", "--run-id", "r", "--wait"));
        var refused = await deployment.RunAsync("dags", "rename", "first_name", "last_name");
        Assert.Equal(1, refused.Code);
        Assert.Contains("still defined by named.yaml", refused.Error);
        File.Delete(file);
        await UntilAsync("dags show first_name", "gone");

        Assert.Equal(
            ["Dag 'first_name' would be named 'last_name', with 1 run, 1 version and 0 backfills. Nothing was done.", "No file defines 'last_name' yet: nothing new of it runs until one does."],
            Good(await deployment.RunAsync("dags", "rename", "first_name", "last_name", "--dry-run")).Lines);
        var renamed = JsonDocument.Parse(Good(await deployment.RunAsync("dags", "rename", "first_name", "last_name", "--json")).Out).RootElement;
        Assert.Equal(("last_name", 1), (Text(renamed, "new_dag_id"), renamed.GetProperty("runs").GetInt32()));

        Assert.Contains("its name is 'last_name'", (await deployment.RunAsync("dags", "show", "first_name")).Error);
        Assert.Contains("said it", Good(await deployment.RunAsync("tasks", "log", "last_name", "say", "r")).Out);
        Assert.Equal(2, (await deployment.RunAsync("dags", "rename", "last_name")).Code);
    }

    [Fact]
    public async Task A_task_gets_another_name_by_hand_or_by_its_file_and_its_logs_are_found()
    {
        var file = Path.Combine(deployment.DagFolder, "named_tasks.yaml");
        Task WriteAsync(string task) => File.WriteAllTextAsync(file, $"dag_id: named_tasks\ntasks:\n  - {{{task}, operator: ShellOperator, script: echo said it}}\n");
        await WriteAsync("id: fetch");
        await UntilAsync("dags list", "named_tasks");
        Good(await deployment.RunAsync("runs", "trigger", "named_tasks", "--run-id", "r", "--wait"));
        var refused = await deployment.RunAsync("tasks", "rename", "named_tasks", "fetch", "download");
        Assert.Equal(1, refused.Code);
        Assert.Contains("still defined by named_tasks.yaml", refused.Error);
        Good(await deployment.RunAsync("dags", "pause", "named_tasks"));
        await WriteAsync("id: download");
        await UntilAsync("dags show named_tasks", "download");

        Assert.Equal(
            ["Task 'fetch' of Dag 'named_tasks' would be named 'download', with 1 attempt in 1 run of 1 version. Nothing was done."],
            Good(await deployment.RunAsync("tasks", "rename", "named_tasks", "fetch", "download", "--dry-run")).Lines);
        var renamed = JsonDocument.Parse(Good(await deployment.RunAsync("tasks", "rename", "named_tasks", "fetch", "download", "--json")).Out).RootElement;
        Assert.Equal(("download", 1), (Text(renamed, "new_task_id"), renamed.GetProperty("runs").GetInt32()));
        Assert.Contains("its name is 'download'", (await deployment.RunAsync("tasks", "state", "named_tasks", "fetch", "r")).Error);
        Assert.Contains("said it", Good(await deployment.RunAsync("tasks", "log", "named_tasks", "download", "r")).Out);

        await WriteAsync("id: get, renamed_from: download");
        await UntilAsync("tasks state named_tasks get r", "success");
        Assert.Contains("said it", Good(await deployment.RunAsync("tasks", "log", "named_tasks", "get", "r")).Out);
        Assert.Equal(2, (await deployment.RunAsync("tasks", "rename", "named_tasks", "get")).Code);
    }

    private async Task UntilAsync(string command, string says)
    {
        var deadline = DateTime.UtcNow.AddMinutes(2);
        for (var run = await deployment.RunAsync(command.Split(' ')); !run.Out.Contains(says, StringComparison.Ordinal); run = await deployment.RunAsync(command.Split(' ')))
        {
            Assert.True(DateTime.UtcNow < deadline, run.ToString());
            await Task.Delay(100);
        }
    }

    private Task WriteAsync(string scripts, string more) => File.WriteAllTextAsync(
        Path.Combine(deployment.DagFolder, "moves.yaml"), $"dag_id: moves\ntasks:\n  - id: say\n    operator: ShellOperator\n    expand:\n      script: {scripts}{more}\n");

    /// <summary>The version that is current, once it is another than before.</summary>
    private async Task<string> VersionAsync(string? before)
    {
        var deadline = DateTime.UtcNow.AddMinutes(2);
        while (true)
        {
            var versions = await deployment.RunAsync("dags", "versions", "moves", "--json");
            if (versions.Code == 0 && JsonDocument.Parse(versions.Out).RootElement is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() > 0
                && Text(list[0], "version") is var version && version != before)
            {
                return version;
            }

            Assert.True(DateTime.UtcNow < deadline, versions.ToString());
            await Task.Delay(100);
        }
    }

    private async Task<JsonElement> ShowAsync() => JsonDocument.Parse(Good(await deployment.RunAsync("runs", "show", "moves", "r", "--json")).Out).RootElement;

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private static ToolRun Good(ToolRun run)
    {
        Assert.True(run.Code == 0, run.ToString());
        return run;
    }
}
