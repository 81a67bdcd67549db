using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

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
}

/// <summary>The usual help, within 80 columns where the terminal is no wider, then the command's examples.</summary>
internal sealed class HelpWithExamples : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        new HelpAction { MaxWidth = 80 }.Invoke(parseResult);
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
