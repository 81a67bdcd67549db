using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using static Sluice.Core.Tests.DagRuns.FlowTests;
using static Sluice.Core.Tests.DagRuns.Graphs;

namespace Sluice.Core.Tests.DagRuns;

/// <summary>Clearing and marking: what a person asks of a run that has taken its course, and what becomes of it.</summary>
public sealed class ByHandTests
{
    private static readonly ByHand Ann = new("ann", "wrong table");

    /// <summary>Name; Dag and ends as in <see cref="FlowTests"/>; what is asked; states right after it; ends of the second life; states and the run in the end.</summary>
    /// <remarks>
    /// Asked: "clear", "mark S", "mark F", "mark K" with names and flags: down, up, failed (only), from (failed). "run S", "run F", "run K" marks the run.
    /// A state that is "-" is none.
    /// </remarks>
    public static TheoryData<string, string, string, string, string, string, string> Table => new()
    {
        { "all", "a>b b>c", "", "clear", "a=- b=- c=-", "", "a=S b=S c=S|S" },
        { "one alone", "a>b b>c", "", "clear b", "a=S b=- c=S", "", "a=S b=S c=S|S" },
        { "one alone that fails now", "a>b b>c", "", "clear b", "a=S b=- c=S", "b=F", "a=S b=F c=S|S" },
        { "with downstream", "a>b b>c a>d", "", "clear b down", "a=S b=- c=- d=S", "", "a=S b=S c=S d=S|S" },
        { "with upstream", "a>b b>c a>d", "", "clear b up", "a=- b=- c=S d=S", "", "a=S b=S c=S d=S|S" },
        { "with both", "a>b b>c a>d", "", "clear b up down", "a=- b=- c=- d=S", "", "a=S b=S c=S d=S|S" },
        { "two names", "a>b b>c a>d", "", "clear c d", "a=S b=S c=- d=-", "", "a=S b=S c=S d=S|S" },
        { "a group", "a>g.x,g.y g.x>z", "", "clear g", "a=S g.x=- g.y=- z=S", "", "a=S g.x=S g.y=S z=S|S" },
        { "only failed", "a>b b>c a>d d>e e:AllDone", "d=F", "clear failed", "a=S b=S c=S d=- e=S", "", "a=S b=S c=S d=S e=S|S" },
        { "only failed is also what they failed", "a>b b>c a>d", "b=F", "clear failed", "a=S b=- c=- d=S", "", "a=S b=S c=S d=S|S" },
        { "from failed is also what came after", "a>b b>c a>d d>e e:AllDone", "d=F", "clear from", "a=S b=S c=S d=- e=-", "", "a=S b=S c=S d=S e=S|S" },
        { "only failed downstream of one", "a>b b>c a>d", "b=F d=F", "clear b failed down", "a=S b=- c=- d=F", "", "a=S b=S c=S d=F|F" },
        { "a run that fails again", "a>b b>c", "b=F", "clear b down", "a=S b=- c=-", "b=F", "a=S b=F c=U|F" },
        { "what a branch skipped is skipped again", "b>x,y", "b=>x", "clear y", "b=S x=S y=-", "", "b=S x=S y=K|S" },
        { "a cleared branch decides anew", "b>x,y", "b=>x", "clear b down", "b=- x=- y=-", "b=>y", "b=S x=K y=S|S" },
        { "a short circuit holds, too", "c>x x>y", "c=c", "clear y", "c=S x=K y=-", "", "c=S x=K y=K|S" },
        { "work takes its setup and teardown along", "s!>w w>t? s>t", "w=F", "clear w", "s=- w=- t=-", "", "s=S w=S t=S|S" },
        { "work further inside does, too", "s!>w w>v v>t? s>t", "v=F", "clear v", "s=- w=S v=- t=-", "", "s=S w=S v=S t=S|S" },
        { "a teardown alone is cleared alone", "s!>w w>t? s>t", "t=F", "clear t", "s=S w=S t=-", "", "s=S w=S t=S|S" },
        { "empties", "a>e0 e0>b", "", "clear e0 down", "a=S e0=- b=-", "", "a=S e0=S b=S|S" },
        { "nothing is failed", "a>b", "", "clear failed", "a=S b=S", "", "a=S b=S|S" },
        { "a failed leaf is taken as success", "a>b", "b=F", "mark S b", "a=S b=S", "", "a=S b=S|S" },
        { "what it failed may run now", "a>b b>c a>d", "b=F", "mark S b", "a=S b=S c=- d=S", "", "a=S b=S c=S d=S|S" },
        { "what failed itself stays", "a>b b>c c:AllDone c>d", "b=F c=F", "mark S b", "a=S b=S c=F d=U", "", "a=S b=S c=F d=U|F" },
        { "skipped lets it run by its rule", "a>b b>c c>d", "b=F", "mark K b", "a=S b=K c=- d=-", "", "a=S b=K c=K d=K|S" },
        { "a success is taken as failed", "a>b", "", "mark F b", "a=S b=F", "", "a=S b=F|F" },
        { "a middle task as failed leaves the run as it is", "a>b", "", "mark F a", "a=F b=S", "", "a=F b=S|S" },
        { "with downstream", "a>b b>c", "a=F", "mark S a down", "a=S b=S c=S", "", "a=S b=S c=S|S" },
        { "it is so already", "a>b", "", "mark S a", "a=S b=S", "", "a=S b=S|S" },
        { "a run as success", "a>b b>c", "b=F", "run S", "a=S b=S c=S", "", "a=S b=S c=S|S" },
        { "a run as failed", "a>b", "", "run F", "a=S b=S", "", "a=S b=S|F" },
        { "skipping what is left of a run that is over", "a>b", "b=F", "run K", "a=S b=F", "", "a=S b=F|F" },
    };

