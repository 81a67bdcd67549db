using Sluice.Core.Callbacks;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.RemoteJobs;
using Sluice.Core.TaskInstances;
using static Sluice.Core.Tests.DagRuns.Graphs;

namespace Sluice.Core.Tests.DagRuns;

public sealed class RemoteJobTests
{
    private static readonly ByHand Ann = new("ann");
    private static readonly RemoteJob Query = new("athena", "q1") { ConnectionId = "lake" };

    /// <summary>What befalls a task whose first attempt has a query kept, and which stops are due then.</summary>
    public static TheoryData<string, DagRunCommand[], string> Courses => new()
    {
        { "it succeeds", [Report(1, OutcomeKind.Success)], "" },
        { "its query fails", [Report(1, OutcomeKind.Failed, released: true)], "" },
        { "its query fails for good", [Report(1, OutcomeKind.FailedFinally, released: true)], "" },
        { "it fails and does not know what the query does", [Report(1, OutcomeKind.Failed)], "q1: its attempt ended without it" },
        { "it fails for good and does not know", [Report(1, OutcomeKind.FailedFinally)], "q1: its attempt ended without it" },
        { "it is lost", [Report(1, OutcomeKind.Lost)], "" },
        { "it is lost, and the next goes on with it", [Report(1, OutcomeKind.Lost), Dispatch(), Report(2, OutcomeKind.Success, released: true)], "" },
        { "it is lost, and the next succeeds without it", [Report(1, OutcomeKind.Lost), Dispatch(), Report(2, OutcomeKind.Success)], "q1: its attempt ended without it" },
        { "it is lost, then the run is cancelled", [Report(1, OutcomeKind.Lost), new CancelRun("by bob", Noon)], "q1: the run has ended" },
        { "the run is cancelled before anyone knows that it is lost", [new CancelRun("by bob", Noon), Report(1, OutcomeKind.Lost)], "q1: by bob" },
        { "it is lost, then marked", [Report(1, OutcomeKind.Lost), Mark()], "q1: marked success by ann" },
        { "it is marked, then lost", [Mark(), Report(1, OutcomeKind.Lost)], "q1: marked success by ann" },
        { "it is lost, then cleared", [Report(1, OutcomeKind.Lost), Clear()], "q1: cleared by ann" },
        { "it is cleared, then lost", [Clear(), Report(1, OutcomeKind.Lost)], "q1: cleared by ann" },
        { "it is cleared, and stops its query", [Clear(), Report(1, OutcomeKind.Failed, released: true)], "" },
        { "it is cleared, and cannot stop its query", [Clear(), Report(1, OutcomeKind.Failed)], "q1: cleared by ann" },
        { "it is cleared, and has just succeeded", [Clear(), Report(1, OutcomeKind.Success)], "" },
        { "it is cleared and cancelled", [Clear(), new CancelRun("by bob", Noon), Report(1, OutcomeKind.Lost)], "q1: by bob" },
        { "its run is marked failed", [new MarkRun(TaskState.Failed, Ann, Noon)], "q1: marked failed by ann" },
        { "its run takes too long", [new TimeOutRun(Noon.AddHours(2))], "q1: The run took longer than its limit of 01:00:00." },
        { "it is lost once too often", [.. Enumerable.Range(1, 4).SelectMany(token => (DagRunCommand[])[Report(token, OutcomeKind.Lost), new WakeTasks(Noon.AddHours(token)), Dispatch()])], "q1: its attempt ended without it" },
        { "it was stopped by a worker that gave it up", [Report(1, OutcomeKind.Lost, released: true), new CancelRun("by bob", Noon)], "" },
        { "it is rescheduled, then the run is cancelled", [Report(1, OutcomeKind.Rescheduled), new CancelRun("by bob", Noon)], "q1: the run has ended" },
        { "the next attempt is given back, then the run is cancelled", [Report(1, OutcomeKind.Lost), Dispatch(), Report(2, OutcomeKind.HandedBack), new CancelRun("by bob", Noon)], "q1: the run has ended" },
        { "another takes its place", [Keep(1, "q2"), new CancelRun("by bob", Noon)], "q2: by bob" },
        { "the next attempt starts another", [Report(1, OutcomeKind.Lost), Dispatch(), Keep(2, "q2"), new CancelRun("by bob", Noon)], "q2: by bob" },
        { "another operator starts something else", [Report(1, OutcomeKind.Lost), Dispatch(), Keep(2, "r1", "glue"), Report(2, OutcomeKind.Success)], "q1: its attempt went on with something else" },
        { "a lost attempt comes back and keeps another", [Report(1, OutcomeKind.Lost), Dispatch(), Keep(1, "q2"), new CancelRun("by bob", Noon)], "q1: by bob" },
        { "its version changes", [Upgrade("AthenaOperator"), new CancelRun("by bob", Noon)], "q1: by bob" },
        { "it is lost, and the new version has another operator", [Report(1, OutcomeKind.Lost), Upgrade("ShellOperator")], "q1: moved to another version by ann" },
        { "the new version has another operator, and it is lost", [Upgrade("ShellOperator"), Report(1, OutcomeKind.Lost)], "q1: its attempt ended without it" },
        { "the new version has another operator, and it starts another before it is given back", [Upgrade("ShellOperator"), Keep(1, "q2"), Report(1, OutcomeKind.HandedBack)], "q2: its attempt ended without it" },
        { "the new version has another operator, and it succeeds", [Upgrade("ShellOperator"), Report(1, OutcomeKind.Success)], "" },
        { "its version changes to one without it", [Upgrade(null)], "q1: moved to another version by ann" },
    };

