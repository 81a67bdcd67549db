using Sluice.Cluster.Api;
using Sluice.Cluster.Wire;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.HumanInput;
using Sluice.Core.TaskInstances;
using Sluice.Storage.ReadModel;
using static Sluice.Scheduler.Tests.SimulatedScheduler;
using TaskState = Sluice.Core.TaskInstances.TaskState;

namespace Sluice.Scheduler.Tests.HumanInput;

/// <summary>Tasks that wait for a person, in virtual time.</summary>
public sealed class QuestionTests
{
    private static readonly HumanQuestion Approval = new()
    {
        Subject = "Publish?", Body = "12 rows", Options = ["Approve", "Reject"], Rejecting = "Reject", Assignees = ["bob"],
    };

    private static readonly DagSpec Dag = Manual("asks") with
    {
        Tasks = [Task("ask"), Task("publish", 0), Task("tell", 1) with { TriggerRule = TriggerRule.AllDone }],
    };

    private readonly SimulatedScheduler _cluster = new();
    private readonly PlayedWorker _worker;

    public QuestionTests()
    {
        _cluster.Define(Dag);
        _worker = _cluster.AddWorker(slots: 1);
    }

    [Fact]
    public void A_task_waits_for_its_answer_without_a_slot_and_through_a_takeover()
    {
        var run = Ask("first", Approval);
        Assert.Equal(TaskState.AwaitingInput, StateOf(run, "ask"));

        // The worker's only slot is free for others.
        var other = Ask("second", Approval);
        var waiting = Waiting();
        Assert.Equal([("first", "ask", "Publish?", "waiting"), ("second", "ask", "Publish?", "waiting")], waiting.Select(asked => (asked.RunId, asked.TaskId, asked.Subject, asked.State)));
        Assert.Equal(("12 rows", "bob", null), (waiting[0].Body, waiting[0].AssignedUsers.Single(), waiting[0].DueAt));

        _cluster.TakeOver();
        _worker.Join();
        _worker.BeatFor(TimeSpan.FromMinutes(5));
        var answered = Answer("first", "approve", note: "looks fine");

        Assert.Equal(("answered", "ann", "looks fine", "Approve"), (answered.State, answered.AnsweredBy, answered.Note, answered.ChosenOptions!.Single()));
        Assert.Equal(TaskState.Success, StateOf(run, "ask"));
        Assert.Equal(run, _worker.Held.Single().Run);
        var xcom = Assert.Single(_cluster.XComs(run));
        Assert.Equal(("ask", "return_value"), (xcom.Task.Value, xcom.Key));
        foreach (var part in new[] { "\"chosen_options\":[\"Approve\"]", "\"responded_by\":\"ann\"", "\"note\":\"looks fine\"", "\"params_input\":{}", "\"responded_at\":\"2021-02-05T00:0" })
        {
            Assert.Contains(part, xcom.Value, StringComparison.Ordinal);
        }

        var attempt = _cluster.Attempts(run).Single(row => row.Task.Value == "ask");
        Assert.Equal((_worker.Name, true, true), (attempt.Worker, attempt.StartedAt is not null, attempt.EndedAt > attempt.StartedAt));
        Assert.Equal("second", Assert.Single(Waiting()).RunId);

        // Once is enough, and the first to answer has said it; also for the next leader.
        _cluster.TakeOver();
        _worker.Join();
        var second = TryAnswer("first", "Reject");
        Assert.Equal(409, second.Code);
        Assert.StartsWith("Task 'ask' of run 'first' was answered by ann at 2021-02-05 00:0", second.Error, StringComparison.Ordinal);
        Assert.Equal(TaskState.AwaitingInput, StateOf(other, "ask"));
        var shown = ApiJson.Deserialize<TaskStateAnswer>(_cluster.Call(Operations.TaskState, new TaskName("asks", "ask", "second")).Body!);
        Assert.Equal(("awaiting_input", "Publish?"), (shown.State, shown.Question!.Subject));
        var why = ApiJson.Deserialize<TaskWhyAnswer>(_cluster.Call(Operations.WhyTask, new TaskName("asks", "ask", "second")).Body!);
        Assert.Contains("it asks a person since", Assert.Single(why.Reasons).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_no_does_what_the_question_says()
    {
        foreach (var (onReject, ask, publish, tell) in new[]
        {
            (Rejection.SkipDirect, TaskState.Success, TaskState.Skipped, TaskState.Success),
            (Rejection.SkipAll, TaskState.Success, TaskState.Skipped, TaskState.Skipped),
            (Rejection.Fail, TaskState.Failed, TaskState.UpstreamFailed, TaskState.Success),
        })
        {
            var id = onReject.ToString();
            var run = Ask(id, Approval with { OnReject = onReject });
            Answer(id, "Reject", note: "too few rows");
            _worker.WorkFor(TimeSpan.FromSeconds(2));

            Assert.Equal((ask, publish, tell), (StateOf(run, "ask"), StateOf(run, "publish"), StateOf(run, "tell")));
            Assert.True(_cluster.RunOf(run).State is RunState.Success or RunState.Failed);
        }

        Assert.Equal("Rejected by ann: too few rows.", _cluster.Attempts(_cluster.Runs().Single(run => run.Facts.Id.Value == "Fail").Facts.Key).Single(row => row.Task.Value == "ask").Error);
    }

    [Fact]
    public void When_nobody_answers_in_time_the_defaults_are_taken_or_the_task_ends_as_it_says()
    {
        var hour = TimeSpan.FromHours(1);
        foreach (var (question, ask, error) in new[]
        {
            (Approval with { Timeout = hour, Defaults = ["Approve"] }, TaskState.Success, (string?)null),
            (Approval with { Timeout = hour }, TaskState.Failed, "Nobody answered within 01:00:00."),
            (Approval with { Timeout = hour, OnTimeout = QuestionTimeout.Skip }, TaskState.Skipped, "Nobody answered within 01:00:00."),
        })
        {
            foreach (var takeOver in new[] { false, true })
            {
                var id = $"{ask}_{takeOver}";
                var run = Ask(id, question);
                if (takeOver)
                {
                    _cluster.TakeOver();
                    _worker.Join();
                }

                _worker.BeatFor(hour / 2);
                Assert.Equal(TaskState.AwaitingInput, StateOf(run, "ask"));
                _worker.WorkFor(hour / 2 + TimeSpan.FromSeconds(5));

                Assert.Equal((ask, error), (StateOf(run, "ask"), _cluster.Attempts(run).Single(row => row.Task.Value == "ask").Error));
                Assert.Equal(ask == TaskState.Success, _cluster.XComs(run).Any(xcom => xcom.Value.Contains("\"chosen_options\":[\"Approve\"]", StringComparison.Ordinal)));
                var late = TryAnswer(id, "Approve");
                Assert.Equal(409, late.Code);
                Assert.Contains("nobody answered in time", late.Error, StringComparison.Ordinal);
            }
        }

        Assert.Empty(Waiting());
    }

    [Fact]
    public void An_answer_that_cannot_be_taken_is_one_sentence_and_changes_nothing()
    {
        var form = Approval with
        {
            Options = ["Small", "Large", "None"], Rejecting = null, Params = """{"rows":10}""", ParamsSchema = """{"rows":{"type":"integer"},"why":{"type":"string"}}""",
        };
        var run = Ask("form", form);
        _cluster.Trigger(Dag, "not_yet");
        (AnswerRequest Request, int Code, string Says)[] rows =
        [
            (Of("form", "Medium"), 400, "'Medium' is no option; choose from: Small, Large, None."),
            (Of("form"), 400, "Choose an option: Small, Large, None."),
            (Of("form", "Small", "Large"), 400, "It takes one option, not 2"),
            (Of("form", "Small"), 400, "It needs param \"why\"."),
            (Of("form", "Small") with { Params = """{"why":"x","rows":"many"}""" }, 400, "Param \"rows\""),
            (Of("form", "Small") with { Params = """{"why":"x","row":1}""" }, 400, "It asks for no param \"row\", only for: rows, why."),
            (Of("form", "Small") with { Params = $$"""{"why":"{{new string('x', 70_000)}}"}""" }, 400, "The params of the answer have 70010 characters"),
            (Of("form", "Small") with { Params = "[]" }, 400, "The params must be a JSON object"),
            (Of("form", "Small") with { Note = new('x', 1001) }, 400, "The note has 1001 characters"),
            (Of("nosuch", "Small"), 404, "Dag 'asks' has no run 'nosuch'"),
            (Of("form", "Small") with { DagId = "nosuch" }, 404, "There is no Dag 'nosuch'"),
            (Of("form", "Small") with { TaskId = "nosuch" }, 404, "Dag 'asks' has no task 'nosuch'"),
            (Of("form", "Small") with { TaskId = "publish" }, 409, "Task 'publish' of run 'form' has asked nobody; it is none."),
            (Of("not_yet", "Small"), 409, "Task 'ask' of run 'not_yet' has asked nobody; it is running."),
        ];
        foreach (var (request, code, says) in rows)
        {
            var answer = _cluster.Call(Operations.AnswerQuestion, request);
            Assert.True(code == answer.Code && answer.Error!.Contains(says, StringComparison.Ordinal), $"{request}: {answer.Code} {answer.Error}");
        }

        Assert.Equal(TaskState.AwaitingInput, StateOf(run, "ask"));
        var taken = ApiJson.Deserialize<QuestionSummary>(_cluster.Call(Operations.AnswerQuestion, Of("form", "none") with { Params = """{"why":"late"}""", By = "bob" }).Body!);
        Assert.Equal(("bob", "None", """{"rows":10,"why":"late"}"""), (taken.AnsweredBy, taken.ChosenOptions!.Single(), taken.ParamsInput));
    }

    [Fact]
    public void A_question_is_withdrawn_when_its_task_is_marked_or_cleared_or_its_run_ends()
    {
        Action<string>[] ways =
        [
            id => Assert.True(_cluster.Cancel(_cluster.Runs().Single(run => run.Facts.Id.Value == id).Facts.Key)),
            id => Assert.Equal(200, _cluster.Call(Operations.MarkTasks, new ChangeRequest { DagId = "asks", RunId = id, Tasks = ["ask"], State = "success" }).Code),
            id => Assert.Equal(200, _cluster.Call(Operations.ClearTasks, new ChangeRequest { DagId = "asks", RunId = id, Tasks = ["ask"] }).Code),
        ];
        foreach (var (way, number) in ways.Select((way, number) => (way, number)))
        {
            var id = $"way_{number}";
            var run = Ask(id, Approval);
            way(id);

            Assert.Empty(Waiting());
            var late = TryAnswer(id, "Approve");
            Assert.Equal(409, late.Code);
            Assert.Contains("no longer asks", late.Error, StringComparison.Ordinal);
            Assert.DoesNotContain(_cluster.Attempts(run), row => row.State == TaskState.AwaitingInput);
            _worker.WorkFor(TimeSpan.FromSeconds(5));
            Assert.True(_cluster.RunOf(run).State is RunState.Success or RunState.Failed);
        }
    }

    [Fact]
    public void Instances_of_a_mapped_task_are_answered_one_by_one()
    {
        var mapped = Manual("asks_each") with { Tasks = [Task("ask") with { Map = new() { Sources = [new() { Argument = "x", Values = "[1,2]" }] } }] };
        _cluster.Define(mapped);
        var run = _cluster.Trigger(mapped, "each").Facts!.Key;
        for (var i = 0; i < 2; i++)
        {
            Assert.True(_cluster.RunUntil(() => _worker.Held.Count == 1));
            _worker.Ask(_worker.Held.Single(), Approval);
        }

        var whole = _cluster.Call(Operations.AnswerQuestion, new AnswerRequest("asks_each", "ask", "each", ["Approve"]));
        Assert.Equal((400, "Task 'ask' is mapped; name the instance that asks, such as 'ask[0]'."), (whole.Code, whole.Error));
        Assert.Equal(200, _cluster.Call(Operations.AnswerQuestion, new AnswerRequest("asks_each", "ask[1]", "each", ["Approve"])).Code);
        Assert.Equal("ask[0]", Assert.Single(Waiting()).TaskId);
        Assert.Equal(200, _cluster.Call(Operations.AnswerQuestion, new AnswerRequest("asks_each", "ask[0]", "each", ["Reject"])).Code);
        Assert.Equal(RunState.Success, _cluster.RunOf(run).State);
    }

    private long Ask(string id, HumanQuestion question)
    {
        var run = _cluster.Trigger(Dag, id).Facts!.Key;
        Assert.True(_cluster.RunUntil(() => _worker.Held.Any(held => held.Run == run)), $"run {id} did not begin");
        _worker.Ask(_worker.Held.Single(held => held.Run == run), question);
        return run;
    }

    private TaskState StateOf(long run, string task) => _cluster.Attempts(run).LastOrDefault(row => row.Task.Value == task)?.State ?? TaskState.None;

    private IReadOnlyList<QuestionSummary> Waiting() => ApiJson.Deserialize<IReadOnlyList<QuestionSummary>>(_cluster.Call(Operations.ListQuestions, new QuestionFilter()).Body!);

    private static AnswerRequest Of(string run, params string[] options) => new("asks", "ask", run, options);

    private Response TryAnswer(string run, string option, string? note = null) => _cluster.Call(Operations.AnswerQuestion, Of(run, option) with { Note = note });

    private QuestionSummary Answer(string run, string option, string? note = null)
    {
        var response = TryAnswer(run, option, note);
        Assert.True(response.Code == 200, response.Error);
        _cluster.RunFor(TimeSpan.FromMilliseconds(50));
        return ApiJson.Deserialize<QuestionSummary>(response.Body!);
    }
}
