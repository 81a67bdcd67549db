using System.CommandLine;
using Sluice.Cli.Deployments;
using Sluice.Cli.Output;

namespace Sluice.Cli.CommandLine;

/// <summary>Makes commands that share their options and their way to the terminal.</summary>
internal sealed class CommandFactory(Terminal terminal)
{
    private readonly DeploymentOptions _deployment = new();

    private readonly Option<bool> _json = new("--json") { Description = "Print JSON, one compact document.", Recursive = true };

    /// <summary>What every command takes, before its name or after it.</summary>
    public void AddSharedOptionsTo(RootCommand root)
    {
        root.Add(_json);
        _deployment.AddTo(root);
    }

    public static Command Group(string name, string description, params Command[] commands)
    {
        var group = new ToolCommand(name, description);
        foreach (var command in commands)
        {
            group.Add(command);
        }

        return group;
    }

    /// <summary>A command that works without a deployment.</summary>
    public ToolCommand Local(ToolCommand command, Func<Invocation, Task<int>> run, params Symbol[] symbols)
    {
        Add(command, symbols);
        command.SetAction((parsed, cancel) => run(Invoked(parsed, cancel)));
        return command;
    }

    /// <summary>A command that asks a deployment.</summary>
    public ToolCommand Remote(ToolCommand command, Func<Invocation, ApiClient, Task<int>> run, params Symbol[] symbols)
    {
        Add(command, symbols);
        command.AsksDeployment = true;
        command.SetAction(async (parsed, cancel) =>
        {
            var deployment = _deployment.Find(parsed, terminal.Environment);
            using var api = Client(deployment);
            return await run(Invoked(parsed, cancel), api);
        });
        return command;
    }

    /// <summary>A command that asks a deployment only when what was typed wants it: then it is found.</summary>
    public ToolCommand MaybeRemote(ToolCommand command, Func<Invocation, Func<ApiClient>, Task<int>> run, params Symbol[] symbols)
    {
        Add(command, symbols);
        command.AsksDeployment = true;
        command.SetAction((parsed, cancel) => run(Invoked(parsed, cancel), () => Client(_deployment.Find(parsed, terminal.Environment))));
        return command;
    }

    private static ApiClient Client(Deployment deployment) => new(deployment.Url, deployment.Token, deployment.Tls, deployment.User);

    private Invocation Invoked(ParseResult parsed, CancellationToken cancel) =>
        new(parsed, terminal, parsed.GetValue(_json), cancel) { Home = _deployment.HomeGivenTo(parsed) };

    private static void Add(Command command, Symbol[] symbols)
    {
        foreach (var symbol in symbols)
        {
            if (symbol is Option option)
            {
                command.Add(option);
            }
            else
            {
                command.Add((Argument)symbol);
            }
        }
    }
}

/// <summary>One command as it was typed, and where its output goes.</summary>
/// <param name="Parsed">Arguments and options.</param>
/// <param name="Terminal">Output.</param>
/// <param name="Json">For programs, not for people.</param>
/// <param name="Cancel">Ctrl-C.</param>
internal sealed record Invocation(ParseResult Parsed, Terminal Terminal, bool Json, CancellationToken Cancel)
{
    /// <summary>As given by <c>--home</c>; null without it.</summary>
    public string? Home { get; init; }

    public T Get<T>(Argument<T> argument) => Parsed.GetRequiredValue(argument);

    public T? Find<T>(Argument<T> argument) => Parsed.GetValue(argument);

    public T? Find<T>(Option<T> option) => Parsed.GetValue(option);

    /// <summary>Shows an answer of the API: its JSON as it is, or for people.</summary>
    public int Show<T>(string answer, Action<T> forPeople)
    {
        if (Json)
        {
            Terminal.Line(answer);
        }
        else
        {
            forPeople(ApiClient.Read<T>(answer));
        }

        return ExitCodes.Ok;
    }
}
