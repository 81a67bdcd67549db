using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Sluice.Cli.Deployments;

namespace Sluice.Cli.CommandLine;

/// <summary>A command whose help ends with examples.</summary>
internal sealed class ToolCommand : Command
{
    /// <summary>Makes it.</summary>
    /// <param name="name">As typed.</param>
    /// <param name="description">One line.</param>
    /// <param name="examples">Whole command lines.</param>
    public ToolCommand(string name, string description, params string[] examples)
        : base(name, description)
    {
        Examples = examples;
        Options.Add(new HelpOption { Action = new HelpWithExamples() });
    }

    public IReadOnlyList<string> Examples { get; }

    /// <summary>False for what works without a deployment.</summary>
    public bool AsksDeployment { get; set; }

    /// <summary>True for what takes a home without asking what runs in it.</summary>
    public bool UsesHome { get; init; }
}

/// <summary>The usual help, within 80 columns where the terminal is no wider, then the command's examples.</summary>
internal sealed class HelpWithExamples : SynchronousCommandLineAction
{
    public const int Width = 80;

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        // How a deployment is found is of no interest where none is asked.
        var local = parseResult.CommandResult.Command as ToolCommand is { AsksDeployment: false, Subcommands.Count: 0 } leaf ? leaf : null;
        foreach (var option in parseResult.RootCommandResult.Command.Options.OfType<DeploymentOption>())
        {
            option.Hidden = local is not null && !(local.UsesHome && option.Name == "--home");
        }

        new HelpAction { MaxWidth = Width }.Invoke(parseResult);
        if (parseResult.CommandResult.Command is ToolCommand { Examples: { Count: > 0 } examples })
        {
            var output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Examples:");
            foreach (var example in examples)
            {
                output.WriteLine("  " + example);
            }

            output.WriteLine();
        }

        return ExitCodes.Ok;
    }
}
