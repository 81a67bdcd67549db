using System.CommandLine;
using System.Globalization;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Output;
using Sluice.Cluster.Api;

namespace Sluice.Cli.Runs;

/// <summary><c>sluice runs evidence</c>: of many runs at once, whether what left has arrived.</summary>
internal static class RunEvidence
{
    private static readonly Argument<string> DagId = new("dag") { Description = "The Dag's id." };
    private static readonly Argument<string?> Run = new("run") { Description = "Only of this run: its id, or its logical date.", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<string?> Task = new("--task") { Description = "Only of this task.", HelpName = "TASK" };
    private static readonly Option<int> Limit = new("--limit") { Description = "At most so many tasks.", HelpName = "N", DefaultValueFactory = _ => 100 };

    public static Command Create(CommandFactory factory) => factory.Remote(
        new(
            "evidence",
            "Show of extracts and loads with reconcile whether their rows have arrived, latest runs first. Exit code 1 when any differs.",
            "sluice runs evidence nps",
            "sluice runs evidence nps --task load --limit 31"),
        ShowAsync,
        DagId, Run, Task, Limit);

    private static async Task<int> ShowAsync(Invocation invocation, ApiClient api)
    {
        var filter = new EvidenceFilter(invocation.Get(DagId), invocation.Find(Run), invocation.Find(Task), invocation.Find(Limit));
        var answer = await api.CallAsync(Operations.ListEvidence, filter, invocation.Cancel);
        invocation.Show<IReadOnlyList<EvidenceSummary>>(answer, found =>
        {
            var listing = new Listing("No task of it took evidence: extracts and loads take it with reconcile.", "run", "task", "#try", "rows", "!verdict");
            foreach (var one in found)
            {
                listing.Add(one.RunId, one.TaskId, one.TryNumber, Rows(one.Places), Verdict(one));
            }

            listing.WriteTo(invocation.Terminal);
        });
        return ApiClient.Read<IReadOnlyList<EvidenceSummary>>(answer).Any(one => one.Differences > 0) ? ExitCodes.Failed : ExitCodes.Ok;
    }

    internal static string Verdict(EvidenceSummary evidence) => evidence switch
    {
        { Differences: > 0 } => string.Create(CultureInfo.InvariantCulture, $"differs ({evidence.Differences})"),
        { Comparisons: > 0 } => "agrees",
        _ => "not compared",
    };

    private static string Rows(IReadOnlyList<EvidenceRows> places) =>
        string.Join(", ", places.Select(place => string.Create(CultureInfo.InvariantCulture, $"{place.Place} {place.Rows}")));
}
