using Sluice.Cli.CommandLine;
using Sluice.Cli.Output;

namespace Sluice.Cli.Tests;

/// <summary>One command line, run in this process.</summary>
internal sealed record ToolRun(int Code, string Out, string Error)
{
    public static Task<ToolRun> OfAsync(params string[] args) => OfAsync(new Dictionary<string, string>(), args);

    public static async Task<ToolRun> OfAsync(IReadOnlyDictionary<string, string> environment, params string[] args)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var terminal = new Terminal { Out = output, Error = errors, Environment = environment.GetValueOrDefault };
        var code = await Tool.RunAsync(args, terminal, CancellationToken.None);
        return new(code, output.ToString(), errors.ToString());
    }

    public IEnumerable<string> Lines => Out.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');

    /// <summary>Both streams, to say in a failed assertion.</summary>
    public override string ToString() => $"exit code {Code}\n{Out}\n{Error}";
}
