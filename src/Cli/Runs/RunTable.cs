using Sluice.Cli.Output;
using Sluice.Cluster.Api;
using Sluice.Core.Callbacks;
using Spectre.Console.Rendering;

namespace Sluice.Cli.Runs;

/// <summary>Runs and their tasks as tables.</summary>
internal static class RunTable
{
    public static Listing Of(IReadOnlyList<RunSummary> runs, bool ofOneDag)
    {
        var listing = new Listing("There are no runs.", "run", "!state", "!started (UTC)", "#took");
        foreach (var run in runs)
        {
            listing.Add(
                ofOneDag ? run.RunId : $"{run.DagId}\n {run.RunId}",
                Wording.State(run.State),
                Wording.Time(run.StartedAt),
                Wording.Took(run.StartedAt, run.EndedAt));
        }

        return listing;
    }

    public static Facts Facts(RunSummary run) => Deadlines(run, new Facts()
        .Add("Dag", run.DagId)
        .Add("Run", run.RunId)
        .Add("State", Wording.State(run.State))
        .Add("Reason", run.Reason)
        .Add("Data interval", $"{Wording.Date(run.DataIntervalStart)} to {Wording.Date(run.DataIntervalEnd)} UTC")
        .Add("Backfill", run.BackfillId)
        .Add("Triggered by", run.TriggeredBy)
        .Add("Made by assets", run.AssetEvents is { } events ? string.Join(", ", events.GroupBy(one => one.Asset).Select(one => one.Count() == 1 ? one.Key : $"{one.Key} ({one.Count()})")) : null)
        .Add("Conf", run.Conf)
        .Add("Started", run.StartedAt is { } at ? Wording.Time(at) + " UTC" : null)
        .Add("Took", Wording.Took(run.StartedAt, run.EndedAt)));

    private static Facts Deadlines(RunSummary run, Facts facts)
    {
        foreach (var deadline in run.Deadlines ?? [])
        {
            var missed = deadline.MissedAt is { } at && at - deadline.Due is var late && late > TimeSpan.FromSeconds(1) ? $", seen {Wording.Length(late)} later" : "";
            facts.Add("Deadline", $"{deadline.Name}: {Wording.Time(deadline.Due)} UTC, {deadline.State}{missed}");
        }

        return facts;
    }

    /// <summary>Callbacks, when there are any.</summary>
    public static void WriteCallbacks(IReadOnlyList<CallbackSummary> callbacks, Terminal terminal, bool ofOneTask)
    {
        if (callbacks.Count == 0)
        {
            return;
        }

        var listing = new Listing("", "callback", "!state", "!raised (UTC)", "note");
        foreach (var callback in callbacks)
        {
            var whose = ofOneTask ? callback.TryNumber > 0 ? $" (try {callback.TryNumber})" : "" : $" of {callback.TaskId ?? "the run"}";
            listing.Add(
                $"{callback.Event}{whose}\n {callback.EventId}", Wording.State(callback.State), Wording.Time(callback.RaisedAt),
                Note(callback, callback.HandedOut > 1 ? $"{callback.Notifier}, handed out {callback.HandedOut} times" : callback.Notifier));
        }

        terminal.Line();
        listing.WriteTo(terminal);
    }

    /// <summary>What there is to say of a callback; of a stop always what it stops: people may have to do it by hand.</summary>
    public static string? Note(CallbackSummary callback, string otherwise) => callback.Event == CallbackTrigger.StopRemoteJob.Name()
        ? callback.Error is null ? callback.Why : $"{callback.Why}; {callback.Error}"
        : callback.Error ?? callback.Deadline ?? otherwise;

    public static IRenderable Tasks(IReadOnlyList<TaskAttemptSummary> tasks)
    {
        var listing = new Listing("It has no tasks.", "task", "!state", "#try", "#took", "note");
        foreach (var task in tasks)
        {
            listing.Add(
                task.TaskId,
                Wording.State(task.State),
                task.TryNumber == 0 ? "" : task.TryNumber,
                Wording.Took(task.StartedAt, task.EndedAt),
                task.Error ?? (task.State == "awaiting_input" ? "asks a person; see: sluice tasks waiting" : task.DueAt is { } due ? $"due {Wording.Time(due)}" : ""));
        }

        return listing.Content;
    }
}
