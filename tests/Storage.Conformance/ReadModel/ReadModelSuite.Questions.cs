using Sluice.Core.HumanInput;
using Sluice.Storage.ReadModel;

namespace Sluice.Storage.Conformance.ReadModel;

/// <content>Questions to people.</content>
public abstract partial class ReadModelSuite
{
    [Fact]
    public async Task Questions_to_people_are_upserted_and_listed_oldest_first()
    {
        await WriteAsync(Run(1, 5), Run(2, 6, "other"));
        var open = new HumanQuestionRow
        {
            Run = 2,
            Task = new("ask"),
            Token = 1,
            State = QuestionState.Waiting,
            AskedAt = Day(1),
            DueAt = Day(9),
            Question = new()
            {
                Subject = "Publish?", Body = "12 rows", Options = ["Yes", "No"], Defaults = ["No"], Multiple = true, Params = """{"n":1}""", ParamsSchema = """{"n":{"type":"integer"}}""",
                Assignees = ["ann"], Timeout = TimeSpan.FromDays(8), OnTimeout = QuestionTimeout.Skip, Rejecting = "No", OnReject = Rejection.SkipAll,
            },
        };
        var later = open with { Run = 1, AskedAt = Day(2), DueAt = null };
        var answered = open with
        {
            State = QuestionState.Answered, Token = 2, AskedAt = Day(3), EndedAt = Day(4), Answer = new() { Options = ["Yes"], Params = """{"n":2}""", By = "ann", At = Day(4), Note = "fine" },
        };
        await WriteAsync(later, open with { State = QuestionState.Withdrawn }, open, answered with { State = QuestionState.Waiting });
        await WriteAsync(answered);

        async Task AssertAsync(QuestionQuery query, params HumanQuestionRow[] rows) => Assert.Equivalent(
            rows, (await Store.ReadModel.ListQuestionsAsync(query, None)).Select(asked => asked.Row), strict: true);
        await AssertAsync(new(), open, later, answered);
        await AssertAsync(new() { Waiting = true }, open, later);
        await AssertAsync(new() { Waiting = true, Limit = 1 }, open);
        await AssertAsync(new() { Dag = new("other") }, open, answered);
        await AssertAsync(new() { Run = 1 }, later);
        await WriteAsync(later with { State = QuestionState.TimedOut, EndedAt = Day(5) });
        await AssertAsync(new() { Waiting = true }, open);
        var asked = (await Store.ReadModel.ListQuestionsAsync(new() { Run = 2 }, None))[0];
        Assert.Equal(("other", Run(2, 6).Facts.Id, Run(2, 6).Facts.LogicalDate), (asked.Dag.Value, asked.Run, asked.LogicalDate));
    }
}
