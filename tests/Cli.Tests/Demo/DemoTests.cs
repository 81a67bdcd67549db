using System.Text.Json;

namespace Sluice.Cli.Tests.Demo;

public sealed class DemoTests
{
    [Fact]
    public async Task Source_and_warehouse_agree_and_a_second_run_over_the_same_home_agrees_again()
    {
        using var folder = new TemporaryFolder("sluice-cli-");
        var home = folder["demo"];

        var first = await ToolRun.OfAsync("demo", "--home", home);
        var second = await ToolRun.OfAsync("demo", "--home", home, "--json");

        Assert.True(first.Code == 0, first.ToString());
        Assert.Contains("31/31 runs, 0 failed", first.Out);
        Assert.Contains("31 rows in the source, 31 in the warehouse, all equal.", first.Out);
        Assert.True(second.Code == 0, second.ToString());
        Assert.Equal(31, JsonDocument.Parse(second.Out).RootElement.GetProperty("warehouse_rows").GetInt32());
        Assert.Equal(31, Directory.EnumerateFiles(Path.Combine(home, "objects", "weather"), "*.csv").Count());
    }

    [Fact]
    public async Task A_folder_that_holds_something_else_is_left_alone()
    {
        using var folder = new TemporaryFolder("sluice-cli-");
        var home = folder.Path;
        await File.WriteAllTextAsync(Path.Combine(home, "thesis.txt"), "mine");

        var run = await ToolRun.OfAsync("demo", "--home", home);

        Assert.Equal(2, run.Code);
        Assert.Equal(["thesis.txt"], Directory.EnumerateFileSystemEntries(home).Select(Path.GetFileName));
    }
}
