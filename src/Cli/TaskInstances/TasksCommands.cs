using System.CommandLine;
using System.Text.Json.Nodes;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Deployments;
using Sluice.Cli.Logs;
using Sluice.Cli.Output;
using Sluice.Cli.Runs;
using Sluice.Cluster.Api;

namespace Sluice.Cli.TaskInstances;

/// <summary><c>sluice tasks</c>.</summary>
internal static class TasksCommands
{
    private static readonly Argument<string> DagId = new("dag") { Description = "The Dag's id." };
    private static readonly Argument<string> TaskId = new("task") { Description = "The task's id." };
    private static readonly Argument<string> Run = new("run") { Description = "Run id, or logical date." };
    private static readonly Option<int?> Try = new("--try") { Description = "Of this try. Default: the latest.", HelpName = "N" };
    private static readonly Option<int?> Token = new("--token") { Description = "Of the attempt with this token; see tasks state.", HelpName = "N" };
    private static readonly Option<bool> Follow = new("--follow", "-f") { Description = "Go on until the attempt has ended." };

    public static Command Create(CommandFactory factory) => CommandFactory.Group(
        "tasks",
        "Look at tasks of a run, run them again, mark them, rename them, or answer what they ask.",
        [factory.Remote(
            new("state", "Show a task's state in a run, and its attempts.", "sluice tasks state weather_to_warehouse load_day 2012-01-05"),
            StateAsync,
            DagId, TaskId, Run),
        factory.Remote(
            new(
                "log",
                "Print the log of a task in a run.",
                "sluice tasks log weather_to_warehouse load_day 2012-01-05",
                "sluice tasks log weather_to_warehouse load_day 2012-01-05 --follow"),
            LogAsync,
            DagId, TaskId, Run, Try, Token, Follow),
        factory.Remote(
            new("xcoms", "Show what a task pushed in a run.", "sluice tasks xcoms weather_to_warehouse load_day 2012-01-05"),
            XComsAsync,
            DagId, TaskId, Run),
        TaskWhyCommand.Create(factory),
        ChangeCommands.ClearTasks(factory),
        ChangeCommands.MarkTasks(factory),
        .. QuestionCommands.Create(factory),
        TaskEvidence.Create(factory),
        TaskRename.Create(factory),
        TaskRender.Create(factory)]);

    private static async Task<int> XComsAsync(Invocation invocation, ApiClient api) => invocation.Show<IReadOnlyList<XComSummary>>(
        await api.CallAsync(Operations.ListXComs, new TaskName(invocation.Get(DagId), invocation.Get(TaskId), invocation.Get(Run)), invocation.Cancel),
        xcoms =>
        {
            var listing = new Listing("It has pushed nothing.", "task", "key", "value");
            foreach (var xcom in xcoms)
            {
                listing.Add(xcom.TaskId, xcom.Key, xcom.Value ?? $"in {xcom.Object}");
            }

            listing.WriteTo(invocation.Terminal);
        });

    private static async Task<int> StateAsync(Invocation invocation, ApiClient api) => invocation.Show<TaskStateAnswer>(
        await AskAsync(invocation, api),
        answer =>
        {
            new Facts()
                .Add("Run", answer.RunId)
                .Add("Task", invocation.Get(TaskId))
                .Add("State", Wording.State(answer.State))
                .Add("Waits", answer.Waits)
                .WriteTo(invocation.Terminal);
            invocation.Terminal.Line();
            var isMapped = answer.Attempts.Any(attempt => attempt.MapIndex is not null);
            string[] columns = ["#try", "#token", "!state", "!started (UTC)", "#took", "note"];
            var attempts = new Listing("It has not been tried yet.", isMapped ? ["#index", .. columns] : columns);
            foreach (var attempt in answer.Attempts)
            {
                object?[] cells =
                [
                    attempt.TryNumber, attempt.Token, Wording.State(attempt.State), Wording.Time(attempt.StartedAt),
                    Wording.Took(attempt.StartedAt, attempt.EndedAt), attempt.Error ?? attempt.Worker,
                ];
                attempts.Add(isMapped ? [attempt.MapIndex, .. cells] : cells);
            }

            attempts.WriteTo(invocation.Terminal);
            RemoteJobs(answer.Attempts, invocation.Terminal);
            if (answer.Question is { } question)
            {
                invocation.Terminal.Line();
                QuestionCommands.Facts(question, withTask: false).WriteTo(invocation.Terminal);
            }
            RunTable.WriteCallbacks(answer.Callbacks, invocation.Terminal, ofOneTask: true);
        });

