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

    [Theory]
    [InlineData("up --home h", "up", "--home h")]
    [InlineData("--home h up --slots 2", "up", "--home h --slots 2")]
    [InlineData("--home=h --json worker", "worker", "--home=h --json")]
    [InlineData("--home up dags list", null, null)]
    [InlineData("dags list", null, null)]
    [InlineData("--api u", null, null)]
    [InlineData("--help seed", "seed", "--help")]
    public void A_role_takes_the_flags_before_it_too(string line, string? role, string? flags)
    {
        var found = NodeRoles.Find(line.Split(' '));

        Assert.Equal(role, found?.Role);
        Assert.Equal(flags, found is { } given ? string.Join(' ', given.Flags) : null);
    }

    [Fact]
    public async Task Json_may_stand_before_the_command()
    {
        var version = await ToolRun.OfAsync("--json", "version");

        Assert.Equal((0, $$"""{"version":"{{RootCommands.Version}}"}"""), (version.Code, version.Out.Trim()));
    }

    private static IEnumerable<Command> All(Command command) => command.Subcommands.SelectMany(All).Prepend(command);
}
