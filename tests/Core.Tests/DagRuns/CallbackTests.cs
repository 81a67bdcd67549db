using Sluice.Core.Callbacks;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using static Sluice.Core.Tests.DagRuns.Graphs;

namespace Sluice.Core.Tests.DagRuns;

public sealed class CallbackTests
{
    private static readonly CallbackSpec[] All = [.. Enum.GetValues<CallbackTrigger>().Where(on => on != CallbackTrigger.DeadlineMissed).Select(on => new CallbackSpec { On = on, Notifier = "Code" })];

    private static readonly CallbackSpec[] OfRuns = [new() { On = CallbackTrigger.Success, Notifier = "Code" }, new() { On = CallbackTrigger.Failure, Notifier = "Code" }];

    private static readonly ByHand Ann = new("ann");

    /// <summary>How the only task's first attempt, or the run, ends, and what is called back then: of the task, then of the run.</summary>
    public static TheoryData<string, int, DagRunCommand, string> Ends => new()
    {
        { "success", 0, Report(OutcomeKind.Success), "on_success/run:on_success" },
        { "failure, no retries", 0, Report(OutcomeKind.Failed), "on_failure(no)/run:on_failure" },
        { "failure, a retry left", 1, Report(OutcomeKind.Failed), "on_retry(no)" },
        { "failure for good, a retry left", 1, Report(OutcomeKind.FailedFinally), "on_failure(no)/run:on_failure" },
        { "lost", 0, Report(OutcomeKind.Lost), "on_retry(no)" },
        { "handed back", 0, Report(OutcomeKind.HandedBack), "" },
        { "rescheduled", 0, Report(OutcomeKind.Rescheduled), "" },
        { "skipped by its code", 0, Report(OutcomeKind.Skipped), "on_skipped(no)/run:on_success" },
        { "an attempt that is not current", 0, new ReportTask(0, 7, new() { Kind = OutcomeKind.Failed }, Noon), "" },
        { "cancelled", 0, new CancelRun("by bob", Noon), "on_failure(by bob)/run:on_failure(by bob)" },
        { "timed out", 0, new TimeOutRun(Noon.AddHours(2)), "run:on_failure(timed_out)" },
        { "marked failed", 0, new MarkTasks(new() { Tasks = ["a"] }, TaskState.Failed, Ann, Noon), "run:on_failure" },
        { "run marked success", 0, new MarkRun(TaskState.Success, Ann, Noon), "" },
        { "run marked failed", 0, new MarkRun(TaskState.Failed, Ann, Noon), "" },
        { "cleared", 0, new ClearTasks(new() { Tasks = ["a"] }, Ann, Noon), "" },
    };

    [Theory]
    [MemberData(nameof(Ends))]
    public void Each_end_calls_back_what_it_should_once(string what, int retries, DagRunCommand command, string expected)
    {
        var run = StartedWith(Task("a") with { Retries = retries, Callbacks = All });
        Assert.Equal("on_execute", Told(run, DagRunDecider.Decide(run, new DispatchTasks("w", [0], Noon))));

        Assert.True(expected == Told(run, DagRunDecider.Decide(run, command)), what);
        Assert.Equal("", Told(run, DagRunDecider.Decide(run, command)));
    }

    [Fact]
    public void A_try_is_begun_once_however_often_it_is_lost_or_pokes_again()
    {
        var run = StartedWith(Task("a") with { Retries = 1, Callbacks = All });
        var told = new List<string>();
        foreach (var kind in (OutcomeKind[])[OutcomeKind.Rescheduled, OutcomeKind.HandedBack, OutcomeKind.Lost, OutcomeKind.Failed, OutcomeKind.Success])
        {
            told.Add(Told(run, DagRunDecider.Decide(run, new DispatchTasks("w", [0], Noon))));
            told.Add(Told(run, DagRunDecider.Decide(run, new ReportTask(0, run.TokenOf(0), new() { Kind = kind }, Noon))));
            DagRunDecider.Decide(run, new WakeTasks(Noon.AddDays(1)));
        }

        Assert.Equal(["on_execute", "", "", "", "", "on_retry", "", "on_retry", "on_execute", "on_success/run:on_success"], told);
    }

    [Fact]
    public void What_ends_by_a_rule_alone_calls_nothing_but_an_empty_task_that_succeeds()
    {
        var run = StartedWith(
            Task("a"),
            Task("empty") with { Operator = DagRunDecider.EmptyOperator, Callbacks = All },
            Task("after", 0) with { Callbacks = All });

        DagRunDecider.Decide(run, new DispatchTasks("w", [0], Noon));
        Assert.Equal("run:on_failure", Told(run, DagRunDecider.Decide(run, Report(OutcomeKind.Failed))));
        Assert.Equal([TaskState.Failed, TaskState.Success, TaskState.UpstreamFailed], Enumerable.Range(0, 3).Select(run.StateOf));
        Assert.Equal("on_success", Told(run, DagRunDecider.Decide(NewRun(run.Graph), new StartRun(Noon))));
    }

    [Fact]
    public void An_instance_of_a_mapped_task_is_told_by_its_own_number()
    {
        var run = StartedWith(Task("a") with { Callbacks = All, Map = new() { Sources = [new() { Argument = "x", Values = "[1,2]" }] } });
        DagRunDecider.Decide(run, new DispatchTasks("w", [1, 2], Noon));

        var due = Assert.Single(DagRunDecider.Decide(run, new ReportTask(2, 1, new() { Kind = OutcomeKind.Failed }, Noon)).OfType<CallbackDue>());

        Assert.Equal("a[1]", run.NameOf(due.Task).Value);
    }

    [Fact]
    public void A_callback_survives_the_journal()
    {
        var request = new CallbackRequest(
            12, Created.Facts, new() { EventId = "c", On = CallbackTrigger.Retry, Callback = 1, Task = 0, Instance = "a[3]", TryNumber = 2, State = "up_for_retry", Why = "no", At = Noon }, "Code", new(0, 3, 5), "gpu");
        CallbackEvent[] events = [new CallbackRaised(request), new CallbackGiven("w", Noon), new CallbackReturned("lost"), new CallbackGiven("v", Noon)];

        var state = events.Aggregate((CallbackState?)null, (state, happened) => CallbackState.Evolve(state, CallbackJson.DeserializeEvent(CallbackJson.Serialize(happened))))!;

        Assert.Equal((request, "v", 2, "lost"), (state.Request, state.Worker, state.Token, state.LastLoss));
        Assert.Equal(state, CallbackJson.DeserializeState(CallbackJson.Serialize(state)));
        Assert.Equal(new AttemptId(12, 0, 2), request.Attempt(state.Token));
    }

    private static ReportTask Report(OutcomeKind kind) =>
        new(0, 1, new() { Kind = kind, StartedAt = Noon, EndedAt = Noon, Error = kind == OutcomeKind.Success ? null : "no" }, Noon);

    private static DagRunState StartedWith(params TaskSpec[] tasks)
    {
        var run = NewRun(new(new() { Id = new("dag"), Tasks = tasks, Callbacks = OfRuns, DagRunTimeout = TimeSpan.FromHours(1) }));
        DagRunDecider.Decide(run, new StartRun(Noon));
        return run;
    }

    private static string Told(DagRunState run, IEnumerable<DagRunEvent> events) => string.Join('/', events.OfType<CallbackDue>().Select(due =>
        (due.Task < 0 ? "run:" + run.Graph.Spec.Callbacks![due.Callback].On.Name() : run.SpecOf(due.Task).Callbacks![due.Callback].On.Name())
        + (due.Why is null ? "" : $"({due.Why})")));
}
