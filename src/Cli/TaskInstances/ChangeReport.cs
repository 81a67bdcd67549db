using Sluice.Cli.Output;
using Sluice.Cluster.Api;

namespace Sluice.Cli.TaskInstances;

/// <summary>What a change by hand did, or would do, for people.</summary>
internal static class ChangeReport
{
    private const int MostRunsInFull = 5;
    private const int MostRuns = 50;

    /// <param name="terminal">Output.</param>
    /// <param name="answer">Of the API.</param>
    /// <param name="state">What was marked; null when it was cleared.</param>
    public static void Write(Terminal terminal, ChangeAnswer answer, string? state)
    {
        var runs = answer.Runs.Where(run => run.Refusal is null).ToList();
        if (runs.Count <= MostRunsInFull)
        {
            foreach (var run in runs)
            {
                terminal.Write(Listing.Cell(Headline(run)));
                WriteTasks(terminal, run);
                terminal.Line();
            }
        }
        else
        {
            foreach (var run in runs.Take(MostRuns))
            {
                terminal.Write(Listing.Cell($"{Headline(run)}, {Count(run.Tasks.Count, "task")}"));
            }

            if (runs.Count > MostRuns)
            {
                terminal.Line($"... and {runs.Count - MostRuns} more; --json shows all");
            }
        }

        terminal.Write(Listing.Cell(Sum(answer, runs, state)));
    }

    private static void WriteTasks(Terminal terminal, RunChangeSummary run)
    {
        if (run.Tasks.Count == 0)
        {
            return;
        }

        var listing = new Listing("", "task", "!was", "!becomes", "note");
        foreach (var task in run.Tasks)
        {
            listing.Add(task.TaskId, Wording.State(task.From), Wording.State(task.To), !task.Stops ? "" : task.To == "none" ? "stopped first" : "stopped");
        }

        listing.WriteTo(terminal);
    }

    private static string Headline(RunChangeSummary run) =>
        run.StateBefore == run.StateAfter ? $"{run.RunId}: {run.StateBefore}" : $"{run.RunId}: {run.StateBefore}, becomes {run.StateAfter}";

    private static string Sum(ChangeAnswer answer, List<RunChangeSummary> runs, string? state)
    {
        var done = state is null ? "cleared" : $"marked {state}";
        if (answer.Runs.Count == 0)
        {
            return $"There is nothing to be {done}.";
        }

        var (tasks, of) = (runs.Sum(run => run.Tasks.Count), Count(runs.Count, "run"));
        var what = tasks == 0 ? of : $"{Count(tasks, "task")} of {of}";
        return answer.DryRun ? $"{what} would be {done}. Nothing was done." : $"{what} {((tasks == 0 ? runs.Count : tasks) == 1 ? "is" : "are")} {done}.";
    }

    private static string Count(int count, string what) => $"{count} {what}{(count == 1 ? "" : "s")}";
}
