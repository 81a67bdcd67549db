using System.CommandLine;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Deployments;
using Sluice.Cli.Output;
using Sluice.Cli.TaskInstances;
using Sluice.Cluster.Api;

namespace Sluice.Cli.Runs;

/// <summary><c>sluice runs</c>.</summary>
internal static class RunsCommands
{
    private static readonly Argument<string> DagId = new("dag") { Description = "The Dag's id." };
    private static readonly Argument<string?> OfDag = new("dag") { Description = "Only of this Dag.", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Argument<string> Run = new("run") { Description = "Run id, or logical date." };
    private static readonly Option<string?> LogicalDate = new("--date") { Description = "Logical date, in the Dag's zone.", HelpName = "DATE" };
    private static readonly Option<string?> RunId = new("--run-id") { Description = "Name of the run.", HelpName = "ID" };
    private static readonly Option<string?> Conf = new("--conf") { Description = "JSON object that overrides the Dag's params.", HelpName = "JSON" };
    private static readonly Option<bool> Wait = new("--wait") { Description = "Watch it; exit code 1 if it fails." };
    private static readonly Option<string?> Backfill = new("--backfill") { Description = "Only of this backfill.", HelpName = "ID" };
    private static readonly Option<int> Limit = new("--limit") { Description = "At most so many.", HelpName = "N", DefaultValueFactory = _ => 25 };

    private static readonly Option<string?> State = new Option<string?>("--state") { Description = "Only in this state.", HelpName = "STATE" }
        .AcceptOnlyFromAmong("queued", "running", "success", "failed");

    public static Command Create(CommandFactory factory) => CommandFactory.Group(
        "runs",
        "Trigger, list, look at, cancel, clear, upgrade and mark runs.",
        factory.Remote(
            new(
                "trigger",
                "Run a Dag now.",
                "sluice runs trigger weather_to_warehouse --date 2012-01-05 --wait",
                "sluice runs trigger load --conf '{\"table\": \"nps\"}'"),
            TriggerAsync,
            DagId, LogicalDate, RunId, Conf, Wait),
        factory.Remote(
            new("list", "List runs, latest first.", "sluice runs list", "sluice runs list weather_to_warehouse --state failed"),
            ListAsync,
            OfDag, State, Backfill, Limit),
        factory.Remote(
            new("show", "Show a run and its tasks.", "sluice runs show weather_to_warehouse 2012-01-05"),
            ShowAsync,
            DagId, Run),
        factory.Remote(
            new("cancel", "Stop a run; its running tasks are killed.", "sluice runs cancel weather_to_warehouse 2012-01-05"),
            CancelAsync,
            DagId, Run),
        RunEvidence.Create(factory),
        ChangeCommands.ClearRuns(factory),
        ChangeCommands.UpgradeRuns(factory),
        ChangeCommands.MarkRuns(factory));

    private static async Task<int> TriggerAsync(Invocation invocation, ApiClient api)
    {
        var request = new TriggerRequest(invocation.Get(DagId), invocation.Find(LogicalDate), invocation.Find(RunId), invocation.Find(Conf));
        var answer = await api.CallAsync(Operations.TriggerRun, request, invocation.Cancel);
        if (!invocation.Find(Wait))
        {
            return invocation.Show<RunSummary>(
                answer, made => invocation.Terminal.Line($"Triggered {made.RunId} of {made.DagId}.\nSee: sluice runs show {made.DagId} '{made.RunId}'"));
        }

        var run = ApiClient.Read<RunSummary>(answer);
        if (!invocation.Json)
        {
            invocation.Terminal.Line($"Triggered {run.RunId} of {run.DagId}.");
        }

        var details = await RunProgress.WatchAsync(invocation, api, run.DagId, run.RunId);
        if (invocation.Json)
        {
            invocation.Terminal.Line(ApiJson.Serialize(details));
        }
        else
        {
            invocation.Terminal.Line($"{run.RunId}: {details.Run.State} in {Wording.Took(details.Run.StartedAt, details.Run.EndedAt)}{(details.Run.Reason is { } why ? $": {Terminal.Clean(why)}" : "")}");
        }

        return details.Run.State == "success" ? ExitCodes.Ok : ExitCodes.Failed;
    }

    private static async Task<int> ListAsync(Invocation invocation, ApiClient api)
    {
        var limit = invocation.Find(Limit);
        if (limit is < 1 or > 10_000)
        {
            throw new UsageException($"--limit is {limit}; it must be from 1 to 10000.");
        }

        var filter = new RunFilter(invocation.Find(OfDag), invocation.Find(State), invocation.Find(Backfill), limit);
        return invocation.Show<IReadOnlyList<RunSummary>>(
            await api.CallAsync(Operations.ListRuns, filter, invocation.Cancel),
            runs => RunTable.Of(runs, ofOneDag: filter.DagId is not null).WriteTo(invocation.Terminal));
    }

    private static async Task<int> ShowAsync(Invocation invocation, ApiClient api) => invocation.Show<RunDetails>(
        await api.CallAsync(Operations.ShowRun, new RunName(invocation.Get(DagId), invocation.Get(Run)), invocation.Cancel),
        details =>
        {
            RunTable.Facts(details.Run).WriteTo(invocation.Terminal);
            invocation.Terminal.Line();
            invocation.Terminal.Write(RunTable.Tasks(details.Tasks));
            RunTable.WriteCallbacks(details.Callbacks, invocation.Terminal, ofOneTask: false);
        });

    private static async Task<int> CancelAsync(Invocation invocation, ApiClient api)
    {
        var run = invocation.Get(Run);
        return invocation.Show<Changed>(
            await api.CallAsync(Operations.CancelRun, new RunName(invocation.Get(DagId), run), invocation.Cancel),
            changed => invocation.Terminal.Line(changed.Yes ? $"Run '{run}' is cancelled." : $"Run '{run}' had ended already."));
    }
}
