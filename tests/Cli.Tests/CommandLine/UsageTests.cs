using System.CommandLine;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Output;

namespace Sluice.Cli.Tests.CommandLine;

public sealed class UsageTests
{
    [Theory]
    [InlineData("nosuch")]
    [InlineData("dags", "nosuch")]
    [InlineData("dags", "list", "--nosuch")]
    [InlineData("backfill", "create", "dag")]
    [InlineData("schedule", "preview", "--cron", "@daily", "--start", "2021-02-05", "--catchup", "perhaps")]
    public async Task A_command_line_that_makes_no_sense_is_exit_code_2(params string[] args)
    {
        var run = await ToolRun.OfAsync(args);

        Assert.Equal(2, run.Code);
        Assert.Empty(run.Out);
        Assert.Contains("--help", run.Error);
    }

    [Fact]
    public async Task A_group_alone_shows_its_commands()
    {
        var run = await ToolRun.OfAsync("dags");

        Assert.Equal(2, run.Code);
        Assert.Contains("list-import-errors", run.Error);
    }

    [Fact]
    public async Task The_version_is_told_both_ways()
    {
        Assert.Equal($"sluice {RootCommands.Version}", (await ToolRun.OfAsync("version")).Out.Trim());
        Assert.StartsWith(RootCommands.Version, (await ToolRun.OfAsync("--version")).Out);
    }

    [Fact]
    public async Task Every_command_has_help_within_80_columns_and_leaves_have_examples()
    {
        var output = TextWriter.Null;
        foreach (var command in All(RootCommands.Create(new Terminal { Out = output, Error = output })).Where(command => !NodeRoles.Names.Contains(command.Name)))
        {
            string[] path = [.. RootCommands.PathOf(command).Split(' ').Skip(1), "--help"];
            var run = await ToolRun.OfAsync(path);

            Assert.True(run.Code == 0, run.ToString());
            Assert.All(run.Lines, line => Assert.True(line.Length <= 80, $"{string.Join(' ', path)}: {line}"));
            Assert.True(command.Subcommands.Count > 0 || command.Name == "version" || run.Out.Contains("Examples:"), run.ToString());
        }
    }

    private static IEnumerable<Command> All(Command command) => command.Subcommands.SelectMany(All).Prepend(command);
}