    [Theory]
    [MemberData(nameof(Table))]
    public void A_run_that_is_over_is_changed_by_hand(string what, string dag, string ends, string asked, string after, string again, string expected)
    {
        var graph = Parse(dag);
        var run = Course(graph, Outcomes(ends));
        var tries = Enumerable.Range(0, graph.Count).Select(run.TriesOf).ToList();

        // What people see of it is all that is left by then.
        run = Revived(run);
        var events = DagRunDecider.Decide(run, Command(asked));
        Assert.True(after == Shown(run, after), $"{what}, right after: {Shown(run, after)}");
        Assert.All(events.OfType<TasksCleared>(), cleared => Assert.Equal(Ann, cleared.By));
        Assert.Equal(after.Contains('-', StringComparison.Ordinal), run.Phase == RunState.Queued);

        run = Revived(run);
        DagRunDecider.Decide(run, new StartRun(Noon));
        Finish(run, Outcomes(again));
        Assert.True(expected == $"{Shown(run, after)}|{(run.Phase == RunState.Success ? "S" : "F")}", $"{what}, in the end: {Shown(run, after)} {run.Phase}");
        Assert.All(Enumerable.Range(0, graph.Count), task => Assert.True(run.TriesOf(task) >= tries[task]));
        Assert.Empty(DagRunDecider.Decide(run, Command("clear nothing.of.the.kind")));
    }

    [Fact]
    public void A_cleared_task_has_all_its_retries_again_and_its_numbers_grow()
    {
        var run = NewRun(Of(Task("a") with { Retries = 1, RetryDelay = TimeSpan.Zero }));
        DagRunDecider.Decide(run, new StartRun(Noon));
        for (var life = 0; life < 3; life++)
        {
            End(run, "a", "F");
            Assert.Equal(TaskState.Scheduled, run.StateOf(0));
            End(run, "a", "F");
            Assert.Equal((RunState.Failed, 2 * (life + 1)), (run.Phase, run.TriesOf(0)));
            var token = run.TokenOf(0);

            DagRunDecider.Decide(run, Command("clear"));
            Assert.Equal((RunState.Queued, TaskState.None, token + 1, 0), (run.Phase, run.StateOf(0), run.TokenOf(0), run.TriesSinceCleared(0)));
            run = Revived(run);
            DagRunDecider.Decide(run, new StartRun(Noon));
        }
    }

