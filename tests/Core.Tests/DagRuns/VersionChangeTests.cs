using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using static Sluice.Core.Tests.DagRuns.FlowTests;
using static Sluice.Core.Tests.DagRuns.Graphs;

namespace Sluice.Core.Tests.DagRuns;

/// <summary>A run that goes on by another version of its Dag.</summary>
public sealed class VersionChangeTests
{
    private static readonly ByHand Ann = new("ann", "right table");
    private static readonly Dictionary<OutputKey, int> NoLengths = [];

    /// <summary>Name; the Dag before and after, and how tasks end, as in <see cref="FlowTests"/>; states at the moment of the change; right after it; how the rest ends; in the end.</summary>
    /// <remarks>States: - none, q scheduled, r running, and the letters of ends. Until the moment, tasks that are - have not begun.</remarks>
    public static TheoryData<string, string, string, string, string, string, string> Table => new()
    {
        { "nothing changes", "a>b b>c", "a>b b>c", "a=S b=r c=-", "a=S b=r c=-", "", "a=S b=S c=S|S" },
        { "a task is new at the end", "a>b", "a>b b>c", "a=S b=r", "a=S b=r c=-", "", "a=S b=S c=S|S" },
        { "a task is new at the beginning", "b>c", "a>b b>c", "b=r c=-", "a=q b=r c=-", "", "a=S b=S c=S|S" },
        { "what only asked for a slot waits for a new one before it", "a>b", "a>b n>b", "a=S b=q", "a=S b=- n=q", "", "a=S b=S n=S|S" },
        { "and fails with it", "a>b", "a>b n>b", "a=S b=q", "a=S b=- n=q", "n=F", "a=S b=U n=F|F" },
        { "tasks change places", "a>b b>c", "c>b b>a", "a=S b=q c=-", "c=q b=- a=S", "", "c=S b=S a=S|S" },
        { "a task is gone that has ended", "a>b b>c", "b>c", "a=S b=r c=-", "b=r c=-", "", "b=S c=S|S" },
        { "a task is gone that runs", "a>b b>c", "a>c", "a=S b=r c=-", "a=S c=q", "", "a=S c=S|S" },
        { "a task is gone that waits, and what waited for it goes on", "a>b b>c", "a>c", "a=S b=q c=-", "a=S c=q", "", "a=S c=S|S" },
        { "all that was left is gone", "a>b", "a", "a=S b=q", "a=S", "", "a=S|S" },
        { "all is gone", "a>b", "c>d", "a=S b=r", "c=q d=-", "", "c=S d=S|S" },
        { "what failed stays failed", "a>b b>c z", "a>b b>c b>d d:AllDone z", "a=S b=F c=U z=r", "a=S b=F c=U d=q z=r", "", "a=S b=F c=U d=S z=S|F" },
        { "what was failed by others stays as it is", "a>b z", "n>b z", "a=F b=U z=r", "n=q b=U z=r", "", "n=S b=U z=S|F" },
        { "a branch's choice holds", "b>x,y", "b>x,y,z y>w", "b=>x x=r y=K", "b=S x=r y=K z=q w=K", "", "b=S x=S y=K z=S w=K|S" },
        { "a setup is new", "w>v", "s!>w w>v v>t? s>t", "w=r v=-", "s=q w=r v=- t=-", "", "s=S w=S v=S t=S|S" },
        { "an empty is new", "a>b", "a>e0 e0>b", "a=S b=q", "a=S e0=S b=q", "", "a=S e0=S b=S|S" },
    };

