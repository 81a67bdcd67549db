using System.CommandLine;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Deployments;
using Sluice.Cluster.Api;

namespace Sluice.Cli.TaskInstances;

/// <summary><c>sluice tasks rename</c> (docs/concepts/versions.md).</summary>
internal static class TaskRename
{
    private static readonly Argument<string> DagId = new("dag") { Description = "The Dag's id." };
    private static readonly Argument<string> TaskId = new("task") { Description = "The id that the task had." };
    private static readonly Argument<string> NewId = new("new") { Description = "The id from now on." };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Show what would happen, and do nothing." };
    private static readonly Option<string?> Note = new("--note", "--why") { Description = "Why; shown in the audit log.", HelpName = "TEXT" };

    public static Command Create(CommandFactory factory) => factory.Remote(
        new(
            "rename",
            "Give a task another id, with its attempts, XComs and logs in all runs.",
            "sluice tasks rename load_surveys fetch download --dry-run",
            "sluice tasks rename load_surveys fetch download --note 'two now'"),
        RunAsync,
        DagId, TaskId, NewId, DryRun, Note);

    private static async Task<int> RunAsync(Invocation invocation, ApiClient api) => invocation.Show<RenamedTask>(
        await api.CallAsync(
            Operations.RenameTask,
            new RenameTaskRequest(invocation.Get(DagId), invocation.Get(TaskId), invocation.Get(NewId), invocation.Find(Note), invocation.Find(DryRun)),
            invocation.Cancel),
        renamed =>
        {
            var what = $"{Count(renamed.Attempts, "attempt")} in {Count(renamed.Runs, "run")} of {Count(renamed.Versions, "version")}";
            invocation.Terminal.Line(renamed.DryRun
                ? $"Task '{renamed.TaskId}' of Dag '{renamed.DagId}' would be named '{renamed.NewTaskId}', with {what}. Nothing was done."
                : $"Task '{renamed.TaskId}' of Dag '{renamed.DagId}' is named '{renamed.NewTaskId}' now, with {what}.");
            if (!renamed.IsDefined)
            {
                invocation.Terminal.Line($"No file defines '{renamed.NewTaskId}' yet: new runs are without it until one does.");
            }
        });

    private static string Count(long count, string what) => $"{count} {what}{(count == 1 ? "" : "s")}";
}