    [Fact]
    public void A_sensor_that_is_cleared_counts_its_timeout_anew()
    {
        var run = NewRun(Of(Task("a") with { Sensor = new() { Mode = SensorMode.Reschedule } }));
        DagRunDecider.Decide(run, new StartRun(Noon));
        DagRunDecider.Decide(run, new DispatchTasks("w", [0], Noon));
        DagRunDecider.Decide(run, new ReportTask(0, 1, new() { Kind = OutcomeKind.Rescheduled, StartedAt = Noon, EndedAt = Noon, ResumeAt = Noon.AddHours(1) }, Noon));
        Assert.Equal((TaskState.UpForReschedule, Noon), (run.StateOf(0), run.FirstPokeOf(0)));

        DagRunDecider.Decide(run, Command("clear a"));

        Assert.Equal((TaskState.Scheduled, null, null), (run.StateOf(0), run.FirstPokeOf(0), run.Due.Of(0)));
        DagRunDecider.Decide(run, new DispatchTasks("w", [0], Noon));
        Assert.Equal(2, run.TriesOf(0));
    }

    [Theory]
    [InlineData(OutcomeKind.Failed)]
    [InlineData(OutcomeKind.Success)]
    [InlineData(OutcomeKind.Lost)]
    [InlineData(OutcomeKind.Rescheduled)]
    [InlineData(OutcomeKind.HandedBack)]
    public void A_running_task_runs_again_when_its_attempt_is_gone_and_not_before(OutcomeKind end)
    {
        var run = NewRun(Parse("a a>b"));
        DagRunDecider.Decide(run, new StartRun(Noon));
        DagRunDecider.Decide(run, new DispatchTasks("w", [0], Noon));

        var cleared = Assert.IsType<TasksCleared>(Assert.Single(DagRunDecider.Decide(run, Command("clear a"))));
        Assert.Equal([0], cleared.Stopping ?? []);
        Assert.Equal((TaskState.Running, "w", true), (run.StateOf(0), run.WorkerOf(0), run.IsRestarting(0)));
        Assert.Empty(DagRunDecider.Decide(run, Command("clear a")));
        run = new(run.Graph, DagRunJson.DeserializeSnapshot(DagRunJson.Serialize(run.Snapshot())));
        Assert.Equal(Ann, run.RestartedBy(0));

        DagRunDecider.Decide(run, new ReportTask(0, 1, new() { Kind = end, StartedAt = Noon, EndedAt = Noon, ResumeAt = Noon }, Noon));
        Assert.Equal((TaskState.Scheduled, null, false), (run.StateOf(0), run.WorkerOf(0), run.IsRestarting(0)));
        Assert.Empty(DagRunDecider.Decide(run, new ReportTask(0, 1, new() { Kind = end }, Noon)));
        End(run, "a", "S");
        End(run, "b", "S");
        Assert.Equal((RunState.Success, 2, 3), (run.Phase, run.TriesOf(0), run.TokenOf(0)));
    }

    [Fact]
    public void What_is_stopped_waits_for_what_is_cleared_before_it()
    {
        var run = NewRun(Parse("a a>b"));
        DagRunDecider.Decide(run, new StartRun(Noon));
        End(run, "a", "S");
        DagRunDecider.Decide(run, new DispatchTasks("w", [1], Noon));

        DagRunDecider.Decide(run, Command("clear a down"));
        Assert.Equal((TaskState.Scheduled, TaskState.Running), (run.StateOf(0), run.StateOf(1)));
        DagRunDecider.Decide(run, new ReportTask(1, run.TokenOf(1), new() { Kind = OutcomeKind.Failed }, Noon));
        Assert.Equal(TaskState.None, run.StateOf(1));
        End(run, "a", "S");
        End(run, "b", "S");
        Assert.Equal(RunState.Success, run.Phase);
    }