    [Theory]
    [MemberData(nameof(Table))]
    public void A_running_run_goes_on_by_another_version(string what, string before, string after, string then, string right, string ends, string expected)
    {
        var (from, to) = (Parse(before), Parse(after));
        var run = Reach(from, then);
        var running = run.ActiveAttempts().ToDictionary(id => run.NameOf(id.Task), id => id);

        var events = DagRunDecider.Decide(run, Upgrade(to));

        Assert.True(right == Shown(run, right), $"{what}, right after: {Shown(run, right)}");
        Assert.Equal(("v2", "b2", to), (run.Facts.Version, run.Facts.Bundle, run.Graph));
        var upgraded = Assert.IsType<RunUpgraded>(events[0]);
        Assert.Equal(Ann, upgraded.By);
        Assert.Equal(
            Names(then, "rq-").Where(name => Index(to, name) < 0),
            (upgraded.Dropped ?? []).Where(dropped => dropped.To == TaskState.Removed).Select(dropped => dropped.Name.Value).Order(StringComparer.Ordinal));
        Assert.All((upgraded.Dropped ?? []).Where(dropped => dropped.From == TaskState.Running), dropped => Assert.Equal((running[dropped.Name], "w"), (dropped.Attempt, dropped.Worker)));

        // Attempts that go on are known by the numbers that their workers have.
        Assert.Equal(running.Where(attempt => Index(to, attempt.Key.Value) >= 0).Select(attempt => attempt.Value).ToHashSet(), run.ActiveAttempts().ToHashSet());
        foreach (var (name, id) in running.Where(attempt => Index(to, attempt.Key.Value) >= 0))
        {
            Assert.Equal(name, run.NameOf(run.FindAttempt(id)!.Value));
            Assert.Equal("v", run.FactsOf(run.FindAttempt(id)!.Value).Version);
        }

        Finish(run, ends);
        Assert.True(expected == $"{Shown(run, right)}|{(run.Phase == RunState.Success ? "S" : "F")}", $"{what}, in the end: {Shown(run, right)} {run.Phase}");
        Assert.Empty(DagRunDecider.Decide(run, Upgrade(to)));
    }

    /// <summary>Every row of the table once more, at the moment of the change: only the names are others.</summary>
    [Fact]
    public void A_run_whose_tasks_have_other_names_is_as_it_was()
    {
        foreach (var row in Table)
        {
            var (what, before, then) = ((string)row[0], (string)row[1], (string)row[3]);
            var run = Reach(Parse(before), then);
            var names = run.Graph.Spec.Tasks.Where((_, i) => i % 2 == 0).ToDictionary(task => task.Id, task => new TaskId("other_" + task.Id.Value));
            var (states, tries) = (Enumerable.Range(0, run.Instances).Select(run.StateOf).ToList(), Enumerable.Range(0, run.Instances).Select(run.TriesOf).ToList());
            var running = run.ActiveAttempts().ToList();
            var to = new DagGraph(TaskRenames.Apply(run.Graph.Spec, names)!);

            var events = DagRunDecider.Decide(run, Upgrade(to) with { Names = names });

            Assert.Null(Assert.IsType<RunUpgraded>(events[0]).Dropped);
            Assert.True(states.SequenceEqual(Enumerable.Range(0, run.Instances).Select(run.StateOf)), what);
            Assert.Equal(tries, Enumerable.Range(0, run.Instances).Select(run.TriesOf));
            Assert.Equal(running.ToHashSet(), run.ActiveAttempts().ToHashSet());
            Assert.All(running, id => Assert.Equal(id.Task, run.FindAttempt(id)));
            Assert.Equal("other_", run.NameOf(0).Value[..6]);
        }
    }

    [Fact]
    public void A_branch_names_what_it_chose_as_its_code_knows_it()
    {
        var names = new Dictionary<TaskId, TaskId> { [new("x")] = new("z") };
        var graph = new DagGraph(TaskRenames.Apply(Parse("b>x,y").Spec, names)!);
        var run = Reach(graph, "b=r z=- y=-");

        DagRunDecider.Decide(run, new ReportTask(Index(graph, "b"), run.TokenOf(Index(graph, "b")), new() { Kind = OutcomeKind.Success, Follow = ["x"] }, Noon));

        Assert.Equal((TaskState.Scheduled, TaskState.Skipped), (run.StateOf(Index(graph, "z")), run.StateOf(Index(graph, "y"))));
    }

