using System.CommandLine;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Deployments;
using Sluice.Cluster.Api;

namespace Sluice.Cli.Dags;

/// <summary><c>sluice dags rename</c> (docs/concepts/versions.md).</summary>
internal static class DagRename
{
    private static readonly Argument<string> DagId = new("dag") { Description = "The id that it had." };
    private static readonly Argument<string> NewId = new("new") { Description = "The id from now on." };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Show what would happen, and do nothing." };
    private static readonly Option<string?> Note = new("--note", "--why") { Description = "Why; shown in the audit log.", HelpName = "TEXT" };

    public static Command Create(CommandFactory factory) => factory.Remote(
        new(
            "rename",
            "Give a Dag another id, with its runs, schedule, backfills and pause.",
            "sluice dags rename load_nps load_surveys --dry-run",
            "sluice dags rename load_nps load_surveys --note 'more than one table'"),
        RunAsync,
        DagId, NewId, DryRun, Note);

    private static async Task<int> RunAsync(Invocation invocation, ApiClient api) => invocation.Show<RenamedDag>(
        await api.CallAsync(
            Operations.RenameDag,
            new RenameDagRequest(invocation.Get(DagId), invocation.Get(NewId), invocation.Find(Note), invocation.Find(DryRun)),
            invocation.Cancel),
        renamed =>
        {
            var what = $"{Count(renamed.Runs, "run")}, {Count(renamed.Versions, "version")} and {Count(renamed.Backfills, "backfill")}";
            invocation.Terminal.Line(renamed.DryRun
                ? $"Dag '{renamed.DagId}' would be named '{renamed.NewDagId}', with {what}. Nothing was done."
                : $"Dag '{renamed.DagId}' is named '{renamed.NewDagId}' now, with {what}.");
            if (!renamed.IsDefined)
            {
                invocation.Terminal.Line($"No file defines '{renamed.NewDagId}' yet: nothing new of it runs until one does.");
            }
        });

    private static string Count(long count, string what) => $"{count} {what}{(count == 1 ? "" : "s")}";
}
