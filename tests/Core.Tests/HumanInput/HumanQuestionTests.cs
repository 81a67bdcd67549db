using Sluice.Core.DagRuns;
using Sluice.Core.HumanInput;
using Sluice.Core.TaskInstances;
using static Sluice.Core.Tests.DagRuns.Graphs;

namespace Sluice.Core.Tests.HumanInput;

public sealed class HumanQuestionTests
{
    private static readonly HumanQuestion Plain = new() { Subject = "Which?", Options = ["One", "Two"] };

    [Fact]
    public void A_question_that_cannot_be_asked_says_why()
    {
        (HumanQuestion Question, string? Problem)[] rows =
        [
            (Plain, null),
            (Plain with { Subject = " " }, "subject is missing"),
            (Plain with { Subject = new('x', 1001) }, "subject has 1001 characters"),
            (Plain with { Body = new('x', 65_537) }, "body has 65537 characters"),
            (Plain with { Options = [] }, "options must name at least one option"),
            (Plain with { Options = ["One", "one"] }, "none twice"),
            (Plain with { Timeout = TimeSpan.Zero }, "timeout is 00:00:00"),
            (Plain with { Defaults = ["Three"] }, "defaults: 'Three' is no option; choose from: One, Two."),
            (Plain with { Defaults = ["One", "Two"] }, "defaults: It takes one option, not 2"),
            (Plain with { Defaults = ["One", "Two"], Multiple = true }, null),
            (Plain with { Params = "[]" }, "must be JSON objects"),
            (Plain with { Params = """{"n":1}""", ParamsSchema = """{"n":{"type":"nonsense"}}""" }, "the schema of param \"n\""),
            (Plain with { Params = """{"n":"x"}""", ParamsSchema = """{"n":{"type":"integer"}}""" }, "the default of param \"n\""),
            (Plain with { ParamsSchema = """{"n":{"type":"integer"}}""" }, null), // must be filled in
        ];
        foreach (var (question, problem) in rows)
        {
            var found = question.FindProblem();
            Assert.True(problem is null ? found is null : found?.Contains(problem, StringComparison.Ordinal) == true, $"{question}: {found}");
        }
    }

    [Fact]
    public void Questions_and_answers_are_kept_by_events_and_snapshots()
    {
        var graph = Of(Task("ask"), Task("after", 0));
        var run = NewRun(graph);
        DagRunDecider.Decide(run, new StartRun(Noon));
        DagRunDecider.Decide(run, new DispatchTasks("w", [0], Noon));
        var question = Plain with { Timeout = TimeSpan.FromHours(1), Defaults = ["Two"], ParamsSchema = """{"n":{"type":"integer"}}""", Params = """{"n":1}""", Assignees = ["ann"] };
        var events = DagRunDecider.Decide(run, new ReportTask(0, 1, new() { Kind = OutcomeKind.Asked, StartedAt = Noon, EndedAt = Noon, Question = question }, Noon));
        Assert.Equal((TaskState.AwaitingInput, null), (run.StateOf(0), run.WorkerOf(0)));

        // By way of the journal.
        var asked = Assert.IsType<TaskAsked>(DagRunJson.DeserializeEvent(DagRunJson.Serialize(Assert.Single(events))));
        Assert.Equal((Noon.AddHours(1), "Two", "ann", question.ParamsSchema), (asked.Due, asked.Question.Defaults.Single(), asked.Question.Assignees.Single(), asked.Question.ParamsSchema));
        var restored = new DagRunState(graph, DagRunJson.DeserializeSnapshot(DagRunJson.Serialize(run.Snapshot())));
        Assert.Equal((TaskState.AwaitingInput, Noon.AddHours(1), "Which?"), (restored.StateOf(0), restored.Due.Of(0), restored.QuestionOf(0)!.Question.Subject));

        // Nothing happens a moment before its time.
        Assert.Empty(DagRunDecider.Decide(restored, new WakeTasks(Noon.AddHours(1).AddTicks(-10))));
        var ended = DagRunDecider.Decide(restored, new WakeTasks(Noon.AddHours(1)));
        var answer = Assert.IsType<TaskAnswered>(ended[0]).Answer;
        Assert.Equal((null, "Two", """{"n":1}"""), (answer.By, answer.Options.Single(), answer.Params));
        Assert.Equal((TaskState.Success, TaskState.Scheduled, null), (restored.StateOf(0), restored.StateOf(1), restored.QuestionOf(0)));
        Assert.Empty(DagRunDecider.Decide(restored, new AnswerTask(0, 1, answer)));

        // An answer of a person, and one to an attempt that is not the current one.
        Assert.Empty(DagRunDecider.Decide(run, new AnswerTask(0, 7, answer)));
        DagRunDecider.Decide(run, new AnswerTask(0, 1, answer with { By = "ann", At = Noon.AddMinutes(1) }));
        Assert.Equal((TaskState.Success, TaskState.Scheduled), (run.StateOf(0), run.StateOf(1)));
        Assert.Null(run.Due.Earliest);
    }
}
