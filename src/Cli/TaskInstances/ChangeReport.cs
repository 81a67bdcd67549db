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
    /// <param name="done">What it is that was done: cleared, moved, or marked with a state.</param>
    public static void Write(Terminal terminal, ChangeAnswer answer, string done)
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

        terminal.Write(Listing.Cell(Sum(answer, runs, done)));
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
            listing.Add(task.TaskId, Wording.State(task.From), Wording.State(task.To), task.IsNew ? "new" : !task.Stops ? "" : task.To == "none" ? "stopped first" : "stopped");
        }

        listing.WriteTo(terminal);
    }

    private static string Headline(RunChangeSummary run) =>
        (run.StateBefore == run.StateAfter ? $"{run.RunId}: {run.StateBefore}" : $"{run.RunId}: {run.StateBefore}, becomes {run.StateAfter}")
        + (run.VersionAfter is not { } after ? "" : run.VersionBefore == after ? $", with the latest code of version {Short(after)}" : $", from version {Short(run.VersionBefore!)} to {Short(after)}");

    private static string Short(string version) => version.Length > 12 ? version[..12] : version;

    private static string Sum(ChangeAnswer answer, List<RunChangeSummary> runs, string done)
    {
        if (answer.Runs.Count == 0)
        {
            return $"There is nothing to be {done}.";
        }

        var (tasks, of) = (runs.Sum(run => run.Tasks.Count), Count(runs.Count, "run"));
        var wholeRuns = tasks == 0 || done == "moved";
        var what = wholeRuns ? of : $"{Count(tasks, "task")} of {of}";
        return answer.DryRun ? $"{what} would be {done}. Nothing was done." : $"{what} {((wholeRuns ? runs.Count : tasks) == 1 ? "is" : "are")} {done}.";
    }

    private static string Count(int count, string what) => $"{count} {what}{(count == 1 ? "" : "s")}";
}
