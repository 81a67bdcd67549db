using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Reflection;
using Sluice.Cli.Assets;
using Sluice.Cli.Backfills;
using Sluice.Cli.Callbacks;
using Sluice.Cli.Dags;
using Sluice.Cli.Demo;
using Sluice.Cli.Nodes;
using Sluice.Cli.Output;
using Sluice.Cli.Pools;
using Sluice.Cli.Runs;
using Sluice.Cli.Schedules;
using Sluice.Cli.Secrets;
using Sluice.Cli.Simulations;
using Sluice.Cli.TaskInstances;
using Sluice.Cli.Templates;
using Sluice.Cli.Watermarks;
using Sluice.Cli.Web;

namespace Sluice.Cli.CommandLine;

/// <summary>The tree of commands.</summary>
internal static class RootCommands
{
    public static string Version { get; } =
        typeof(RootCommands).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    public static RootCommand Create(Terminal terminal)
    {
        var factory = new CommandFactory(terminal);
        var root = new RootCommand("Sluice: schedules, backfills and runs of Dags.");
        root.Options.Clear();
        root.Add(new HelpOption { Action = new HelpWithExamples() });
        root.Add(new VersionOption { Action = new PrintVersion() });
        root.Directives.Clear();
        factory.AddSharedOptionsTo(root);
        foreach (var role in NodeRoles.Commands())
        {
            root.Add(role);
        }

        root.Add(DemoCommand.Create(factory));
        root.Add(DagsCommands.Create(factory));
        root.Add(RunsCommands.Create(factory));
        root.Add(BackfillCommands.Create(factory));
        root.Add(TasksCommands.Create(factory));
        root.Add(CallbacksCommands.Create(factory));
        root.Add(PoolsCommands.Create(factory));
        root.Add(WatermarksCommands.Create(factory));
        root.Add(AssetsCommands.Create(factory));
        root.Add(ConnectionsCommands.Create(factory));
        root.Add(VariablesCommands.Create(factory));
        root.Add(ScheduleCommands.Create(factory));
        root.Add(TemplateCommands.Create(factory));
        root.Add(SimulateCommand.Create(factory));
        root.Add(WebCommand.Create(factory));
        root.Add(ClusterCommands.Create(factory));
        root.Add(ActorsCommand.Create(factory));
        root.Add(VersionCommand(factory));
        return root;
    }

    /// <summary>A command as it is typed: <c>sluice dags list</c>.</summary>
    public static string PathOf(Command command)
    {
        var names = new List<string>();
        for (Symbol? symbol = command; symbol is Command and not RootCommand; symbol = symbol.Parents.FirstOrDefault())
        {
            names.Insert(0, symbol.Name);
        }

        return string.Join(' ', names.Prepend("sluice"));
    }

    private static ToolCommand VersionCommand(CommandFactory factory) => factory.Local(
        new("version", "Print the version."),
        invocation =>
        {
            invocation.Terminal.Line(invocation.Json ? $$"""{"version":"{{Version}}"}""" : $"sluice {Version}");
            return Task.FromResult(ExitCodes.Ok);
        });

    // The usual one tells the version of the host, which in a test is another program.
    private sealed class PrintVersion : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            parseResult.InvocationConfiguration.Output.WriteLine(Version);
            return ExitCodes.Ok;
        }
    }
}