    [Theory]
    [InlineData("mark S a", "a=S b=scheduled", RunState.Running)]
    [InlineData("mark F a", "a=F b=U", RunState.Failed)]
    [InlineData("mark K a", "a=K b=K", RunState.Success)]
    [InlineData("run S", "a=S b=S", RunState.Success)]
    [InlineData("run F", "a=F b=K", RunState.Failed)]
    [InlineData("run K", "a=K b=K", RunState.Success)]
    public void A_running_task_is_marked_at_once(string asked, string expected, RunState phase)
    {
        var run = NewRun(Parse("a a>b"));
        DagRunDecider.Decide(run, new StartRun(Noon));
        DagRunDecider.Decide(run, new DispatchTasks("w", [0], Noon));

        DagRunDecider.Decide(run, Command(asked));

        Assert.Equal((expected, phase, null), (Shown(run, expected), run.Phase, run.WorkerOf(0)));
        Assert.Empty(DagRunDecider.Decide(run, new ReportTask(0, 1, new() { Kind = OutcomeKind.Success }, Noon)));
    }

    /// <summary>An instance that one expansion left out is not begun from nothing by the next: its first token would name two attempts.</summary>
    [Fact]
    public void Tokens_of_an_instance_go_on_over_expansions_that_did_not_have_it()
    {
        var run = NewRun(Of(Task("p"), Task("m", 0) with { Map = new() { Sources = [new() { Argument = "x", Task = 0 }] } }));
        DagRunDecider.Decide(run, new StartRun(Noon));
        var tokens = new Dictionary<string, int>();
        foreach (var length in new[] { 5, 1, 3, 5 })
        {
            End(0, new XCom("return_value", $"[{string.Join(',', Enumerable.Range(0, length))}]"));
            while (Enumerable.Range(0, run.Instances).Where(instance => run.StateOf(instance) == TaskState.Scheduled).Select(instance => (int?)instance).FirstOrDefault() is { } next)
            {
                End(next);
            }

            DagRunDecider.Decide(run, Command("clear p down"));
            DagRunDecider.Decide(run, new StartRun(Noon));
            run = new(run.Graph, run.Snapshot());
        }

        void End(int instance, params XCom[] xcoms)
        {
            DagRunDecider.Decide(run, new DispatchTasks("w", [instance], Noon));
            var token = run.TokenOf(instance);
            Assert.True(token > tokens.GetValueOrDefault(run.NameOf(instance).Value), $"{run.NameOf(instance)} has token {token} again");
            tokens[run.NameOf(instance).Value] = token;
            DagRunDecider.Decide(run, new ReportTask(instance, token, new() { Kind = OutcomeKind.Success, XComs = xcoms }, Noon));
        }
    }

    /// <summary>"p" returns a list of two; "m" is mapped over it, "j" comes after both instances.</summary>
    [Theory]
    [InlineData("clear m[1]", 2, "p=S m[0]=S m[1]=scheduled j=S")]
    [InlineData("clear m", 2, "p=S m[0]=scheduled m[1]=scheduled j=S")]
    [InlineData("clear m[1] down", 2, "p=S m[0]=S m[1]=scheduled j=-")]
    [InlineData("clear p down", 3, "p=S m[0]=scheduled m[1]=scheduled m[2]=scheduled j=-")]
    [InlineData("clear p down", 1, "p=S m[0]=scheduled j=-")]
    [InlineData("clear p m[1]", 1, "p=S m[0]=scheduled j=S")]
    public void Mapped_tasks_are_cleared_by_instance_or_expanded_anew(string asked, int length, string expected)
    {
        var graph = Of(
            Task("p"), Task("m", 0) with { Map = new() { Sources = [new() { Argument = "x", Task = 0 }] } }, Task("j", 1));
        var run = NewRun(graph);
        DagRunDecider.Decide(run, new StartRun(Noon));
        Push(2);
        while (run.Phase == RunState.Running)
        {
            End(Enumerable.Range(0, run.Instances).First(instance => run.StateOf(instance) == TaskState.Scheduled));
        }

        run = Revived(run);
        DagRunDecider.Decide(run, Command(asked));
        run = Revived(run);
        DagRunDecider.Decide(run, new StartRun(Noon));
        if (run.StateOf(0) == TaskState.Scheduled)
        {
            Push(length);
        }

        Assert.Equal(expected, string.Join(' ', Enumerable.Range(0, run.Instances).Where(instance => !run.IsGone(instance))
            .OrderBy(instance => "pmj".IndexOf(run.NameOf(instance).Value[0], StringComparison.Ordinal)).Select(instance => $"{run.NameOf(instance)}={Letter(run.StateOf(instance)).Replace("none", "-", StringComparison.Ordinal)}")));
        while (run.Phase == RunState.Running)
        {
            End(Enumerable.Range(0, run.Instances).First(instance => run.StateOf(instance) == TaskState.Scheduled));
        }

        Assert.Equal(RunState.Success, run.Phase);
        var first = run.InstancesOf(1).First;
        Assert.Equal(asked.Contains("m[1]", StringComparison.Ordinal) && !asked.Contains('p', StringComparison.Ordinal) ? 1 : 2, run.TriesOf(first));

        void Push(int count) => End(0, new XCom("return_value", $"[{string.Join(',', Enumerable.Range(0, count))}]"));

        void End(int instance, params XCom[] xcoms)
        {
            DagRunDecider.Decide(run, new DispatchTasks("w", [instance], Noon));
            DagRunDecider.Decide(run, new ReportTask(instance, run.TokenOf(instance), new() { Kind = OutcomeKind.Success, XComs = xcoms }, Noon));
        }
    }

