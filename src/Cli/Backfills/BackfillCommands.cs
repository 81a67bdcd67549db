using System.CommandLine;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Deployments;
using Sluice.Cli.Output;
using Sluice.Cli.Runs;
using Sluice.Cluster.Api;

namespace Sluice.Cli.Backfills;

/// <summary><c>sluice backfill</c>.</summary>
internal static class BackfillCommands
{
    private static readonly Argument<string> DagId = new("dag") { Description = "The Dag's id." };
    private static readonly Argument<string?> OfDag = new("dag") { Description = "Only of this Dag.", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Argument<string> Backfill = new("backfill") { Description = "The backfill's id." };
    private static readonly Option<string> Start = new("--start") { Description = "First logical date, inclusive.", HelpName = "DATE", Required = true };
    private static readonly Option<string> End = new("--end") { Description = "Last logical date, exclusive.", HelpName = "DATE", Required = true };
    private static readonly Option<int> MaxActiveRuns = new("--max-active-runs") { Description = "Runs at once.", HelpName = "N", DefaultValueFactory = _ => 1 };
    private static readonly Option<bool> Wait = new("--wait") { Description = "Watch it; exit code 1 unless all runs succeed." };

    private static readonly Option<string> Reprocess = new Option<string>("--reprocess")
    {
        Description = "What becomes of dates that have a run: none, failed or completed.",
        HelpName = "WHICH",
        DefaultValueFactory = _ => "none",
    }.AcceptOnlyFromAmong("none", "failed", "completed");

    public static Command Create(CommandFactory factory) => CommandFactory.Group(
        "backfill",
        "Run a Dag for dates of the past.",
        factory.Remote(
            new(
                "create",
                "Run a Dag for every interval of a range, oldest first.",
                "sluice backfill create load --start 2021-02-01 --end 2021-03-01 --wait",
                "sluice backfill create load --start 2021-02-01T06:00 --end 2021-02-02 \\\n    --max-active-runs 4 --reprocess failed"),
            CreateAsync,
            DagId, Start, End, MaxActiveRuns, Reprocess, Wait),
        factory.Remote(new("list", "List backfills.", "sluice backfill list", "sluice backfill list weather_to_warehouse"), ListAsync, OfDag),
        factory.Remote(new("show", "Show a backfill and its runs.", "sluice backfill show bf-0193c2d14a5b"), ShowAsync, Backfill),
        factory.Remote(
            new("cancel", "Start no more runs of a backfill; running ones may end.", "sluice backfill cancel bf-0193c2d14a5b"), CancelAsync, Backfill));

    private static async Task<int> CreateAsync(Invocation invocation, ApiClient api)
    {
        var runsAtOnce = invocation.Find(MaxActiveRuns);
        if (runsAtOnce < 1)
        {
            throw new UsageException($"--max-active-runs is {runsAtOnce}; it must be 1 or more.");
        }

        var request = new BackfillRequest(
            invocation.Get(DagId), invocation.Find(Start)!, invocation.Find(End)!, runsAtOnce, invocation.Find(Reprocess)!);
        var answer = await api.CallAsync(Operations.CreateBackfill, request, invocation.Cancel);
        if (!invocation.Find(Wait))
        {
            return invocation.Show<BackfillSummary>(
                answer, made => invocation.Terminal.Line($"{Made(made)}\nSee: sluice backfill show {made.BackfillId}"));
        }

        var backfill = ApiClient.Read<BackfillSummary>(answer);
        if (!invocation.Json)
        {
            invocation.Terminal.Line(Made(backfill));
        }

        var ended = await BackfillProgress.WatchAsync(invocation, api, backfill);
        invocation.Terminal.Line(invocation.Json ? ApiJson.Serialize(ended) : Ended(ended));
        return ended.State == "success" ? ExitCodes.Ok : ExitCodes.Failed;
    }

    private static async Task<int> ListAsync(Invocation invocation, ApiClient api) => invocation.Show<IReadOnlyList<BackfillSummary>>(
        await api.CallAsync(Operations.ListBackfills, new BackfillFilter(invocation.Find(OfDag)), invocation.Cancel),
        backfills =>
        {
            var listing = new Listing("There are no backfills.", "!backfill", "dag", "range (UTC)", "!state", "#done", "#failed");
            foreach (var backfill in backfills)
            {
                listing.Add(
                    backfill.BackfillId,
                    backfill.DagId,
                    $"{Wording.Date(backfill.Start)} to\n{Wording.Date(backfill.End)}",
                    Wording.State(backfill.State),
                    $"{backfill.Succeeded + backfill.Failed}/{backfill.Total}",
                    backfill.Failed);
            }

            listing.WriteTo(invocation.Terminal);
        });

    private static async Task<int> ShowAsync(Invocation invocation, ApiClient api) => invocation.Show<BackfillDetails>(
        await api.CallAsync(Operations.ShowBackfill, new BackfillName(invocation.Get(Backfill)), invocation.Cancel),
        details =>
        {
            var backfill = details.Backfill;
            new Facts()
                .Add("Backfill", backfill.BackfillId)
                .Add("Dag", backfill.DagId)
                .Add("State", Wording.State(backfill.State))
                .Add("Range", $"{Wording.Date(backfill.Start)} to {Wording.Date(backfill.End)} UTC, exclusive")
                .Add("Runs", $"{backfill.Total}, of which {backfill.Succeeded} succeeded and {backfill.Failed} failed")
                .Add("At once", backfill.MaxActiveRuns)
                .Add("Created", Wording.Time(backfill.CreatedAt) + " UTC")
                .Add("Took", Wording.Took(backfill.CreatedAt, backfill.EndedAt))
                .WriteTo(invocation.Terminal);
            invocation.Terminal.Line();
            RunTable.Of(details.Runs, ofOneDag: true).WriteTo(invocation.Terminal);
        });

    private static async Task<int> CancelAsync(Invocation invocation, ApiClient api)
    {
        var id = invocation.Get(Backfill);
        return invocation.Show<Changed>(
            await api.CallAsync(Operations.CancelBackfill, new BackfillName(id), invocation.Cancel),
            changed => invocation.Terminal.Line(changed.Yes ? $"Backfill {id} starts no more runs." : $"Backfill {id} had ended already."));
    }

    private static string Made(BackfillSummary backfill) =>
        $"Backfill {backfill.BackfillId}: {backfill.Total} runs of {backfill.DagId}, {backfill.MaxActiveRuns} at once.";

    private static string Ended(BackfillSummary backfill) =>
        $"Backfill {backfill.BackfillId}: {backfill.State} in {Wording.Took(backfill.CreatedAt, backfill.EndedAt)}, {backfill.Succeeded} succeeded, {backfill.Failed} failed.";
}
