using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using static Sluice.Core.Tests.DagRuns.Graphs;

namespace Sluice.Core.Tests.DagRuns;

public sealed class DagRunDeciderTests
{
    private static readonly TaskOutcome Success = new() { Kind = OutcomeKind.Success, StartedAt = Noon, EndedAt = Noon };
    private static readonly TaskOutcome Failure = new() { Kind = OutcomeKind.Failed, StartedAt = Noon, EndedAt = Noon, Error = "no" };
    private static readonly TaskOutcome Lost = new() { Kind = OutcomeKind.Lost };

    [Fact]
    public void Starting_a_run_schedules_its_roots_alone()
    {
        var run = Started(Of(Task("a"), Task("b", 0), Task("c")));

        Assert.Equal([TaskState.Scheduled, TaskState.None, TaskState.Scheduled], States(run));
    }

    [Fact]
    public void A_success_schedules_what_waited_for_it_in_the_same_decision()
    {
        var run = Started(Of(Task("a"), Task("b", 0)));
        Dispatch(run, 0);

        var events = DagRunDecider.Decide(run, new ReportTask(0, 1, Success, Noon));

        Assert.Equal(
            [typeof(TaskEnded), typeof(TasksScheduled)],
            events.Select(e => e.GetType()));
        Assert.Equal(TaskState.Scheduled, run.StateOf(1));
    }

    [Fact]
    public void A_failure_without_retries_fails_everything_that_needed_it_and_the_run()
    {
        var run = Started(Of(Task("a"), Task("b", 0), Task("c", 1)));
        Dispatch(run, 0);

        DagRunDecider.Decide(run, new ReportTask(0, 1, Failure, Noon));

        Assert.Equal([TaskState.Failed, TaskState.UpstreamFailed, TaskState.UpstreamFailed], States(run));
        Assert.Equal(RunState.Failed, run.Phase);
    }

    [Fact]
    public void A_failed_middle_under_an_all_done_leaf_gives_a_successful_run()
    {
        var run = Started(Of(Task("a"), Task("b", 0) with { TriggerRule = TriggerRule.AllDone }));
        Dispatch(run, 0);
        DagRunDecider.Decide(run, new ReportTask(0, 1, Failure, Noon));
        Dispatch(run, 1);
        DagRunDecider.Decide(run, new ReportTask(1, 1, Success, Noon));

        Assert.Equal(RunState.Success, run.Phase);
    }

    [Fact]
    public void A_failure_with_retries_left_waits_out_its_delay()
    {
        var run = Started(Of(Task("a") with { Retries = 1, RetryDelay = TimeSpan.FromMinutes(2) }));
        Dispatch(run, 0);
        DagRunDecider.Decide(run, new ReportTask(0, 1, Failure, Noon));

        Assert.Equal(TaskState.UpForRetry, run.StateOf(0));
        Assert.Empty(DagRunDecider.Decide(run, new WakeTasks(Noon.AddSeconds(119))));
        Assert.Single(DagRunDecider.Decide(run, new WakeTasks(Noon.AddMinutes(2))));

        Dispatch(run, 0);
        Assert.Equal((2, 2), (run.TriesOf(0), run.TokenOf(0)));
        DagRunDecider.Decide(run, new ReportTask(0, 2, Failure, Noon));
        Assert.Equal(TaskState.Failed, run.StateOf(0));
    }

    [Fact]
    public void A_report_of_an_old_attempt_changes_nothing()
    {
        var run = Started(Of(Task("a") with { Retries = 1, RetryDelay = TimeSpan.Zero }));
        Dispatch(run, 0);
        DagRunDecider.Decide(run, new ReportTask(0, 1, Lost, Noon));
        Dispatch(run, 0);

        Assert.Empty(DagRunDecider.Decide(run, new ReportTask(0, 1, Success, Noon)));
        Assert.Equal(TaskState.Running, run.StateOf(0));
    }

    [Fact]
    public void A_lost_attempt_costs_no_retry_until_the_bound_that_stops_poison()
    {
        var run = Started(Of(Task("a")));
        for (var loss = 0; loss < DagRunDecider.MaxLosses; loss++)
        {
            Dispatch(run, 0);
            Assert.Equal(1, run.TriesOf(0));
            DagRunDecider.Decide(run, new ReportTask(0, run.TokenOf(0), Lost, Noon));

            // At once after the first loss, later after the others: what keeps losing it may pass.
            Assert.Equal(loss == 0, run.StateOf(0) == TaskState.Scheduled);
            DagRunDecider.Decide(run, new WakeTasks(Noon.AddSeconds(5 * loss)));
            Assert.Equal(TaskState.Scheduled, run.StateOf(0));
        }

        Dispatch(run, 0);
        DagRunDecider.Decide(run, new ReportTask(0, run.TokenOf(0), Lost, Noon));
        Assert.Equal(TaskState.Failed, run.StateOf(0));
    }