    [Theory]
    [MemberData(nameof(Courses))]
    public void What_nobody_waits_for_is_stopped_and_nothing_else(string course, DagRunCommand[] commands, string expected)
    {
        var run = Started();
        DagRunDecider.Decide(run, Keep(1, "q1"));

        var due = commands.SelectMany(command => DagRunDecider.Decide(run, command)).OfType<RemoteStopDue>().Select(stop => $"{stop.Kept.Job.Id}: {stop.Why}");

        Assert.True(expected == string.Join("; ", due), $"{course}: {string.Join("; ", due)}");
    }

    [Fact]
    public void A_job_that_is_kept_after_the_run_was_cancelled_is_refused()
    {
        var run = Started();
        DagRunDecider.Decide(run, new CancelRun("by bob", Noon));

        Assert.Empty(DagRunDecider.Decide(run, Keep(1, "q1")));
        Assert.Empty(run.RemoteJobs);
    }

    [Fact]
    public void It_is_kept_with_what_it_takes_to_make_its_operator_again()
    {
        var run = Started();
        DagRunDecider.Decide(run, new KeepRemoteJob(0, 1, Query, Noon));
        DagRunDecider.Decide(run, Upgrade("ShellOperator"));
        DagRunDecider.Decide(run, Report(1, OutcomeKind.Failed));
        DagRunDecider.Decide(run, new WakeTasks(Noon.AddDays(1)));
        Assert.Empty(run.RemoteJobs); // by its own failure, which is another matter
        DagRunDecider.Decide(run, Dispatch());
        DagRunDecider.Decide(run, new KeepRemoteJob(0, run.TokenOf(0), Query, Noon));

        Assert.Equal(new KeptRemoteJob(Query, run.TokenOf(0), 2, Noon, "v2", null, 0), Assert.Single(run.RemoteJobs).Kept);
    }

    [Fact]
    public void An_instance_of_a_mapped_task_is_found_again_by_its_position()
    {
        var run = Started(new() { Sources = [new() { Argument = "x", Values = "[1,2]" }] });
        DagRunDecider.Decide(run, new DispatchTasks("w", [1, 2], Noon));
        DagRunDecider.Decide(run, new KeepRemoteJob(2, 1, Query, Noon));

        var due = Assert.Single(DagRunDecider.Decide(run, new CancelRun("by bob", Noon)).OfType<RemoteStopDue>());

        Assert.Equal((new TaskId("a[1]"), new MapPosition(0, 1, 2), 0, "gpu"), (due.Instance, due.Kept.Map, due.Kept.Task, due.Queue));
    }

    /// <summary>Jobs are started, and attempts lost, killed, cleared, marked and cancelled in any order: each job goes on, has ended, or is stopped once.</summary>
    [Fact]
    public void In_whatever_order_things_happen_no_job_is_forgotten_or_stopped_under_an_attempt()
    {
        var (stops, goneOn) = (0, 0);
        for (var seed = 0; seed < 1_500; seed++)
        {
            var ledger = Course(seed);
            (stops, goneOn) = (stops + ledger.Stops, goneOn + ledger.GoneOn);
        }

        Assert.True(stops > 1_000 && goneOn > 1_000, $"{stops} stops and {goneOn} attempts that went on are too few to tell");
    }

    [Fact]
    public void What_stops_a_job_is_tried_again_when_it_fails_and_no_other_callback_is()
    {
        static CallbackState Of(CallbackTrigger on, int token) =>
            new(new(12, Created.Facts, new() { EventId = "c", On = on, Callback = -1, State = "failed", At = Noon, Job = Query }, "athena"), Token: token);

        var stop = Of(CallbackTrigger.StopRemoteJob, 1);
        Assert.Equal([false, true, true, true, true], new[] { OutcomeKind.Success, OutcomeKind.Failed, OutcomeKind.FailedFinally, OutcomeKind.Lost, OutcomeKind.HandedBack }.Select(stop.WantsAnother));
        Assert.Equal([false, false, false, true, true], new[] { OutcomeKind.Success, OutcomeKind.Failed, OutcomeKind.FailedFinally, OutcomeKind.Lost, OutcomeKind.HandedBack }.Select(Of(CallbackTrigger.Failure, 1).WantsAnother));
        Assert.Equal([5, 10, 20, 40, 600, 600], new[] { 1, 2, 3, 4, 8, 19 }.Select(token => Of(CallbackTrigger.StopRemoteJob, token).PauseBeforeNext.TotalSeconds));
        Assert.Equal([5, 10, 15], new[] { 1, 2, 3 }.Select(token => Of(CallbackTrigger.Failure, token).PauseBeforeNext.TotalSeconds));
        Assert.Equal((true, false), (Of(CallbackTrigger.StopRemoteJob, 19).MayBeGivenAgain, Of(CallbackTrigger.StopRemoteJob, 20).MayBeGivenAgain));
        Assert.Equal(stop, CallbackJson.DeserializeState(CallbackJson.Serialize(stop)));
    }

