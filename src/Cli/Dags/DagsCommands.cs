using System.CommandLine;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Deployments;
using Sluice.Cli.Output;
using Sluice.Cli.Runs;
using Sluice.Cluster.Api;

namespace Sluice.Cli.Dags;

/// <summary><c>sluice dags</c>.</summary>
internal static class DagsCommands
{
    private static readonly Argument<string> DagId = new("dag") { Description = "The Dag's id." };

    public static Command Create(CommandFactory factory) => CommandFactory.Group(
        "dags",
        "List, look at, pause, rename, check, plan and test Dags.",
        factory.Remote(new("list", "List all Dags.", "sluice dags list", "sluice dags list --json"), ListAsync),
        factory.Remote(new("show", "Show a Dag: its schedule, tasks and latest runs.", "sluice dags show weather_to_warehouse"), ShowAsync, DagId),
        factory.Remote(
            new("pause", "Hold a Dag: no scheduled runs, queued runs wait, no further tasks of those that run; backfills go on.", "sluice dags pause weather_to_warehouse"),
            (invocation, api) => SwitchAsync(invocation, api, Operations.PauseDag, "paused"),
            DagId),
        factory.Remote(
            new("unpause", "Let a paused Dag go on.", "sluice dags unpause weather_to_warehouse"),
            (invocation, api) => SwitchAsync(invocation, api, Operations.UnpauseDag, "unpaused"),
            DagId),
        factory.Remote(new("versions", "List a Dag's versions, latest first.", "sluice dags versions weather_to_warehouse"), VersionsAsync, DagId),
        factory.Remote(new("list-import-errors", "List what is wrong with Dag files.", "sluice dags list-import-errors"), ListImportErrorsAsync),
        DagCheck.Create(factory),
        DagPlanning.Create(factory),
        DagRename.Create(factory),
        DagTest.Create(factory));

    private static async Task<int> ListAsync(Invocation invocation, ApiClient api) => invocation.Show<IReadOnlyList<DagSummary>>(
        await api.CallAsync(Operations.ListDags, new Nothing(), invocation.Cancel),
        dags =>
        {
            var listing = new Listing(
                "There is no Dag yet. Put a file into the Dag folder; see also: sluice dags list-import-errors",
                "dag", "schedule", "state", "!next run (UTC)", "file");
            foreach (var dag in dags)
            {
                listing.Add(dag.DagId, dag.Schedule, StateOf(dag), Wording.Time(dag.NextRunAfter), dag.File);
            }

            listing.WriteTo(invocation.Terminal);
        });

    private static async Task<int> ShowAsync(Invocation invocation, ApiClient api) => invocation.Show<DagDetails>(
        await api.CallAsync(Operations.ShowDag, new DagName(invocation.Get(DagId)), invocation.Cancel),
        details =>
        {
            var (dag, terminal) = (details.Dag, invocation.Terminal);
            new Facts()
                .Add("Dag", dag.DagId)
                .Add("Description", dag.Description)
                .Add("State", StateOf(dag))
                .Add("Problem", dag.Problem)
                .Add("Schedule", dag.Schedule)
                .Add("Waits for", WaitingOf(dag))
                .Add("Next run", dag.NextRunAfter is { } next ? Wording.Time(next) + " UTC" : null)
                .Add("Owner", dag.Owner)
                .Add("Tags", string.Join(", ", dag.Tags))
                .Add("File", dag.File)
                .Add("Version", dag.Version.Length > 12 ? dag.Version[..12] : dag.Version)
                .WriteTo(terminal);

            terminal.Line();
            var tasks = new Listing("It has no tasks.", "task", "operator", "after", "rule", "#retries");
            foreach (var task in details.Tasks)
            {
                tasks.Add(task.TaskId, task.Operator, string.Join(", ", task.Upstream), task.TriggerRule, task.Retries);
            }

            tasks.WriteTo(terminal);
            terminal.Line();
            RunTable.Of(details.LatestRuns, ofOneDag: true).WriteTo(terminal);
        });

    private static async Task<int> VersionsAsync(Invocation invocation, ApiClient api) => invocation.Show<IReadOnlyList<DagVersionSummary>>(
        await api.CallAsync(Operations.ListDagVersions, new DagName(invocation.Get(DagId)), invocation.Cancel),
        versions =>
        {
            var listing = new Listing("It has no version.", "#number", "!version", "!since (UTC)", "#runs", "");
            foreach (var version in versions)
            {
                listing.Add(version.Number, version.Version, Wording.Time(version.CreatedAt), version.Runs, version.IsCurrent ? "current" : "");
            }

            listing.WriteTo(invocation.Terminal);
        });

    private static async Task<int> SwitchAsync(Invocation invocation, ApiClient api, string operation, string done)
    {
        var id = invocation.Get(DagId);
        return invocation.Show<Changed>(
            await api.CallAsync(operation, new DagName(id), invocation.Cancel),
            changed => invocation.Terminal.Line(changed.Yes ? $"Dag '{id}' is {done} now." : $"Dag '{id}' was {done} already."));
    }

    private static async Task<int> ListImportErrorsAsync(Invocation invocation, ApiClient api) => invocation.Show<IReadOnlyList<ImportErrorSummary>>(
        await api.CallAsync(Operations.ListImportErrors, new Nothing(), invocation.Cancel),
        errors =>
        {
            var listing = new Listing("All Dag files are well.", "file", "error", "since (UTC)");
            foreach (var error in errors)
            {
                listing.Add(error.File, error.Message, Wording.Time(error.At));
            }

            listing.WriteTo(invocation.Terminal);
        });

    /// <summary>What is still missing of the assets: <c>2 of 3 assets updated; missing: customers</c>.</summary>
    private static string? WaitingOf(DagSummary dag)
    {
        if (dag.WaitsForAssets is not { } waits)
        {
            return null;
        }

        var missing = waits.Assets.Where(asset => asset.Queued == 0).Select(asset => asset.Asset).ToList();
        return $"{waits.Assets.Count - missing.Count} of {waits.Assets.Count} assets updated{(missing.Count == 0 ? "" : $"; missing: {string.Join(", ", missing)}")}";
    }

    private static string StateOf(DagSummary dag) => dag switch { { Active: false } => "gone", { Problem: not null } => "broken", { Paused: true } => "paused", _ => "active" };
}
