using System.Text.Json;

namespace Sluice.Cli.Tests.Deployments;

/// <summary>How far tasks have read, looked at and moved by hand, in a whole Sluice.</summary>
public sealed class WatermarksTests(LocalDeployment deployment) : IClassFixture<LocalDeployment>
{
    [Fact]
    public async Task Marks_are_listed_shown_moved_and_forgotten()
    {
        await File.WriteAllTextAsync(Path.Combine(deployment.DagFolder, "marks.cs"), """
            Dag.Define("marks", dag =>
            {
                var read = dag.Run("read", async ctx =>
                {
                    var conf = ctx.Params.GetProperty("to").GetInt64();
                    var window = await ctx.OpenWatermarkAsync(start: 0L, (from, _) => ValueTask.FromResult<long?>(conf > from ? conf : null));
                    return conf == 13 ? throw new TaskFailedException("no luck") : $"{window.From}-{window.To}";
                });
                read.KeepsWatermark = true;
            });
            """);
        var deadline = DateTime.UtcNow.AddMinutes(3);
        while (!(await deployment.RunAsync("dags", "list")).Out.Contains("marks", StringComparison.Ordinal))
        {
            Assert.True(DateTime.UtcNow < deadline, (await deployment.RunAsync("dags", "list-import-errors")).ToString());
            await Task.Delay(100);
        }

        Assert.Contains("There are no watermarks", Good(await deployment.RunAsync("watermarks", "list", "marks")).Out, StringComparison.Ordinal);
        Assert.Contains("none: the next run begins at the beginning", Good(await deployment.RunAsync("watermarks", "show", "marks", "read")).Out, StringComparison.Ordinal);
        Good(await deployment.RunAsync("watermarks", "set", "marks", "read", "5", "--why", "from the old tool"));
        Assert.Equal("5-10", await RunAsync("one", 10));
        Assert.Equal("10-12", await RunAsync("two", 12));
        Assert.Equal(1, (await deployment.RunAsync("runs", "trigger", "marks", "--run-id", "three", "--conf", """{"to": 13}""", "--wait")).Code);

        var listed = JsonDocument.Parse(Good(await deployment.RunAsync("watermarks", "list", "--json")).Out).RootElement;
        Assert.Equal(("marks", "read", "12", "two"), (Text(listed[0], "dag_id"), Text(listed[0], "task_id"), Text(listed[0], "to"), Text(listed[0], "run_id")));
        var shown = Good(await deployment.RunAsync("watermarks", "show", "marks", "read")).Lines.Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries))).ToList();
        foreach (var line in new[] { "Watermark 12", "RUN TOKEN ABOVE UP TO STATE AT (UTC)" })
        {
            Assert.Contains(line, shown);
        }

        Assert.Equal(["three 1 12 13 opened", "two 1 10 12 success", "one 1 5 10 success", "- 0 the beginning 5 set by"], shown.SkipWhile(line => !line.StartsWith("RUN", StringComparison.Ordinal)).Skip(1).Select(line => line[..Math.Min(line.Length, line.IndexOf(" set by", StringComparison.Ordinal) is > 0 and var by ? by + 7 : line.LastIndexOf(" 20", StringComparison.Ordinal))]));

        Assert.Contains("would be moved: 12 -> 7. Nothing was done.", Good(await deployment.RunAsync("watermarks", "set", "marks", "read", "7", "--why", "rows were repaired", "--dry-run")).Out, StringComparison.Ordinal);
        Assert.Contains("was moved: 12 -> 7", Good(await deployment.RunAsync("watermarks", "set", "marks", "read", "7", "--why", "rows were repaired", "--user", "ann")).Out, StringComparison.Ordinal);
        Assert.Equal("7-20", await RunAsync("four", 20));
        var changed = JsonDocument.Parse(Good(await deployment.RunAsync("watermarks", "clear", "marks", "read", "--why", "full refresh", "--json")).Out).RootElement;
        Assert.Equal("20", Text(changed, "before"));
        Assert.False(changed.TryGetProperty("after", out _));
        Assert.Equal("0-30", await RunAsync("five", 30));

        (string[] Args, string Says)[] wrong =
        [
            (["set", "marks", "read", "1"], "--why"),
            (["set", "marks", "nosuch", "1", "--why", "x"], "Task 'nosuch' of Dag 'marks' keeps no watermark. See: sluice watermarks list"),
            (["clear", "greets", "hello", "--why", "x"], "keeps no watermark"),
            (["show", "nosuch", "read"], "There is no Dag 'nosuch'"),
            (["set", "marks", "read", "", "--why", "x"], "A watermark has 1 to 1000 characters"),
        ];
        foreach (var (args, says) in wrong)
        {
            var run = await deployment.RunAsync(["watermarks", .. args]);
            Assert.True(run.Code != 0 && run.Error.Contains(says, StringComparison.Ordinal), $"{string.Join(' ', args)}: {run}");
        }
    }

    private async Task<string> RunAsync(string id, long to)
    {
        Good(await deployment.RunAsync("runs", "trigger", "marks", "--run-id", id, "--conf", $$"""{"to": {{to}}}""", "--wait"));
        var pushed = JsonDocument.Parse(Good(await deployment.RunAsync("tasks", "xcoms", "marks", "read", id, "--json")).Out).RootElement;
        return JsonDocument.Parse(Text(pushed[0], "value")!).RootElement.GetString()!;
    }

    private static string? Text(JsonElement of, string name) => of.GetProperty(name).GetString();

    private static ToolRun Good(ToolRun run)
    {
        Assert.True(run.Code == 0, run.ToString());
        return run;
    }
}