    [Fact]
    public void Any_course_with_any_changes_by_hand_ends_and_replays_to_the_same_state()
    {
        for (var seed = 0; seed < 3_000; seed++)
        {
            var random = new Random(seed);
            var graph = Random(random, random.Next(1, 15));
            var run = NewRun(graph);
            var replayed = NewRun(graph);
            var journal = new List<DagRunEvent>();
            var now = Noon;
            var changes = random.Next(1, 8);
            Take(new StartRun(now));
            for (var step = 0; run.Phase is RunState.Running or RunState.Queued || changes > 0; step++)
            {
                Assert.True(step < 20_000, $"seed {seed} does not end");
                now += TimeSpan.FromSeconds(random.Next(1, 30));
                if (changes > 0 && (run.Phase != RunState.Running || random.Next(12) == 0))
                {
                    changes--;
                    Take(AnyChange(random, run, now));
                }

                Take(new StartRun(now));
                Take(new WakeTasks(now));
                if (run.Moving == 0 || random.Next(5) == 0)
                {
                    Take(new TellPast([random.Next(graph.Count)], now));
                }

                var scheduled = Enumerable.Range(0, run.Instances).Where(task => run.StateOf(task) == TaskState.Scheduled).ToList();
                if (scheduled.Count > 0 && random.Next(2) == 0)
                {
                    Take(new DispatchTasks("w", scheduled, now));
                }

                if (run.ActiveAttempts().ToList() is { Count: > 0 } attempts)
                {
                    var attempt = attempts[random.Next(attempts.Count)];
                    Take(new ReportTask(attempt.Task, attempt.Token, new()
                    {
                        Kind = random.Next(10) < 6 ? OutcomeKind.Success : (OutcomeKind)random.Next(0, 7),
                        StartedAt = now,
                        EndedAt = now,
                        ResumeAt = now.AddSeconds(5),
                        XComs = [new("return_value", random.Next(15) == 0 ? "7" : $"[{string.Join(',', Enumerable.Range(0, random.Next(5)))}]")],
                        Follow = random.Next(6) == 0 ? [.. graph.Spec.Tasks.Where(_ => random.Next(3) == 0).Select(task => task.Id.Value)] : null,
                        SkipDownstream = random.Next(20) == 0 ? (SkipScope)random.Next(2) : null,
                    }, now));
                }
            }

            foreach (var happened in journal)
            {
                replayed.Evolve(DagRunJson.DeserializeEvent(DagRunJson.Serialize(happened)));
            }

            DagRunDeciderTests.AssertSame(run, replayed, seed);
            Assert.All(Enumerable.Range(0, run.Instances), task => Assert.True(run.StateOf(task).IsFinished()));
            var revived = Revived(run);
            for (var instance = 0; instance < run.Instances; instance++)
            {
                Assert.Equal(
                    (run.StateOf(instance), run.IsGone(instance), run.NameOf(instance), run.IsBarred(instance)),
                    (revived.StateOf(instance), revived.IsGone(instance), revived.NameOf(instance), revived.IsBarred(instance)));
                Assert.True(run.IsGone(instance) || (run.TokenOf(instance) == revived.TokenOf(instance) && run.TriesOf(instance) == revived.TriesOf(instance)));
            }


            void Take(DagRunCommand command)
            {
                journal.AddRange(DagRunDecider.Decide(run, command));
                Assert.False(run.Reason?.StartsWith("all_tasks_deadlocked", StringComparison.Ordinal) == true, $"seed {seed}: {run.Reason}");
                if (random.Next(10) == 0)
                {
                    var snapshot = DagRunJson.DeserializeSnapshot(DagRunJson.Serialize(run.Snapshot()));
                    DagRunDeciderTests.AssertSame(run, new DagRunState(graph, snapshot), seed);
                }
            }
        }
    }

