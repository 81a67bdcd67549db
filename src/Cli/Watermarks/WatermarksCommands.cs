using System.CommandLine;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Output;
using Sluice.Cluster.Api;

namespace Sluice.Cli.Watermarks;

/// <summary><c>sluice watermarks</c>.</summary>
internal static class WatermarksCommands
{
    private static readonly Argument<string> DagId = new("dag") { Description = "The Dag's id." };
    private static readonly Argument<string?> AnyDag = new("dag") { Description = "Only of this Dag.", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Argument<string> TaskId = new("task") { Description = "The task's id; of a mapped one an instance, such as load[3]." };
    private static readonly Argument<string> Value = new("value") { Description = "The new mark, written as watermarks show prints one." };
    private static readonly Option<int> Limit = new("--limit") { Description = "At most so many windows.", HelpName = "N", DefaultValueFactory = _ => 20 };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Show what would happen, and do nothing." };
    private static readonly Option<string> Note = new("--why", "--note") { Description = "Why; kept in the audit log with who did it.", HelpName = "TEXT", Required = true };

    public static Command Create(CommandFactory factory) => CommandFactory.Group(
        "watermarks",
        "Look at how far tasks have read a column that only grows, and move it.",
        factory.Remote(
            new("list", "List the marks from which the next runs go on.", "sluice watermarks list", "sluice watermarks list orders"), ListAsync, AnyDag),
        factory.Remote(
            new("show", "Show the windows that the attempts of a task have read, latest run first.", "sluice watermarks show orders extract"), ShowAsync, DagId, TaskId, Limit),
        factory.Remote(
            new(
                "set",
                "Move a mark: the next run reads what is above it.",
                "sluice watermarks set orders extract '2021-02-05 00:00:00' --why 'repaired'",
                "sluice watermarks set orders extract 120000 --why 'loaded by hand' --dry-run"),
            (invocation, api) => MoveAsync(invocation, api, Operations.SetWatermark, invocation.Get(Value)),
            DagId, TaskId, Value, Note, DryRun),
        factory.Remote(
            new("clear", "Forget a mark: the next run reads everything again, a full refresh.", "sluice watermarks clear orders extract --why 'new target'"),
            (invocation, api) => MoveAsync(invocation, api, Operations.ClearWatermark, value: null),
            DagId, TaskId, Note, DryRun));

    private static async Task<int> ListAsync(Invocation invocation, ApiClient api) => invocation.Show<IReadOnlyList<WatermarkSummary>>(
        await api.CallAsync(Operations.ListWatermarks, new WatermarkFilter(invocation.Find(AnyDag), Limit: 10_000), invocation.Cancel),
        marks =>
        {
            var listing = new Listing("There are no watermarks: no task that keeps one has succeeded.", "dag", "task", "watermark", "run", "!since (UTC)");
            foreach (var mark in marks)
            {
                listing.Add(mark.DagId, mark.TaskId, mark.To, mark.By is null ? mark.RunId : $"set by {mark.By}", Wording.Time(mark.At));
            }

            listing.WriteTo(invocation.Terminal);
        });

    private static async Task<int> ShowAsync(Invocation invocation, ApiClient api) => invocation.Show<IReadOnlyList<WatermarkSummary>>(
        await api.CallAsync(Operations.ShowWatermark, new WatermarkFilter(invocation.Get(DagId), invocation.Get(TaskId), invocation.Find(Limit)), invocation.Cancel),
        windows =>
        {
            new Facts()
                .Add("Dag", invocation.Get(DagId))
                .Add("Task", invocation.Get(TaskId))
                .Add("Watermark", windows.FirstOrDefault(window => window is { IsMark: true, To: not null })?.To ?? "none: the next run begins at the beginning")
                .WriteTo(invocation.Terminal);
            invocation.Terminal.Line();
            var listing = new Listing("It has read nothing yet.", "run", "#token", "above", "up to", "!state", "!at (UTC)");
            foreach (var window in windows)
            {
                listing.Add(
                    window.RunId ?? "-", window.Token, window.From ?? "the beginning", window.To ?? "nothing was there",
                    window.By is { } who ? $"set by {who}" : window.IsMark ? "success" : "opened", Wording.Time(window.At));
            }

            listing.WriteTo(invocation.Terminal);
        });

    private static async Task<int> MoveAsync(Invocation invocation, ApiClient api, string operation, string? value) => invocation.Show<WatermarkChanged>(
        await api.CallAsync(
            operation, new WatermarkChange(invocation.Get(DagId), invocation.Get(TaskId), value, invocation.Find(Note), invocation.Find(DryRun)), invocation.Cancel),
        changed => invocation.Terminal.Line(
            $"The watermark of {changed.DagId}.{changed.TaskId} {(changed.Before == changed.After ? "was so already" : changed.DryRun ? "would be moved" : "was moved")}: "
            + $"{Terminal.Clean(changed.Before ?? "none")} -> {Terminal.Clean(changed.After ?? "none, so that the next run reads everything")}{(changed.DryRun ? ". Nothing was done." : "")}"));
}
