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
    private const int MostRunsShown = 50;

    private static readonly Argument<string> DagId = new("dag") { Description = "The Dag's id." };
    private static readonly Argument<string?> OfDag = new("dag") { Description = "Only of this Dag.", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Argument<string> Backfill = new("backfill") { Description = "The backfill's id." };
    private static readonly Option<string> Start = new("--start") { Description = "First logical date, inclusive.", HelpName = "DATE", Required = true };
    private static readonly Option<string> End = new("--end") { Description = "Last logical date, exclusive.", HelpName = "DATE", Required = true };
    private static readonly Option<string?> Conf = new("--conf") { Description = "JSON object that overrides the Dag's params in every run.", HelpName = "JSON" };
    private static readonly Option<bool> OnlyMissing = new("--only-missing") { Description = "Only dates without a run: the same as --reprocess none." };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Show what would become of each date, and do nothing." };
    private static readonly Option<bool> Running = new("--running") { Description = "Cancel the runs that are active, too." };
    private static readonly Option<string?> Note = new("--note") { Description = "Why; kept with the backfill.", HelpName = "TEXT" };

    private static readonly Option<string?> OnVersion = new("--on-version")
    {
        Description = "Version of the Dag that its runs go by: latest (the default), original (runs that are run again keep their own), or a hash of dags versions.",
        HelpName = "VERSION",
    };

    private static readonly Option<string[]> Params = new("--param")
    {
        Description = "One param of every run; a value that is no JSON is text. Again for more.",
        HelpName = "NAME=VALUE",
    };

    private static readonly Option<string[]> Connections = new("--connection")
    {
        Description = "Runs that ask for connection ID get OTHER: a replica, say. Again for more.",
        HelpName = "ID=OTHER",
    };

    private static readonly Option<string> Order = new Option<string>("--order")
    {
        Description = "Which date goes first: oldest or newest.",
        HelpName = "WHICH",
        DefaultValueFactory = _ => "oldest",
    }.AcceptOnlyFromAmong("oldest", "newest");

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
                "Run a Dag for every interval of a range.",
                "sluice backfill create load --start 2021-02-01 --end 2021-03-01 --wait",
                "sluice backfill create load --start 2021-02-01 --end 2021-03-01 --dry-run",
                "sluice backfill create load --start 2021-02-01T06:00 --end 2021-02-02 \\\n    --max-active-runs 4 --order newest --reprocess failed",
                "sluice backfill create load --start 2021-02-01 --end 2021-03-01 \\\n    --connection source=replica --param table=nps"),
            CreateAsync,
            DagId, Start, End, DryRun, MaxActiveRuns, Order, Reprocess, OnlyMissing, OnVersion, Conf, Params, Connections, Note, Wait),
        factory.Remote(new("list", "List backfills.", "sluice backfill list", "sluice backfill list weather_to_warehouse"), ListAsync, OfDag),
        factory.Remote(new("show", "Show a backfill and its runs.", "sluice backfill show bf-0193c2d14a5b"), ShowAsync, Backfill),
        factory.Remote(
            new("pause", "Start no more runs for now; running ones go on.", "sluice backfill pause bf-0193c2d14a5b --note 'load test'"),
            (invocation, api) => ChangeAsync(invocation, api, Operations.PauseBackfill),
            Backfill, Note),
        factory.Remote(
            new("resume", "Go on with a paused backfill.", "sluice backfill resume bf-0193c2d14a5b"),
            (invocation, api) => ChangeAsync(invocation, api, Operations.ResumeBackfill),
            Backfill, Note),
        factory.Remote(
            new(
                "cancel",
                "Start no more runs, ever; running ones go on unless told otherwise.",
                "sluice backfill cancel bf-0193c2d14a5b",
                "sluice backfill cancel bf-0193c2d14a5b --running --note 'wrong table'"),
            (invocation, api) => ChangeAsync(invocation, api, Operations.CancelBackfill, invocation.Find(Running)),
            Backfill, Running, Note));

    private static async Task<int> CreateAsync(Invocation invocation, ApiClient api)
    {
        var runsAtOnce = invocation.Find(MaxActiveRuns);
        if (runsAtOnce < 1)
        {
            throw new UsageException($"--max-active-runs is {runsAtOnce}; it must be 1 or more.");
        }

        var reprocess = invocation.Find(Reprocess)!;
        if (invocation.Find(OnlyMissing) && reprocess != "none")
        {
            throw new UsageException($"--only-missing and --reprocess {reprocess} contradict each other; give one of them.");
        }

        var request = new BackfillRequest(
            invocation.Get(DagId),
            invocation.Find(Start)!,
            invocation.Find(End)!,
            runsAtOnce,
            reprocess,
            invocation.Find(Order)!,
            BackfillInput.Conf(invocation.Find(Conf), invocation.Find(Params) ?? []),
            BackfillInput.Connections(invocation.Find(Connections) ?? []),
            invocation.Find(Note),
            invocation.Find(OnVersion));
        if (invocation.Find(DryRun))
        {
            await BackfillPreviews.ShowAsync(invocation, api, request);
            return ExitCodes.Ok;
        }

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
            var listing = new Listing("There are no backfills.", "!backfill", "dag", "range (UTC)", "!state", "#done", "#failed", "pace");
            foreach (var backfill in backfills)
            {
                listing.Add(
                    backfill.BackfillId,
                    backfill.DagId,
                    $"{Wording.Date(backfill.Start)} to\n{Wording.Date(backfill.End)}",
                    Wording.State(backfill.State),
                    $"{backfill.Succeeded + backfill.Failed}/{backfill.Total}",
                    backfill.Failed,
                    BackfillProgress.PaceOf(backfill)?.Replace(", ", "\n", StringComparison.Ordinal) ?? "");
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
                .Add("Progress", backfill.EndedAt is null ? BackfillProgress.LineOf(backfill, 66) : null)
                .Add("Range", $"{Wording.Date(backfill.Start)} to {Wording.Date(backfill.End)} UTC, exclusive")
                .Add("Runs", $"{backfill.Total}, of which {backfill.Succeeded} succeeded, {backfill.Failed} failed, {backfill.Active} are active")
                .Add("Left alone", backfill.Skipped > 0 ? $"{backfill.Skipped} of {backfill.Intervals} intervals" : null)
                .Add("At once", $"{backfill.MaxActiveRuns}, {backfill.Order} first")
                .Add("Reprocess", backfill.Reprocess)
                .Add("Version", backfill.Version is { Length: > 12 } hash ? hash[..12] : backfill.Version)
                .Add("Conf", backfill.Conf)
                .Add("Connections", string.Join(", ", backfill.Connections?.Select(pair => $"{pair.Key} is {pair.Value}") ?? []))
                .Add("Created", Told(backfill.CreatedAt, backfill.CreatedBy, backfill.Note))
                .Add("Changed", backfill.ChangedAt is { } at ? Told(at, backfill.ChangedBy, backfill.ChangedNote) : null)
                .Add("Took", Wording.Took(backfill.CreatedAt, backfill.EndedAt))
                .WriteTo(invocation.Terminal);
            invocation.Terminal.Line();
            RunTable.Of([.. details.Runs.Take(MostRunsShown)], ofOneDag: true).WriteTo(invocation.Terminal);
            if (details.Runs.Count > MostRunsShown)
            {
                invocation.Terminal.Line($"... and {details.Runs.Count - MostRunsShown} more; see: sluice runs list --backfill {backfill.BackfillId}");
            }
        });

    private static async Task<int> ChangeAsync(Invocation invocation, ApiClient api, string operation, bool running = false)
    {
        var id = invocation.Get(Backfill);
        return invocation.Show<Changed>(
            await api.CallAsync(operation, new BackfillChange(id, invocation.Find(Note), running), invocation.Cancel),
            changed => invocation.Terminal.Line($"Backfill {id} " + (operation, changed.Yes) switch
            {
                (Operations.PauseBackfill, true) => "is paused; runs that are active go on.",
                (Operations.PauseBackfill, false) => "was paused already.",
                (Operations.ResumeBackfill, true) => "goes on.",
                (Operations.ResumeBackfill, false) => "was going on already.",
                (_, true) => running ? "starts no more runs, and those that are active are cancelled." : "starts no more runs.",
                (_, false) => "was cancelled already.",
            }));
    }

    private static string Told(DateTimeOffset at, string? by, string? note) =>
        $"{Wording.Time(at)} UTC{(by is { Length: > 0 } ? $" by {by}" : "")}{(note is null ? "" : $": {note}")}";

    private static string Made(BackfillSummary backfill) =>
        $"Backfill {backfill.BackfillId}: {backfill.Total} runs of {backfill.DagId}, {backfill.MaxActiveRuns} at once."
        + (backfill.Skipped > 0 ? $" {backfill.Skipped} intervals keep the run they have." : "");

    private static string Ended(BackfillSummary backfill) =>
        $"Backfill {backfill.BackfillId}: {backfill.State} in {Wording.Took(backfill.CreatedAt, backfill.EndedAt)}, {backfill.Succeeded} succeeded, {backfill.Failed} failed.";
}
