using System.CommandLine;
using System.Globalization;
using Sluice.Authoring.Evidence;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Output;
using Sluice.Cluster.Api;

namespace Sluice.Cli.TaskInstances;

/// <summary><c>sluice tasks evidence</c>: what an extract or a load has seen of its rows, place beside place.</summary>
internal static class TaskEvidence
{
    private const int ShownOfHash = 12;

    private static readonly Argument<string> DagId = new("dag") { Description = "The Dag's id." };
    private static readonly Argument<string> TaskId = new("task") { Description = "The task's id, or an instance such as load[3]." };
    private static readonly Argument<string> Run = new("run") { Description = "Run id, or logical date." };
    private static readonly Option<int?> Try = new("--try") { Description = "Of this try. Default: the latest that took evidence.", HelpName = "N" };

    public static Command Create(CommandFactory factory) => factory.Remote(
        new(
            "evidence",
            "Show what an extract or a load with reconcile has seen of its rows in the source, the manifest and the target, also when the try failed.",
            "sluice tasks evidence nps load 2021-02-05",
            "sluice tasks evidence nps load 2021-02-05 --try 1 --json"),
        ShowAsync,
        DagId, TaskId, Run, Try);

    private static async Task<int> ShowAsync(Invocation invocation, ApiClient api) => invocation.Show<EvidenceAnswer>(
        await api.CallAsync(
            Operations.TaskEvidence, new EvidenceRequest(invocation.Get(DagId), invocation.Get(TaskId), invocation.Get(Run), invocation.Find(Try)), invocation.Cancel),
        answer =>
        {
            var evidence = EvidenceTrail.Read(answer.Evidence.GetRawText());
            var facts = new Facts()
                .Add("Run", answer.RunId)
                .Add("Task", answer.TaskId)
                .Add("Try", answer.TryNumber.ToString(CultureInfo.InvariantCulture))
                .Add("State", Wording.State(answer.State))
                .Add("Error", answer.Error);
            foreach (var place in evidence.Places)
            {
                facts.Add(place.Name, place.What + (place.ColumnsLeftOut > 0 ? $"; {place.ColumnsLeftOut} more columns are not kept" : ""));
            }

            facts.WriteTo(invocation.Terminal);
            invocation.Terminal.Line();
            Table(evidence).WriteTo(invocation.Terminal);
            invocation.Terminal.Line();
            foreach (var pair in evidence.Comparisons)
            {
                var verdict = pair.Differences.Count == 0 ? "agree." : $"differ: {string.Join("; ", pair.Differences)}.";
                invocation.Terminal.Write(Listing.Cell($"{pair.One} and {pair.Other} {verdict}"));
            }
        });

    internal static Listing Table(EvidenceRecord evidence)
    {
        var listing = new Listing("Nothing was seen.", ["column", "!what", .. evidence.Places.Select(place => place.Name), "!"]);
        Add("", "rows", place => place.Rows.ToString(CultureInfo.InvariantCulture));
        Add("", "hash", place => place.Hash);
        foreach (var name in evidence.ColumnNames())
        {
            Add(name, "nulls", place => place.Column(name)?.Nulls.ToString(CultureInfo.InvariantCulture));
            Add("", "min", place => place.Column(name)?.Min);
            Add("", "max", place => place.Column(name)?.Max);
        }

        return listing;

        void Add(string of, string what, Func<EvidencePlace, string?> fact)
        {
            if (evidence.Places.Any(place => fact(place) is not null))
            {
                listing.Add([of, what, .. evidence.Places.Select(place => Shown(what, fact(place))), evidence.Differs(fact) ? "differs" : ""]);
            }
        }
    }

    private static string Shown(string what, string? value) =>
        value is null ? "-" : what == "hash" && value.Length > ShownOfHash ? value[..ShownOfHash] + "..." : value;
}