    /// <summary>What to look for, or to stop by hand, where the attempt and its log are gone.</summary>
    private static void RemoteJobs(IReadOnlyList<TaskAttemptSummary> attempts, Terminal terminal)
    {
        if (attempts.All(attempt => attempt.RemoteJob is null))
        {
            return;
        }

        var listing = new Listing("", "#try", "service", "!id", "job", "connection", "!started (UTC)");
        foreach (var attempt in attempts.Where(attempt => attempt.RemoteJob is not null).DistinctBy(attempt => (attempt.TaskId, attempt.RemoteJob)))
        {
            var job = attempt.RemoteJob!;
            listing.Add(attempt.TryNumber, job.Service, job.Id, job.Name, job.ConnectionId, Wording.Time(job.KeptAt));
        }

        terminal.Line();
        terminal.Line("In services:");
        listing.WriteTo(terminal);
    }

    private static async Task<int> LogAsync(Invocation invocation, ApiClient api)
    {
        var answer = ApiClient.Read<TaskStateAnswer>(await AskAsync(invocation, api));
        var attempt = Pick(answer, invocation);
        var log = new AttemptLog(invocation, api, invocation.Get(DagId), answer.RunId, invocation.Get(TaskId), attempt.Token, attempt.Worker, answer.FormerDagIds, answer.FormerTaskIds);
        if (invocation.Json)
        {
            var text = await log.ReadAsync();
            invocation.Terminal.Line(new JsonObject
            {
                ["run_id"] = answer.RunId,
                ["try_number"] = attempt.TryNumber,
                ["token"] = attempt.Token,
                ["text"] = text,
            }.ToJsonString());
            return text is null ? ExitCodes.Failed : ExitCodes.Ok;
        }

        var follow = invocation.Find(Follow);
        return await log.PrintAsync(async () => !follow || attempt.EndedAt is not null || await HasEndedAsync(invocation, api, attempt.Token))
            ? ExitCodes.Ok
            : throw new FailureException($"Worker '{attempt.Worker}' has no log of try {attempt.TryNumber}; it may have been cleaned up, or the task had nothing to say yet.");
    }

    private static async Task<bool> HasEndedAsync(Invocation invocation, ApiClient api, int token) =>
        ApiClient.Read<TaskStateAnswer>(await AskAsync(invocation, api)).Attempts.FirstOrDefault(other => other.Token == token) is not { EndedAt: null };

    private static Task<string> AskAsync(Invocation invocation, ApiClient api) => api.CallAsync(
        Operations.TaskState, new TaskName(invocation.Get(DagId), invocation.Get(TaskId), invocation.Get(Run)), invocation.Cancel);

    private static TaskAttemptSummary Pick(TaskStateAnswer answer, Invocation invocation)
    {
        var (number, token) = (invocation.Find(Try), invocation.Find(Token));
        var meant = answer.Attempts.Where(attempt => (number is null || attempt.TryNumber == number) && (token is null || attempt.Token == token)).ToList();

        // A change by hand has a line of its own, and no log.
        var (attempt, tried) = (meant.LastOrDefault(), meant.LastOrDefault(attempt => attempt.Worker is not null));
        return attempt switch
        {
            { Worker: not null } => attempt,
            not null when tried is not null && (number is not null || token is not null) => tried,
            not null when tried is not null =>
                throw new FailureException($"It has not been tried since it was {attempt.Error ?? attempt.State}; for the log of the try before give --try {tried.TryNumber}."),
            not null => throw new FailureException($"Try {attempt.TryNumber} has not reached a worker; it is {attempt.State}{(answer.Waits is { } why ? $": {why}" : "")}."),
            _ when number is null && token is null => throw new FailureException($"The task has not been tried yet in run '{answer.RunId}'; it is {answer.State}{(answer.Waits is { } why ? $": {why}" : "")}."),
            _ => throw new FailureException($"There is no such attempt in run '{answer.RunId}'; see: sluice tasks state"),
        };
    }
}
