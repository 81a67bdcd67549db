using System.Runtime.InteropServices;
using Sluice.Authoring.Bundles;
using Sluice.Authoring.Testing;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;

namespace Sluice.Authoring.Dags;

/// <summary>What a Dag file does when it is run by itself.</summary>
internal static class StandaloneCommand
{
    private const string Usage = """
        Usage: dotnet run <file>.cs                                     prints the file's Dags
               dotnet run <file>.cs -- test [<dag>] [<date>] [<conf>]   runs one Dag in this process, for the interval that the date lies in
        Connections and variables come from the environment: SLUICE_CONN_X=mysql://..., SLUICE_VAR_X=...
        """;

    /// <summary>Runs it.</summary>
    /// <returns>The exit code: 0 all well, 1 the Dags are wrong or the run failed, 2 the arguments are.</returns>
    public static int Run(DagCollector dags, string[] arguments, TextWriter output, TextWriter errors)
    {
        var found = dags.Check(DagLimits.Default);
        foreach (var problem in found.Problems)
        {
            errors.WriteLine(problem);
        }

        switch (arguments)
        {
            case []:
                output.Write(string.Join('\n', found.Dags.Select(dag => GraphText.Draw(dag.Spec))));
                return found.Problems.Count == 0 ? 0 : 1;
            case ["test", .. var rest]:
                return Test(found, rest, dags, output, errors);
            default:
                errors.WriteLine(Usage);
                return 2;
        }
    }

    private static int Test(CheckedDags found, string[] arguments, DagCollector dags, TextWriter output, TextWriter errors)
    {
        var named = arguments is [var first, ..] ? found.Dags.FirstOrDefault(dag => dag.Spec.Id.Value == first) : null;
        var rest = named is null ? arguments : arguments[1..];
        if ((named ?? (found.Dags.Count == 1 ? found.Dags[0] : null)) is not { } dag)
        {
            errors.WriteLine(found.Dags.Count == 0
                ? "There is no Dag to test."
                : $"Which Dag? Name one of: {string.Join(", ", found.Dags.Select(d => d.Spec.Id))}.");
            return 2;
        }

        TestRunOptions options;
        try
        {
            Date? date = rest is [var text, ..] && !text.StartsWith('{') ? Date.Parse(text) : null;
            options = new()
            {
                Interval = TestInterval.Of(dag.Spec, date, TimeProvider.System.GetUtcNow()),
                Conf = rest is [.., var conf] && conf.StartsWith('{') ? conf : "{}",
                Output = output,
            };
        }
        catch (FormatException e)
        {
            errors.WriteLine(e.Message);
            return 2;
        }

        return TestAsync(dag, dags, options).GetAwaiter().GetResult();
    }

    private static async Task<int> TestAsync(DagDefinition dag, DagCollector dags, TestRunOptions options)
    {
        using var stop = new CancellationTokenSource();
        using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal =>
        {
            signal.Cancel = true;
            stop.Cancel();
        });
        try
        {
            var result = await new DagTestRun(dag, dags.Providers ?? new(), options).RunAsync(stop.Token);
            return result.State == RunState.Success ? 0 : 1;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            options.Output.WriteLine("Stopped.");
            return 130;
        }
    }
}