    private static DagRunCommand AnyChange(Random random, DagRunState run, DateTimeOffset now)
    {
        var selection = new TaskSelection
        {
            Tasks = random.Next(4) == 0 ? [] : [run.NameOf(random.Next(run.Instances)).Value, run.NameOf(random.Next(run.Instances)).Value],
            Upstream = random.Next(4) == 0,
            Downstream = random.Next(2) == 0,
            OnlyFailed = random.Next(4) == 0,
            FromFailed = random.Next(4) == 0,
        };
        var state = (TaskState)random.Next((int)TaskState.Success, (int)TaskState.UpstreamFailed);
        return random.Next(8) switch
        {
            0 => new MarkRun(state, Ann, now),
            1 or 2 => new MarkTasks(selection, state, Ann, now),
            _ => new ClearTasks(selection, Ann, now),
        };
    }

    /// <summary>As it comes back from the read model.</summary>
    private static DagRunState Revived(DagRunState run)
    {
        var rows = new Dictionary<TaskId, EarlierInstance>();
        for (var instance = 0; instance < run.Instances; instance++)
        {
            rows[run.NameOf(instance)] = new(run.TokenOf(instance), run.TriesOf(instance), run.StateOf(instance));
        }

        var memory = run.Memory() is { } kept ? DagRunJson.DeserializeMemory(DagRunJson.Serialize(kept)) : null;
        return DagRunState.Revive(run.Graph, run.Facts, run.Phase, memory, rows);
    }

    private static void Finish(DagRunState run, Dictionary<string, string> outcomes)
    {
        while (run.Phase == RunState.Running)
        {
            var name = run.NameOf(Enumerable.Range(0, run.Graph.Count).First(task => run.StateOf(task) == TaskState.Scheduled)).Value;
            End(run, name, outcomes.GetValueOrDefault(name, "S"));
        }
    }

    private static Dictionary<string, string> Outcomes(string ends) =>
        ends.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToDictionary(end => end.Split('=')[0], end => end[(end.IndexOf('=', StringComparison.Ordinal) + 1)..]);

    private static DagRunCommand Command(string asked)
    {
        var words = asked.Split(' ').ToList();
        static TaskState State(string letter) => letter switch { "S" => TaskState.Success, "F" => TaskState.Failed, _ => TaskState.Skipped };
        if (words[0] == "run")
        {
            return new MarkRun(State(words[1]), Ann, Noon);
        }

        var flags = new[] { "down", "up", "failed", "from" };
        var selection = new TaskSelection
        {
            Tasks = [.. words.Skip(words[0] == "mark" ? 2 : 1).Except(flags)],
            Downstream = words.Contains("down"),
            Upstream = words.Contains("up"),
            OnlyFailed = words.Contains("failed"),
            FromFailed = words.Contains("from"),
        };
        return words[0] == "mark" ? new MarkTasks(selection, State(words[1]), Ann, Noon) : new ClearTasks(selection, Ann, Noon);
    }

    private static string Shown(DagRunState run, string order) => string.Join(' ', Enumerable.Range(0, run.Graph.Count)
        .OrderBy(task => $" {order}".IndexOf($" {run.Graph.Spec.Tasks[task].Id}=", StringComparison.Ordinal))
        .Select(task => $"{run.Graph.Spec.Tasks[task].Id}={Letter(run.StateOf(task)).Replace("none", "-", StringComparison.Ordinal)}"));
}