    [Theory]
    [InlineData(false, RunState.Queued)]
    [InlineData(true, RunState.Success)]
    public void A_run_that_waits_or_is_over_only_changes_its_version(bool isOver, RunState phase)
    {
        var run = isOver ? Reach(Parse("a>b"), "a=S b=S") : NewRun(Parse("a>b"));

        DagRunDecider.Decide(run, Upgrade(Parse("a>b b>c")));

        Assert.Equal((phase, TaskState.None, "v2"), (run.Phase, run.StateOf(Index(run.Graph, "c")), run.Facts.Version));
        Assert.Equal(isOver ? Noon : null, run.EndedAt);
        if (isOver)
        {
            DagRunDecider.Decide(run, new ClearTasks(new() { Tasks = ["b"] }, Ann, Noon));
            Assert.Equal("a=S b=- c=-", Shown(run, "a=S b=- c=-"));
        }

        DagRunDecider.Decide(run, new StartRun(Noon));
        Finish(run, "");
        Assert.Equal((RunState.Success, 1, isOver ? 2 : 1, 1), (run.Phase, Tries("a"), Tries("b"), Tries("c")));

        int Tries(string task) => run.TriesOf(Index(run.Graph, task));
    }

    [Fact]
    public void Numbers_of_attempts_never_mean_two_of_them()
    {
        // b has number 1 and then 0; a the other way round. Both have had one attempt.
        var run = Reach(Parse("a b"), "a=r b=r");
        var attempts = run.ActiveAttempts().ToList();
        DagRunDecider.Decide(run, Upgrade(Parse("b a")));

        // b fails and is tried again, while a's attempt goes on: it has number 0, too, in its id.
        DagRunDecider.Decide(run, new ReportTask(1, 1, new() { Kind = OutcomeKind.Lost, StartedAt = Noon, EndedAt = Noon }, Noon));
        DagRunDecider.Decide(run, new WakeTasks(Noon));
        DagRunDecider.Decide(run, new DispatchTasks("w", [0], Noon));

        Assert.Equal(3, run.ActiveAttempts().Concat(attempts).Distinct().Count());
        Assert.Equal("a", run.NameOf(run.FindAttempt(attempts[0])!.Value).Value);
        Assert.Null(run.FindAttempt(attempts[1]));
        DagRunDecider.Decide(run, new ReportTask(0, 1, Good, Noon));
        Assert.Equal((TaskState.Running, TaskState.Success), (run.StateOf(0), run.StateOf(1)));
    }

    [Fact]
    public void What_is_tried_again_or_asks_goes_on_whatever_comes_before_it_now()
    {
        var retried = Of(Task("a") with { Retries = 3, RetryDelay = TimeSpan.FromMinutes(1) });
        var run = Reach(retried, "a=r");
        DagRunDecider.Decide(run, new ReportTask(0, 1, new() { Kind = OutcomeKind.Failed, StartedAt = Noon, EndedAt = Noon }, Noon));
        DagRunDecider.Decide(run, Upgrade(Of(Task("new"), Task("a", 0) with { Retries = 1 })));
        Assert.Equal((TaskState.UpForRetry, 1, Noon.AddMinutes(1)), (run.StateOf(1), run.TriesOf(1), run.Due.Of(1)));
        DagRunDecider.Decide(run, new WakeTasks(Noon.AddMinutes(1)));
        Assert.Equal(TaskState.Scheduled, run.StateOf(1));

        // Also when it waits for a slot; its retries are those of the new version.
        DagRunDecider.Decide(run, Upgrade(Of(Task("new"), Task("a", 0) with { Retries = 1, Priority = 2 }), "v3"));
        Assert.Equal(TaskState.Scheduled, run.StateOf(1));
        DagRunDecider.Decide(run, new DispatchTasks("w", [1], Noon));
        DagRunDecider.Decide(run, new ReportTask(1, run.TokenOf(1), new() { Kind = OutcomeKind.Failed, StartedAt = Noon, EndedAt = Noon }, Noon));
        Assert.Equal((TaskState.Failed, 2), (run.StateOf(1), run.TriesOf(1)));
    }

