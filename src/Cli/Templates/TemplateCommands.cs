using System.CommandLine;
using System.Text.Json.Nodes;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Output;
using Sluice.Core.Templates;

namespace Sluice.Cli.Templates;

/// <summary><c>sluice template eval</c>: what a template comes to, for a run described by hand.</summary>
internal static class TemplateCommands
{
    private static readonly Argument<string> Text = new("template") { Description = "The template; - reads it from standard input." };

    private static readonly Option<string?> Context = new("--context")
    {
        Description = "JSON file that describes the run; its keys: docs/concepts/templates.md. Without it all keys are missing.",
        HelpName = "FILE",
    };

    public static Command Create(CommandFactory factory) => CommandFactory.Group(
        "template",
        "Try templates.",
        factory.Local(
            new(
                "eval",
                "Render a template and print the text, exactly; on a terminal a line end follows.",
                "sluice template eval '{{ ds_nodash }}' --context run.json",
                "sluice template eval - --context run.json < load.sql"),
            EvalAsync,
            Text, Context));

    private static async Task<int> EvalAsync(Invocation invocation)
    {
        var given = invocation.Get(Text);
        var text = given == "-" ? await Console.In.ReadToEndAsync(invocation.Cancel) : given;
        var scope = invocation.Find(Context) is { } path ? ContextOf(path) : ContextDocument.Parse("{}");
        string rendered;
        try
        {
            rendered = Template.Parse(text).Render(scope);
        }
        catch (TemplateException e)
        {
            if (!invocation.Json)
            {
                throw new FailureException(e.Message);
            }

            invocation.Terminal.Line(new JsonObject { ["error"] = e.Sentence, ["line"] = e.Line, ["column"] = e.Column }.ToJsonString());
            return ExitCodes.Failed;
        }

        if (invocation.Json)
        {
            invocation.Terminal.Line(new JsonObject { ["text"] = rendered }.ToJsonString());
        }
        else if (invocation.Terminal.IsInteractive)
        {
            invocation.Terminal.Line(Terminal.Clean(rendered));
        }
        else
        {
            await invocation.Terminal.Out.WriteAsync(rendered);
        }

        return ExitCodes.Ok;
    }

    private static TemplateScope ContextOf(string path)
    {
        try
        {
            return ContextDocument.Parse(File.ReadAllText(path));
        }
        catch (FormatException e)
        {
            throw new UsageException($"{path}: {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"The context file '{path}' cannot be read: {e.Message}");
        }
    }
}
