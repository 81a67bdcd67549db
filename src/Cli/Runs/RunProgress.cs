using Sluice.Cli.CommandLine;
using Sluice.Cli.Deployments;
using Sluice.Cli.Output;
using Sluice.Cluster.Api;
using Spectre.Console;

namespace Sluice.Cli.Runs;

/// <summary>Watches one run to its end: a table that moves, or a line for each change where nobody watches.</summary>
internal static class RunProgress
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(200);

    /// <returns>The run as it ended.</returns>
    public static async Task<RunDetails> WatchAsync(Invocation invocation, ApiClient api, string dag, string run)
    {
        var terminal = invocation.Terminal;
        Task<RunDetails> Ask() => api.ShowRunAsync(dag, run, invocation.Cancel);
        if (invocation.Json)
        {
            return await Waiting.ForAsync(Ask, HasEnded, Every, terminal.Time, invocation.Cancel);
        }

        if (!terminal.IsInteractive)
        {
            var told = new Dictionary<string, string>(StringComparer.Ordinal);
            return await Waiting.ForAsync(Ask, Tell, Every, terminal.Time, invocation.Cancel);

            bool Tell(RunDetails details)
            {
                foreach (var task in details.Tasks.Where(task => task.State != told.GetValueOrDefault(task.TaskId, "none")))
                {
                    told[task.TaskId] = task.State;
                    terminal.Line(Terminal.Clean($"{task.TaskId}: {task.State}{(task.Error is { } error ? $": {error}" : "")}"));
                }

                return HasEnded(details);
            }
        }

        return await terminal.Live().Live(new Text("")).StartAsync(display => Waiting.ForAsync(
            Ask,
            details =>
            {
                display.UpdateTarget(RunTable.Tasks(details.Tasks));
                return HasEnded(details);
            },
            Every,
            terminal.Time,
            invocation.Cancel));
    }

    private static bool HasEnded(RunDetails details) => details.Run.State is "success" or "failed";
}