    /// <summary>"p" returns a list of two, over which "m" is mapped; "j" comes after both instances. m[0] has ended, m[1] runs.</summary>
    [Theory]
    [InlineData("p m n j", "p=S m[0]=S m[1]=r n=q j=-", 2, 1)] // a task between m and j is new
    [InlineData("p m", "p=S m[0]=S m[1]=r", 2, 1)]
    [InlineData("p j", "p=S j=q", 0, 0)]
    [InlineData("p plain-m j", "p=S m=q j=-", 0, 0)] // m is not mapped any more: it begins anew, and its instances are gone
    [InlineData("p wide-m j", "p=S m[0]=S m[1]=r j=-", 2, 1)] // m is mapped over something else: it keeps its instances
    public void A_mapped_task_keeps_its_instances(string after, string expected, int instances, int running)
    {
        var run = NewRun(MappedDag("p m j"));
        DagRunDecider.Decide(run, new StartRun(Noon));
        EndWith(run, 0, "[1,2]");
        var (first, _) = run.InstancesOf(1);
        EndWith(run, first, "1");
        DagRunDecider.Decide(run, new DispatchTasks("w", [first + 1], Noon));
        var attempt = Assert.Single(run.ActiveAttempts());

        var graph = MappedDag(after);
        DagRunDecider.Decide(run, Upgrade(graph));

        Assert.Equal(expected, Instances(run));
        Assert.Equal(running, run.ActiveAttempts().Count());
        if (instances > 0)
        {
            var task = Index(graph, "m");
            Assert.Equal((instances, new MapPosition(1, 1, 2)), (run.InstancesOf(task).Length, run.InheritedBy(run.FindAttempt(attempt)!.Value)!.Map));
        }

        DagRunDecider.Decide(run, new ReportTask(attempt.Task, attempt.Token, Good, Noon));
        Finish(run, "");
        Assert.Equal(RunState.Success, run.Phase);

        // Cleared, it is expanded by the new version; numbers of attempts grow.
        DagRunDecider.Decide(run, new ClearTasks(new() { Tasks = ["p"], Downstream = true }, Ann, Noon));
        DagRunDecider.Decide(run, new StartRun(Noon));
        EndWith(run, Index(graph, "p"), "[1,2,3]");
        Assert.All(run.ActiveAttempts(), id => Assert.True(id.Token > attempt.Token));
        Finish(run, "");
        Assert.Equal((RunState.Success, after.Contains(" m", StringComparison.Ordinal) ? 3 : after.Contains("wide", StringComparison.Ordinal) ? 4 : 1), (run.Phase, Index(graph, "m") is >= 0 and var m ? run.InstancesOf(m).Length : 1));
    }

    [Fact]
    public void A_task_that_joins_an_expanded_group_has_as_many_instances()
    {
        static DagGraph Group(params string[] members)
        {
            var map = new MapSpec { Group = "g", Sources = [new() { Argument = "x", Task = 0 }] };
            return Of([Task("p"), .. members.Select((name, index) => Task($"g.{name}", index) with { Map = map })]);
        }

        var run = NewRun(Group("a", "b"));
        DagRunDecider.Decide(run, new StartRun(Noon));
        EndWith(run, 0, "[1,2]");
        EndWith(run, run.InstancesOf(1).First, "1");

        DagRunDecider.Decide(run, Upgrade(Group("a", "new", "b")));

        Assert.Equal("p=S g.a[0]=S g.a[1]=q g.new[0]=q g.new[1]=- g.b[0]=- g.b[1]=-", Instances(run));
        Finish(run, "");
        Assert.Equal((RunState.Success, "p=S g.a[0]=S g.a[1]=S g.new[0]=S g.new[1]=S g.b[0]=S g.b[1]=S"), (run.Phase, Instances(run)));
    }

    [Theory]
    [InlineData(2, "p=S m[0]=q m[1]=q")]
    [InlineData(-1, "p=S m=K")]
    [InlineData(null, null)]
    public void What_is_mapped_over_for_the_first_time_is_asked_for(int? length, string? expected)
    {
        var before = Of(Task("p"), Task("x", 0));
        var run = Reach(before, "p=S x=r");
        var after = MappedDag("p m");
        var wanted = new OutputKey(new("p"), "return_value");
        Assert.Equal([wanted], VersionChange.LengthsWanted(before, after));

        var upgrade = Upgrade(after) with { Lengths = length is { } known ? new Dictionary<OutputKey, int> { [wanted] = known } : NoLengths };
        var events = DagRunDecider.Decide(run, upgrade);

        Assert.Equal(expected is null, events.Count == 0);
        Assert.Equal(expected is null, VersionChange.Refusal(run, upgrade) is not null);
        Assert.Equal(expected ?? "p=S x=r", Instances(run));
    }

    [Fact]
    public void Any_course_with_any_changes_of_version_ends_loses_nothing_and_replays_to_the_same_state()
    {
        foreach (var skipped in (int[])[0, 1, 3, 6])
        {
            for (var seed = 0; seed < 1_500; seed++)
            {
                new ChangingCourse(seed, skipped).Go();
            }
        }
    }

