using System.CommandLine;
using Sluice.Cli.Backfills;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Deployments;
using Sluice.Cli.Output;
using Sluice.Cluster.Api;

namespace Sluice.Cli.TaskInstances;

/// <summary>What tasks ask people: <c>sluice tasks waiting</c>, <c>answer</c>, <c>approve</c> and <c>reject</c>.</summary>
internal static class QuestionCommands
{
    private static readonly Argument<string?> OfDag = new("dag") { Description = "Only of this Dag.", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Argument<string> DagId = new("dag") { Description = "The Dag's id." };
    private static readonly Argument<string> TaskId = new("task") { Description = "The task's id; of a mapped task an instance, such as ask[0]." };
    private static readonly Argument<string> Run = new("run") { Description = "Run id, or logical date." };
    private static readonly Option<int> Limit = new("--limit") { Description = "At most so many.", HelpName = "N", DefaultValueFactory = _ => 100 };
    private static readonly Option<string?> By = new("--by") { Description = "Who answers. Default: who asks (--user).", HelpName = "NAME" };
    private static readonly Option<string?> Note = new("--note") { Description = "Why; kept with the answer.", HelpName = "TEXT" };
    private static readonly Option<string[]> Options = new("--option") { Description = "What is chosen. Again for more.", HelpName = "OPTION" };

    private static readonly Option<string[]> Params = new("--param")
    {
        Description = "A value that is asked for; one that is no JSON is text. Again for more.",
        HelpName = "NAME=VALUE",
    };

    public static Command[] Create(CommandFactory factory) =>
    [
        factory.Remote(
            new("waiting", "List what waits for a person.", "sluice tasks waiting", "sluice tasks waiting report"),
            WaitingAsync,
            OfDag, Limit),
        factory.Remote(
            new("approve", "Say yes to a task that asks for approval.", "sluice tasks approve report confirm 2021-02-05 --note 'looks fine'"),
            (invocation, api) => AnswerAsync(invocation, api, ["Approve"]),
            DagId, TaskId, Run, Params, By, Note),
        factory.Remote(
            new("reject", "Say no to a task that asks for approval.", "sluice tasks reject report confirm 2021-02-05 --note 'rows missing'"),
            (invocation, api) => AnswerAsync(invocation, api, ["Reject"]),
            DagId, TaskId, Run, Params, By, Note),
        factory.Remote(
            new(
                "answer",
                "Answer a task that asks a person.",
                "sluice tasks answer report which 2021-02-05 --option Seoul --option Busan",
                "sluice tasks answer report limits 2021-02-05 --option OK --param rows=500"),
            (invocation, api) => AnswerAsync(invocation, api, invocation.Find(Options) ?? []),
            DagId, TaskId, Run, Options, Params, By, Note),
    ];

    /// <summary>A question, and its answer when there is one.</summary>
    public static Facts Facts(QuestionSummary question, bool withTask = true) => new Facts()
        .Add("Dag", withTask ? question.DagId : null)
        .Add("Run", withTask ? question.RunId : null)
        .Add("Task", withTask ? question.TaskId : null)
        .Add("Asks", question.Subject)
        .Add("About", question.Body)
        .Add("Options", string.Join(", ", question.Options) + (question.Multiple ? " (any number of them)" : ""))
        .Add("Asks for", question.Params)
        .Add("Ask whom", question.AssignedUsers.Count == 0 ? null : string.Join(", ", question.AssignedUsers))
        .Add("Since", Wording.Time(question.AskedAt) + " UTC")
        .Add("Until", question.State == "waiting" && question.DueAt is { } due
            ? $"{Wording.Time(due)} UTC{(question.Defaults.Count > 0 ? $", then {string.Join(", ", question.Defaults)}" : "")}"
            : null)
        .Add("Answer", question.ChosenOptions is { } chosen ? $"{string.Join(", ", chosen)} ({(question.AnsweredBy is { } by ? $"by {by}" : "nobody answered in time")})" : question.State == "waiting" ? null : question.State)
        .Add("Answered", question.AnsweredAt is { } at ? Wording.Time(at) + " UTC" : null)
        .Add("Filled in", question.ParamsInput)
        .Add("Note", question.Note);

    private static async Task<int> WaitingAsync(Invocation invocation, ApiClient api)
    {
        var limit = invocation.Find(Limit);
        if (limit is < 1 or > 10_000)
        {
            throw new UsageException($"--limit is {limit}; it must be from 1 to 10000.");
        }

        return invocation.Show<IReadOnlyList<QuestionSummary>>(
            await api.CallAsync(Operations.ListQuestions, new QuestionFilter(invocation.Find(OfDag), limit), invocation.Cancel),
            waiting =>
            {
                if (waiting.Count == 0)
                {
                    invocation.Terminal.Line("Nothing waits for a person.");
                    return;
                }

                foreach (var (question, isFirst) in waiting.Select((question, number) => (question, number == 0)))
                {
                    if (!isFirst)
                    {
                        invocation.Terminal.Line();
                    }

                    Facts(question).WriteTo(invocation.Terminal);
                    invocation.Terminal.Line($"See: sluice tasks {(question.Options.Contains("Approve") ? "approve" : "answer")} {question.DagId} '{question.TaskId}' '{question.RunId}'");
                }
            });
    }

    private static async Task<int> AnswerAsync(Invocation invocation, ApiClient api, IReadOnlyList<string> options)
    {
        var request = new AnswerRequest(
            invocation.Get(DagId), invocation.Get(TaskId), invocation.Get(Run), options,
            BackfillInput.Conf(null, invocation.Find(Params) ?? []), invocation.Find(By), invocation.Find(Note));
        return invocation.Show<QuestionSummary>(
            await api.CallAsync(Operations.AnswerQuestion, request, invocation.Cancel),
            answered => invocation.Terminal.Line(
                $"{answered.DagId} {answered.RunId} {answered.TaskId}: answered {string.Join(", ", answered.ChosenOptions ?? [])}, by {answered.AnsweredBy}."));
    }
}