    private static RemoteJobLedger Course(int seed)
    {
        var random = new Random(seed);
        var run = NewRun(Graphs.Random(random, random.Next(1, 8)));
        var (ledger, journal, attempts, now) = (new RemoteJobLedger(run, $"seed {seed}"), new List<DagRunEvent>(), new List<AttemptId>(), Noon);

        IReadOnlyList<DagRunEvent> Take(DagRunCommand command)
        {
            var events = DagRunDecider.Decide(run, command);
            journal.AddRange(events);
            ledger.Check(events);
            return events;
        }

        for (var step = 0; step < 60; step++)
        {
            now += TimeSpan.FromSeconds(random.Next(1, 200));
            Take(new StartRun(now));
            Take(new WakeTasks(now));
            Take(new TellPast([.. Enumerable.Range(0, run.Graph.Count)], now));
            Take(new DispatchTasks("w", [.. Enumerable.Range(0, run.Instances).Where(instance => run.StateOf(instance) == TaskState.Scheduled && random.Next(2) == 0)], now));
            attempts.AddRange(run.ActiveAttempts().Except(attempts));
            for (var kept = 0; kept < 2 && attempts.Count > 0; kept++)
            {
                // One of the latest: it may have been lost, killed or replaced since.
                ledger.Start(attempts[^random.Next(1, Math.Min(4, attempts.Count) + 1)], now, Take);
            }

            var name = new TaskSelection { Tasks = [run.NameOf(random.Next(run.Instances)).Value], Downstream = random.Next(3) == 0 };
            switch (random.Next(60))
            {
                case 0: Take(new CancelRun("by bob", now)); break;
                case 1: Take(new TimeOutRun(now)); break;
                case 2: Take(new MarkRun(((TaskState[])[TaskState.Success, TaskState.Failed, TaskState.Skipped])[random.Next(3)], Ann, now)); break;
                case < 7: Take(new MarkTasks(name, ((TaskState[])[TaskState.Success, TaskState.Failed, TaskState.Skipped])[random.Next(3)], Ann, now)); break;
                case < 12: Take(new ClearTasks(name, Ann, now)); break;
                default:
                    if (attempts.Count > 0)
                    {
                        var id = attempts[^random.Next(1, Math.Min(5, attempts.Count) + 1)];
                        var outcome = new TaskOutcome { Kind = (OutcomeKind)random.Next(0, 7), StartedAt = now, EndedAt = now, ResumeAt = now.AddSeconds(9), ReleasedRemoteJob = random.Next(3) == 0 };
                        outcome = random.Next(2) == 0 ? outcome with { Kind = OutcomeKind.Lost } : outcome;
                        if (run.Phase == RunState.Running)
                        {
                            ledger.Report(id, outcome);
                        }

                        Take(new ReportTask(id.Task, id.Token, outcome, now));
                    }

                    break;
            }
        }

        var replayed = NewRun(run.Graph);
        foreach (var happened in journal)
        {
            replayed.Evolve(DagRunJson.DeserializeEvent(DagRunJson.Serialize(happened)));
        }

        DagRunDeciderTests.AssertSame(run, replayed, seed);
        DagRunDeciderTests.AssertSame(run, new DagRunState(run.Graph, DagRunJson.DeserializeSnapshot(DagRunJson.Serialize(run.Snapshot()))), seed);
        return ledger;
    }

    private static DagRunState Started(MapSpec? map = null)
    {
        var run = NewRun(Version("AthenaOperator", map));
        DagRunDecider.Decide(run, new StartRun(Noon));
        DagRunDecider.Decide(run, Dispatch());
        return run;
    }

    private static DagGraph Version(string? op, MapSpec? map = null) => new(new()
    {
        Id = new("dag"),
        Tasks = [op is null ? Task("b") : Task("a") with { Operator = op, Queue = "gpu", Retries = 1, Map = map }],
        DagRunTimeout = TimeSpan.FromHours(1),
    });

    private static UpgradeRun Upgrade(string? op) => new(Version(op), "v2", null, new Dictionary<OutputKey, int>(), Ann, Noon);

    private static DispatchTasks Dispatch() => new("w", [0], Noon);

    private static KeepRemoteJob Keep(int token, string id, string service = "athena") => new(0, token, new(service, id), Noon);

    private static ClearTasks Clear() => new(new() { Tasks = ["a"] }, Ann, Noon);

    private static MarkTasks Mark() => new(new() { Tasks = ["a"] }, TaskState.Success, Ann, Noon);

    private static ReportTask Report(int token, OutcomeKind kind, bool released = false) =>
        new(0, token, new() { Kind = kind, StartedAt = Noon, EndedAt = Noon, ResumeAt = Noon.AddMinutes(5), ReleasedRemoteJob = released }, Noon);
}