    private static TaskOutcome Good { get; } = new() { Kind = OutcomeKind.Success, StartedAt = Noon, EndedAt = Noon };

    private static UpgradeRun Upgrade(DagGraph to, string version = "v2") => new(to, version, "b2", NoLengths, Ann, Noon);

    /// <summary>A run whose tasks have come so far.</summary>
    private static DagRunState Reach(DagGraph graph, string states)
    {
        var run = NewRun(graph);
        DagRunDecider.Decide(run, new StartRun(Noon));
        foreach (var (name, state) in states.Split(' ').Select(entry => (entry.Split('=')[0], entry[(entry.IndexOf('=', StringComparison.Ordinal) + 1)..])))
        {
            var task = Index(graph, name);
            if (state == "r")
            {
                DagRunDecider.Decide(run, new DispatchTasks("w", [task], Noon));
            }
            else if (state is "S" or "F" && run.StateOf(task) == TaskState.Scheduled)
            {
                End(run, name, state);
            }
            else if (state.StartsWith('>'))
            {
                End(run, name, state);
            }
        }

        Assert.Equal(states.Replace("=>x", "=S", StringComparison.Ordinal), Shown(run, states));
        return run;
    }

    private static DagGraph MappedDag(string tasks)
    {
        var specs = new List<TaskSpec>();
        foreach (var name in tasks.Split(' '))
        {
            int[] upstream = name == "j" ? [.. Enumerable.Range(0, specs.Count)] : specs.Count == 0 ? [] : [0];
            var over = new MapSource { Argument = "x", Task = 0 };
            specs.Add(name switch
            {
                "m" => Task("m", upstream) with { Map = new() { Sources = [over] } },
                "wide-m" => Task("m", upstream) with { Map = new() { Sources = [new() { Argument = "y", Values = "[1,2,3,4]" }] } },
                "plain-m" => Task("m", upstream),
                _ => Task(name, upstream),
            });
        }

        return Of([.. specs]);
    }

    private static void EndWith(DagRunState run, int instance, string value)
    {
        DagRunDecider.Decide(run, new DispatchTasks("w", [instance], Noon));
        DagRunDecider.Decide(run, new ReportTask(instance, run.TokenOf(instance), Good with { XComs = [new("return_value", value)] }, Noon));
    }

    private static void Finish(DagRunState run, string ends)
    {
        var outcomes = ends.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToDictionary(end => end.Split('=')[0], end => end.Split('=')[1]);
        while (run.Phase == RunState.Running)
        {
            var scheduled = Enumerable.Range(0, run.Instances).Where(instance => run.StateOf(instance) == TaskState.Scheduled).ToList();
            DagRunDecider.Decide(run, new DispatchTasks("w", scheduled, Noon));
            var id = run.ActiveAttempts().First();
            var name = run.NameOf(run.FindAttempt(id)!.Value).Value;
            DagRunDecider.Decide(run, new ReportTask(
                id.Task, id.Token, Good with { Kind = outcomes.GetValueOrDefault(name) == "F" ? OutcomeKind.FailedFinally : OutcomeKind.Success, XComs = [new("return_value", "[1,2]")] }, Noon));
        }
    }

    private static IEnumerable<string> Names(string states, string ofThese) =>
        states.Split(' ').Where(entry => ofThese.Contains(entry[^1])).Select(entry => entry.Split('=')[0]).Order(StringComparer.Ordinal);

    private static string Instances(DagRunState run) => string.Join(' ', Enumerable.Range(0, run.Instances).Where(instance => !run.IsGone(instance))
        .OrderBy(run.TaskOf).ThenBy(run.MapIndexOf).Select(instance => $"{run.NameOf(instance)}={Short(run.StateOf(instance))}"));

    private static string Shown(DagRunState run, string order) => string.Join(' ', order.Split(' ').Select(entry => entry.Split('=')[0])
        .Select(name => $"{name}={Short(run.StateOf(Index(run.Graph, name)))}"));

    private static string Short(TaskState state) => state switch { TaskState.None => "-", TaskState.Scheduled => "q", TaskState.Running => "r", _ => Letter(state) };
}
