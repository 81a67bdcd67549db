using System.CommandLine;
using System.Text.Json.Nodes;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Deployments;
using Sluice.Cli.Logs;
using Sluice.Cli.Output;
using Sluice.Cli.Runs;
using Sluice.Cluster.Api;

namespace Sluice.Cli.Callbacks;

/// <summary><c>sluice callbacks</c>.</summary>
internal static class CallbacksCommands
{
    private static readonly Argument<string?> OfDag = new("dag") { Description = "Only of this Dag.", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Argument<string?> OfRun = new("run") { Description = "Only of this run: its id, or logical date.", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Argument<string> EventId = new("event") { Description = "The event's id; see callbacks list." };
    private static readonly Option<int> Limit = new("--limit") { Description = "At most so many.", HelpName = "N", DefaultValueFactory = _ => 25 };
    private static readonly Option<int?> HandingOut = new("--handing-out") { Description = "Of the Nth worker that it was given to. Default: the last.", HelpName = "N" };
    private static readonly Option<bool> Follow = new("--follow", "-f") { Description = "Go on until it has ended." };

    private static readonly Option<string?> State = new Option<string?>("--state") { Description = "Only in this state.", HelpName = "STATE" }
        .AcceptOnlyFromAmong("waiting", "running", "success", "failed");

    public static Command Create(CommandFactory factory) => CommandFactory.Group(
        "callbacks",
        "Look at what was called back when runs and tasks began, ended or missed a deadline.",
        factory.Remote(
            new("list", "List callbacks, latest first.", "sluice callbacks list --state failed", "sluice callbacks list weather_to_warehouse 2012-01-05"),
            ListAsync,
            OfDag, OfRun, State, Limit),
        factory.Remote(
            new("log", "Print what a callback wrote, and why it failed.", "sluice callbacks log 000000010000002a"),
            LogAsync,
            EventId, HandingOut, Follow));

    private static async Task<int> ListAsync(Invocation invocation, ApiClient api)
    {
        var filter = new CallbackFilter(invocation.Find(OfDag), invocation.Find(OfRun), invocation.Find(State), null, invocation.Find(Limit));
        return invocation.Show<IReadOnlyList<CallbackSummary>>(
            await api.CallAsync(Operations.ListCallbacks, filter, invocation.Cancel),
            callbacks =>
            {
                var listing = new Listing("There are no callbacks.", "!event", "of", "!state", "!raised (UTC)", "note");
                foreach (var callback in callbacks)
                {
                    listing.Add(
                        $"{callback.Event}\n {callback.EventId}", $"{callback.DagId}{(callback.TaskId is { } task ? $".{task}" : "")}\n {callback.RunId}", Wording.State(callback.State),
                        Wording.Time(callback.RaisedAt), RunTable.Note(callback, callback.Notifier));
                }

                listing.WriteTo(invocation.Terminal);
            });
    }

    private static async Task<int> LogAsync(Invocation invocation, ApiClient api)
    {
        var callback = await FindAsync(invocation, api);
        var number = invocation.Find(HandingOut) ?? callback.HandedOut;
        if (callback.HandedOut == 0)
        {
            throw new FailureException("No worker has got it yet: it waits for one.");
        }

        if (number < 1 || number > callback.HandedOut)
        {
            throw new UsageException($"--handing-out is {number}; it was given to workers {callback.HandedOut} times.");
        }

        var log = new AttemptLog(
            invocation, api, callback.DagId!, callback.RunId!, $"callback-{callback.EventId}", number, number == callback.HandedOut ? callback.Worker : null,
            callback.FormerDagIds);
        if (invocation.Json)
        {
            var text = await log.ReadAsync();
            var answer = new JsonObject
            {
                ["event_id"] = callback.EventId,
                ["handing_out"] = number,
                ["state"] = callback.State,
                ["error"] = callback.Error,
                ["text"] = text,
            };
            invocation.Terminal.Line(answer.ToJsonString());
            return text is null ? ExitCodes.Failed : ExitCodes.Ok;
        }

        var follows = invocation.Find(Follow) && number == callback.HandedOut;
        var there = await log.PrintAsync(async () =>
        {
            if (follows && callback.EndedAt is null)
            {
                callback = await FindAsync(invocation, api);
            }

            return !follows || callback.EndedAt is not null;
        });
        if (callback.Error is { } error && number == callback.HandedOut)
        {
            invocation.Terminal.Line($"It failed: {Terminal.Clean(error)}");
        }
        else if (!there)
        {
            throw new FailureException(
                callback.EndedAt is null
                    ? "It has written nothing yet."
                    : $"There is no log of it{(callback.Worker is { } worker ? $" on worker '{worker}'" : "")}: it wrote nothing, or the log is gone.");
        }

        return ExitCodes.Ok;
    }

    private static async Task<CallbackSummary> FindAsync(Invocation invocation, ApiClient api)
    {
        var id = invocation.Get(EventId);
        var found = ApiClient.Read<IReadOnlyList<CallbackSummary>>(await api.CallAsync(Operations.ListCallbacks, new CallbackFilter(EventId: id), invocation.Cancel));
        return found is [var callback] ? callback : throw new FailureException($"There is no callback '{id}'. See: sluice callbacks list");
    }
}