    [Fact]
    public void An_attempt_that_was_handed_back_costs_nothing_however_often()
    {
        var run = Started(Of(Task("a")));
        for (var time = 0; time < 10; time++)
        {
            Dispatch(run, 0);
            DagRunDecider.Decide(run, new ReportTask(0, run.TokenOf(0), new() { Kind = OutcomeKind.HandedBack }, Noon));
            Assert.Equal((TaskState.Scheduled, 1, 0), (run.StateOf(0), run.TriesOf(0), run.LossesOf(0)));
        }

        Dispatch(run, 0);
        DagRunDecider.Decide(run, new ReportTask(0, run.TokenOf(0), Success, Noon));
        Assert.Equal(RunState.Success, run.Phase);
    }

    [Fact]
    public void A_rescheduled_sensor_stays_in_its_try_and_remembers_its_first_poke()
    {
        var run = Started(Of(Task("a") with { Retries = 1, RetryDelay = TimeSpan.Zero, Sensor = new() { Mode = SensorMode.Reschedule } }));
        Dispatch(run, 0);
        Assert.Equal(0, run.ReschedulesOf(0));
        var notYet = new TaskOutcome { Kind = OutcomeKind.Rescheduled, StartedAt = Noon, EndedAt = Noon.AddSeconds(1), ResumeAt = Noon.AddSeconds(61) };
        DagRunDecider.Decide(run, new ReportTask(0, 1, notYet, Noon.AddSeconds(2)));

        Assert.Equal(Noon.AddSeconds(62), run.Due.Of(0));
        DagRunDecider.Decide(run, new WakeTasks(Noon.AddSeconds(62)));
        Dispatch(run, 0);
        Assert.Equal((1, 2, Noon), (run.TriesOf(0), run.TokenOf(0), run.FirstPokeOf(0)));
        Assert.Equal(1, run.ReschedulesOf(0));
        DagRunDecider.Decide(run, new ReportTask(0, 2, notYet, Noon.AddSeconds(63)));
        Assert.Equal(2, new DagRunState(run.Graph, DagRunJson.DeserializeSnapshot(DagRunJson.Serialize(run.Snapshot()))).ReschedulesOf(0));

        // They are counted anew in the next try.
        DagRunDecider.Decide(run, new WakeTasks(Noon.AddDays(1)));
        Dispatch(run, 0);
        DagRunDecider.Decide(run, new ReportTask(0, 3, Failure, Noon.AddDays(1)));
        Assert.Equal(2, run.ReschedulesOf(0));
        DagRunDecider.Decide(run, new WakeTasks(Noon.AddDays(2)));
        Dispatch(run, 0);
        Assert.Equal((2, 0), (run.TriesOf(0), run.ReschedulesOf(0)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_sensor_that_is_lost_with_its_worker_keeps_its_first_poke(bool poked)
    {
        var run = Started(Of(Task("a") with { Retries = 1, Sensor = new() { Mode = SensorMode.Reschedule } }));
        Dispatch(run, 0);
        if (poked)
        {
            var notYet = new TaskOutcome { Kind = OutcomeKind.Rescheduled, StartedAt = Noon.AddSeconds(1), EndedAt = Noon.AddSeconds(1), ResumeAt = Noon.AddSeconds(1) };
            DagRunDecider.Decide(run, new ReportTask(0, 1, notYet, Noon.AddSeconds(1)));
            DagRunDecider.Decide(run, new DispatchTasks("w1", [0], Noon.AddMinutes(1)));
        }

        DagRunDecider.Decide(run, new ReportTask(0, run.TokenOf(0), Lost, Noon.AddHours(1)));
        Assert.Equal(poked ? Noon.AddSeconds(1) : Noon, run.FirstPokeOf(0));
        DagRunDecider.Decide(run, new DispatchTasks("w2", [0], Noon.AddHours(2)));
        DagRunDecider.Decide(run, new ReportTask(0, run.TokenOf(0), Failure with { StartedAt = Noon.AddHours(2) }, Noon.AddHours(3)));
        Assert.Equal(poked ? Noon.AddSeconds(1) : Noon, run.FirstPokeOf(0));
    }

    [Fact]
    public void Waking_looks_only_at_tasks_that_are_due()
    {
        var (few, many) = (SecondsOfHundredWakes(waiting: 5_000), SecondsOfHundredWakes(waiting: 80_000));

        Assert.True(many < 5 * few, $"a hundred wakes take {few} s when 5,000 tasks wait, and {many} s when 80,000 do");

        // The best of forty, since other processes may take the time of most.
        static double SecondsOfHundredWakes(int waiting)
        {
            var run = Started(Of([.. Enumerable.Range(0, waiting).Select(n => Task($"t{n}") with { Retries = 1, RetryDelay = TimeSpan.FromSeconds(n) })]));
            DagRunDecider.Decide(run, new DispatchTasks("w", [.. Enumerable.Range(0, waiting)], Noon));
            for (var task = waiting - 1; task > 0; task--)
            {
                DagRunDecider.Decide(run, new ReportTask(task, 1, Failure, Noon));
            }

            var best = double.MaxValue;
            for (var task = 1; task < 4_000;)
            {
                var started = System.Diagnostics.Stopwatch.GetTimestamp();
                for (var n = 0; n < 100; n++, task++)
                {
                    Assert.Equal((Noon.AddSeconds(task), task), run.Due.Earliest);
                    Assert.Single(DagRunDecider.Decide(run, new WakeTasks(Noon.AddSeconds(task))));
                }

                best = Math.Min(best, System.Diagnostics.Stopwatch.GetElapsedTime(started).TotalSeconds);
            }

            return best;
        }
    }

    [Fact]
    public void Cancelling_fails_what_runs_and_skips_what_waits()
    {
        var run = Started(Of(Task("a"), Task("b"), Task("c", 0)));
        Dispatch(run, 0);

        DagRunDecider.Decide(run, new CancelRun("enough", Noon));

        Assert.Equal([TaskState.Failed, TaskState.Skipped, TaskState.Skipped], States(run));
        Assert.Equal((RunState.Failed, "enough"), (run.Phase, run.Reason));
        Assert.Empty(DagRunDecider.Decide(run, new ReportTask(0, 1, Success, Noon)));
    }

    [Fact]
    public void Any_course_of_any_dag_ends_and_replays_to_the_same_state()
    {
        for (var seed = 0; seed < 2_000; seed++)
        {
            var random = new Random(seed);
            var graph = Random(random, random.Next(1, 15));
            var run = NewRun(graph);
            var replayed = NewRun(graph);
            var journal = new List<DagRunEvent>();
            var now = Noon;
            Take(new StartRun(now));
            for (var step = 0; run.Phase == RunState.Running; step++)
            {
                Assert.True(step < 10_000, $"seed {seed} does not end");
                now += TimeSpan.FromSeconds(random.Next(1, 30));
                var attempts = run.ActiveAttempts().ToList();
                var scheduled = Enumerable.Range(0, run.Instances).Where(task => run.StateOf(task) == TaskState.Scheduled).ToList();
                Take(new WakeTasks(now));
                if (run.Moving == 0 || random.Next(5) == 0)
                {
                    Take(new TellPast([random.Next(graph.Count)], now));
                }

                if (scheduled.Count > 0 && random.Next(2) == 0)
                {
                    Take(new DispatchTasks("w", scheduled, now));
                }

                if (attempts.Count > 0)
                {
                    var attempt = attempts[random.Next(attempts.Count)];
                    var kind = random.Next(10) < 6 ? OutcomeKind.Success : (OutcomeKind)random.Next(0, 7);
                    var outcome = new TaskOutcome
                    {
                        Kind = kind,
                        StartedAt = now,
                        EndedAt = now,
                        ResumeAt = now.AddSeconds(5),
                        XComs = [new("return_value", random.Next(15) == 0 ? "7" : $"[{string.Join(',', Enumerable.Range(0, random.Next(5)))}]")],
                        Follow = random.Next(6) == 0 ? [.. graph.Spec.Tasks.Where(_ => random.Next(3) == 0).Select(task => task.Id.Value)] : null,
                        SkipDownstream = random.Next(20) == 0 ? (SkipScope)random.Next(2) : null,
                    };
                    Take(new ReportTask(attempt.Task, attempt.Token, outcome, now));

                    // A repeat, and a report of an attempt that is long over.
                    Take(new ReportTask(attempt.Task, attempt.Token, outcome, now), expectNothing: true);
                    Take(new ReportTask(attempt.Task, attempt.Token - 1, outcome, now), expectNothing: true);
                }
            }

            foreach (var happened in journal)
            {
                replayed.Evolve(DagRunJson.DeserializeEvent(DagRunJson.Serialize(happened)));
            }

            AssertSame(run, replayed, seed);
            Assert.False(run.Reason?.StartsWith("all_tasks_deadlocked", StringComparison.Ordinal) == true, $"seed {seed}: {run.Reason}");
            Assert.All(Enumerable.Range(0, run.Instances), task => Assert.True(run.StateOf(task).IsFinished()));

            void Take(DagRunCommand command, bool expectNothing = false)
            {
                var before = States(run);
                var events = DagRunDecider.Decide(run, command);
                journal.AddRange(events);
                Assert.False(expectNothing && events.Count > 0, $"seed {seed}: {command} took effect twice");
                for (var task = 0; task < before.Length; task++)
                {
                    Assert.False(before[task].IsFinished() && run.StateOf(task) != before[task], $"seed {seed}: task {task} left {before[task]}");
                }

                // A snapshot at any moment stands for the events before it.
                if (random.Next(10) > 0)
                {
                    return;
                }

                var snapshot = DagRunJson.DeserializeSnapshot(DagRunJson.Serialize(run.Snapshot()));
                AssertSame(run, new DagRunState(graph, snapshot), seed);
            }
        }
    }

    [Fact]
    public void A_run_in_which_nothing_can_move_any_more_fails_and_says_what_waits_for_what()
    {
        var run = Started(Of(Task("a"), Task("b", 2), Task("c", 1)));
        Dispatch(run, 0);

        DagRunDecider.Decide(run, new ReportTask(0, 1, Success, Noon));

        Assert.Equal(
            (RunState.Failed, "all_tasks_deadlocked: b (AllSuccess) waits for c; c (AllSuccess) waits for b"), (run.Phase, run.Reason));
    }

    [Fact]
    public void What_waits_for_the_previous_run_is_no_deadlock()
    {
        var run = Started(Of(Task("a") with { DependsOnPast = true }, Task("b", 0)));

        Assert.Equal((RunState.Running, TaskState.None), (run.Phase, run.StateOf(0)));
        DagRunDecider.Decide(run, new TellPast([0], Noon));
        Assert.Equal(TaskState.Scheduled, run.StateOf(0));
    }

    internal static void AssertSame(DagRunState expected, DagRunState actual, int seed)
    {
        Assert.True(States(expected).SequenceEqual(States(actual)), $"seed {seed}: states differ");
        Assert.Equal((expected.Phase, expected.Unfinished), (actual.Phase, actual.Unfinished));
        Assert.Equal((expected.Instances, expected.Moving), (actual.Instances, actual.Moving));
        for (var task = 0; task < expected.Instances; task++)
        {
            Assert.Equal((expected.NameOf(task), expected.IsBarred(task), expected.IsGone(task)), (actual.NameOf(task), actual.IsBarred(task), actual.IsGone(task)));
            Assert.Equal(
                (expected.TokenOf(task), expected.TriesOf(task), expected.WorkerOf(task), expected.FirstPokeOf(task), expected.LossesOf(task), expected.DispatchedAt(task), expected.ReschedulesOf(task)),
                (actual.TokenOf(task), actual.TriesOf(task), actual.WorkerOf(task), actual.FirstPokeOf(task), actual.LossesOf(task), actual.DispatchedAt(task), actual.ReschedulesOf(task)));
            // Nobody looks at the counts of what is over; when it is cleared, all are counted anew.
            if (!expected.IsGone(task) && !expected.IsAdmitted(task) && !expected.StateOf(task).IsFinished())
            {
                Assert.Equal(expected.UpstreamsOf(task), actual.UpstreamsOf(task));
                Assert.Equal(expected.ExpectedOf(task), actual.ExpectedOf(task));
            }
        }

        Assert.Equal(expected.RemoteJobs, actual.RemoteJobs);
        Assert.Equal(expected.Due.Moments.OrderBy(due => due.Key), actual.Due.Moments.OrderBy(due => due.Key));
    }

    private static DagRunState Started(DagGraph graph)
    {
        var run = NewRun(graph);
        DagRunDecider.Decide(run, new StartRun(Noon));
        return run;
    }

    private static void Dispatch(DagRunState run, int task) =>
        Assert.Single(DagRunDecider.Decide(run, new DispatchTasks("w1", [task], Noon)));

    private static TaskState[] States(DagRunState run) => [.. Enumerable.Range(0, run.Instances).Select(run.StateOf)];
}
