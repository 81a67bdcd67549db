using System.CommandLine;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Deployments;
using Sluice.Cli.Output;
using Sluice.Cluster.Api;

namespace Sluice.Cli.TaskInstances;

/// <summary><c>clear</c> and <c>mark</c>, of tasks and of whole runs (docs/concepts/clearing.md).</summary>
internal static class ChangeCommands
{
    private static readonly Argument<string> DagId = new("dag") { Description = "The Dag's id." };
    private static readonly Argument<string> Tasks = new("task") { Description = "Id of a task or group, or an instance such as load[3]; a,b for more." };
    private static readonly Argument<string?> Run = new("run") { Description = "Run id, or logical date; not with --start.", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<string?> Start = new("--start") { Description = "Instead of a run: first logical date.", HelpName = "DATE" };
    private static readonly Option<string?> End = new("--end") { Description = "Last logical date, exclusive.", HelpName = "DATE" };
    private static readonly Option<bool> Upstream = new("--upstream") { Description = "Also everything before them." };
    private static readonly Option<bool> Downstream = new("--downstream") { Description = "Also everything after them." };
    private static readonly Option<bool> Past = new("--past") { Description = "Also in the runs before this one." };
    private static readonly Option<bool> Future = new("--future") { Description = "Also in the runs after this one." };
    private static readonly Option<bool> OnlyFailed = new("--only-failed") { Description = "Of all these, only what failed, or upstream of it did." };
    private static readonly Option<bool> FromFailed = new("--from-failed") { Description = "What failed among them, and everything after that." };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Show what would happen, and do nothing." };
    private static readonly Option<string?> OnVersion = new("--on-version")
    {
        Description = "Version of the Dag that they run by: original (the run's own, the default), latest, or a hash of dags versions.",
        HelpName = "VERSION",
    };

    private static readonly Option<string?> To = new("--to") { Description = "The version: latest (the default), or a hash of dags versions.", HelpName = "VERSION" };
    private static readonly Option<string?> Note = new("--note", "--why") { Description = "Why; shown with the change.", HelpName = "TEXT" };

    private static readonly Option<string> As = StateOption();

    public static Command ClearTasks(CommandFactory factory) => factory.Remote(
        new(
            "clear",
            "Run tasks again. What runs now is stopped first.",
            "sluice tasks clear load fetch 2021-02-05 --downstream --dry-run",
            "sluice tasks clear load fetch,report 2021-02-05 --future",
            "sluice tasks clear load fetch --start 2021-02-01 --end 2021-03-01 \\\n    --only-failed --note 'wrong table'",
            "sluice tasks clear load fetch 2021-02-05 --downstream --on-version latest"),
        (invocation, api) => ChangeAsync(invocation, api, Operations.ClearTasks, Request(invocation) with { Tasks = Names(invocation), Version = invocation.Find(OnVersion) }),
        DagId, Tasks, Run, Start, End, Upstream, Downstream, Past, Future, OnlyFailed, FromFailed, OnVersion, DryRun, Note);

    public static Command MarkTasks(CommandFactory factory) => factory.Remote(
        new(
            "mark",
            "Take tasks as success, failed or skipped. What runs now is stopped.",
            "sluice tasks mark load fetch 2021-02-05 --as success",
            "sluice tasks mark load fetch 2021-02-05 --as skipped --downstream --dry-run"),
        (invocation, api) => ChangeAsync(
            invocation, api, Operations.MarkTasks, Request(invocation) with { Tasks = Names(invocation), State = invocation.Find(As) }),
        DagId, Tasks, Run, As, Start, End, Upstream, Downstream, Past, Future, OnlyFailed, DryRun, Note);

    public static Command ClearRuns(CommandFactory factory) => factory.Remote(
        new(
            "clear",
            "Run whole runs again, or what failed in them. What runs now is stopped first.",
            "sluice runs clear load 2021-02-05",
            "sluice runs clear load 2021-02-05 --from-failed",
            "sluice runs clear load --start 2021-02-01 --end 2021-03-01 --from-failed"),
        (invocation, api) => ChangeAsync(invocation, api, Operations.ClearTasks, Request(invocation) with { Version = invocation.Find(OnVersion) }),
        DagId, Run, Start, End, Past, Future, OnlyFailed, FromFailed, OnVersion, DryRun, Note);

    public static Command UpgradeRuns(CommandFactory factory) => factory.Remote(
        new(
            "upgrade",
            "Let runs go on by another version of their Dag. Ended tasks keep their state.",
            "sluice runs upgrade load 2021-02-05 --dry-run",
            "sluice runs upgrade load 2021-02-05 --to 3f2a9c --note 'right table'",
            "sluice runs upgrade load --start 2021-02-01 --end 2021-03-01"),
        (invocation, api) => ChangeAsync(invocation, api, Operations.UpgradeRun, Request(invocation) with { Version = invocation.Find(To) }),
        DagId, Run, To, Start, End, Past, Future, DryRun, Note);

    public static Command MarkRuns(CommandFactory factory) => factory.Remote(
        new(
            "mark",
            "End runs now as success or failed, or skip what is left of them.",
            "sluice runs mark load 2021-02-05 --as success --note 'loaded by hand'",
            "sluice runs mark load 2021-02-05 --as failed --dry-run"),
        (invocation, api) => ChangeAsync(invocation, api, Operations.MarkRun, Request(invocation) with { State = invocation.Find(As) }),
        DagId, Run, As, Start, End, Past, Future, DryRun, Note);

    private static Option<string> StateOption()
    {
        var option = new Option<string>("--as") { Description = "What to take them as: success, failed or skipped.", HelpName = "STATE", Required = true };
        option.Validators.Add(given =>
        {
            if (given.Tokens is [{ Value: not ("success" or "failed" or "skipped") and var other }])
            {
                given.AddError($"--as is '{other}'; it must be success, failed or skipped.");
            }
        });
        return option;
    }

    private static string[] Names(Invocation invocation)
    {
        var names = invocation.Get(Tasks).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return names.Length > 0 ? names : throw new UsageException("Name a task: its id, a group, an instance such as load[3], or several with commas between.");
    }

    private static ChangeRequest Request(Invocation invocation)
    {
        var request = new ChangeRequest
        {
            DagId = invocation.Get(DagId),
            RunId = invocation.Find(Run),
            Start = invocation.Find(Start),
            End = invocation.Find(End),
            Past = invocation.Find(Past),
            Future = invocation.Find(Future),
            Upstream = invocation.Find(Upstream),
            Downstream = invocation.Find(Downstream),
            OnlyFailed = invocation.Find(OnlyFailed),
            FromFailed = invocation.Find(FromFailed),
            Note = invocation.Find(Note),
            DryRun = invocation.Find(DryRun),
        };
        var isRange = request.Start is not null || request.End is not null;
        return request switch
        {
            { RunId: not null } when isRange => throw new UsageException("A run and --start or --end contradict each other; give one of them."),
            { RunId: null } when request.Start is null || request.End is null =>
                throw new UsageException("Name a run (its id or logical date), or give both --start and --end."),
            { Past: true } or { Future: true } when isRange => throw new UsageException("--past and --future go with a run, not with --start and --end."),
            { OnlyFailed: true, FromFailed: true } => throw new UsageException("--only-failed and --from-failed contradict each other; give one of them."),
            _ => request,
        };
    }

    private static async Task<int> ChangeAsync(Invocation invocation, ApiClient api, string operation, ChangeRequest request)
    {
        var text = await api.CallAsync(operation, request, invocation.Cancel);
        var answer = ApiClient.Read<ChangeAnswer>(text);
        if (invocation.Json)
        {
            invocation.Terminal.Line(text);
        }
        else
        {
            ChangeReport.Write(invocation.Terminal, answer, operation == Operations.UpgradeRun ? "moved" : request.State is { } state ? $"marked {state}" : "cleared");
        }

        var refused = answer.Runs.Where(run => run.Refusal is not null).ToList();
        return refused.Count == 0
            ? ExitCodes.Ok
            : throw new FailureException($"Run '{refused[0].RunId}' is left as it is: {refused[0].Refusal}{(refused.Count > 1 ? $" So are {refused.Count - 1} more." : "")}");
    }
}
