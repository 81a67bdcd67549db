using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Sluice.Cli.Deployments;
using Sluice.Cli.Hosting;
using Sluice.Cli.Output;
using Sluice.Cluster.Configuration;
using Sluice.Cluster.Transport;
using Sluice.Storage;

namespace Sluice.Cli.CommandLine;

/// <summary>The tool as a whole: parses, runs, and turns whatever goes wrong into one sentence and an exit code.</summary>
internal static class Tool
{
    /// <summary>Runs one command line.</summary>
    /// <returns>See <see cref="ExitCodes"/>.</returns>
    public static async Task<int> RunAsync(string[] args, Terminal terminal, CancellationToken stop)
    {
        try
        {
            // Roles read their own flags: the same as their executables, the environment and the file know.
            return NodeRoles.Find(args) is var (role, flags)
                ? await NodeCommands.RunAsync(role, flags, stop)
                : await RunAsync(RootCommands.Create(terminal).Parse(args, Syntax), terminal, stop);
        }
        catch (Exception e)
        {
            return Explain(e, terminal, stop);
        }
    }

    // Without response files: @daily is a schedule.
    private static ParserConfiguration Syntax => new() { ResponseFileTokenReplacer = null };

    private static async Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken stop)
    {
        var invocation = new InvocationConfiguration
        {
            Output = terminal.Out,
            Error = terminal.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        if (parsed.Action is not ParseErrorAction mistake)
        {
            return await parsed.InvokeAsync(invocation, stop);
        }

        var command = parsed.CommandResult.Command;
        if (command.Subcommands.Count > 0 && parsed.UnmatchedTokens.Count == 0)
        {
            parsed.InvocationConfiguration.Output = terminal.Error;
            new HelpAction { MaxWidth = HelpWithExamples.Width }.Invoke(parsed);
            return ExitCodes.Usage;
        }

        mistake.ShowHelp = false;
        invocation.Output = terminal.Error;
        await parsed.InvokeAsync(invocation, stop);
        await terminal.Error.WriteLineAsync($"See: {RootCommands.PathOf(command)} --help");
        return ExitCodes.Usage;
    }

    private static int Explain(Exception e, Terminal terminal, CancellationToken stop)
    {
        var (code, message) = e switch
        {
            OperationCanceledException when stop.IsCancellationRequested => (ExitCodes.Interrupted, "Stopped."),
            UsageException or SettingException or FormatException => (ExitCodes.Usage, e.Message),
            DeploymentException { Failure: CallFailure.Unreachable } => (ExitCodes.Failed, $"{e.Message} Start it with 'sluice up', or name another by --api URL."),
            DeploymentException { Failure: CallFailure.Unauthorized } =>
                (ExitCodes.Failed, $"{e.Message} Give it by --token or SLUICE_API_TOKEN, or the cluster's secret by --cluster-secret-file."),
            FailureException or DeploymentException or StoreException or ListenException or IOException or UnauthorizedAccessException => (ExitCodes.Failed, e.Message),
            _ => (ExitCodes.Failed, $"This should not have happened: {e.GetType().Name}: {e.Message}"),
        };
        terminal.Error.WriteLine($"sluice: {message.ReplaceLineEndings(" ")}");
        return code;
    }
}
