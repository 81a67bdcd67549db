using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using static Sluice.Core.Tests.DagRuns.Graphs;

namespace Sluice.Core.Tests.DagRuns;

/// <summary>Branches, short circuits, setups and teardowns, empties, fail_fast: small Dags, how some tasks end, and what becomes of all.</summary>
public sealed class FlowTests
{
    private const TaskKind Setup = TaskKind.Setup;
    private const TaskKind Teardown = TaskKind.Teardown;

    /// <summary>Name; edges "a>b,c b>d", with flags; how tasks end; states expected, and the run's.</summary>
    /// <remarks>
    /// Flags after a task's name: ! setup, ? teardown, ?! a teardown that may fail the run, 0 empty, and a rule after a colon.
    /// Ends: S success (the default), F failed, K skipped, "b:x+y" follows x and y, "c" short circuit, "C" the direct one.
    /// </remarks>
    public static TheoryData<string, string, string, string, string> Table => new()
    {
        { "a branch skips what it did not choose, whatever its rule", "b>x,y,z z:AllDone", "b=>x", "b=S x=S y=K z=K", "S" },
        { "skips go on by the rules", "b>x,y y>y2 y2>end x>end end:NoneFailedMinOneSuccess", "b=>x", "b=S x=S y=K y2=K end=S", "S" },
        { "the join of an empty branch is not skipped", "b>x,join x>join join:NoneFailedMinOneSuccess", "b=>x", "b=S x=S join=S", "S" },
        { "a branch that chooses the join skips the way around", "b>x,join x>join join:NoneFailed", "b=>join", "b=S x=K join=S", "S" },
        { "a branch that chooses nothing skips all", "b>x,y", "b=>", "b=S x=K y=K", "S" },
        { "a group is chosen by its id", "b>g.x,g.y,gg", "b=>g", "b=S g.x=S g.y=S gg=K", "S" },
        { "what a branch chose must be there", "b>x", "b=>nothing", "b=F x=U", "F" },
        { "several are chosen", "b>x,y,z", "b=>x+z", "b=S x=S y=K z=S", "S" },
        { "a short circuit skips all that comes after it", "c>x x>y y:AllDone y>z z:AllDone", "c=c", "c=S x=K y=K z=K", "S" },
        { "but teardowns", "s!>c c>x x>t? s>t", "c=c", "s=S c=S x=K t=S", "S" },
        { "a direct short circuit leaves the rest to its rules", "c>x x>y y:AllDone", "c=C", "c=S x=K y=S", "S" },
        { "a teardown runs after failed work and does not save the run", "s!>w w>t? s>t", "w=F", "s=S w=F t=S", "F" },
        { "a teardown that fails does not fail the run", "s!>w w>t? s>t", "t=F", "s=S w=S t=F", "S" },
        { "unless it says so", "s!>w w>t?! s>t", "t=F", "s=S w=S t=F", "F" },
        { "no setup, no teardown", "s!>w w>t? s>t", "s=F", "s=F w=U t=U", "F" },
        { "a skipped setup skips its teardown", "s!>w w>t? s>t", "s=K", "s=K w=K t=K", "S" },
        { "one setup of two is enough to tear down", "s!>w r!>w w>t? s>t r>t", "s=F", "s=F r=S w=U t=S", "F" },
        { "inside a scope also what comes later needs the setup", "s!>w w>v v:AllDone v>t? s>t", "s=F", "s=F w=U v=U t=U", "F" },
        { "outside it does not", "s!>w w>t? s>t w>v v:AllDone", "s=F", "s=F w=U v=S t=U", "S" },
        { "a setup without teardown guards all after it", "s!>w w>v v:AllDone", "s=K", "s=K w=K v=K", "S" },
        { "empties end by themselves", "a>e0 e0>f0 f0>b", "", "a=S e0=S f0=S b=S", "S" },
        { "a Dag of empties ends at once", "a0>b0 b0>c0", "", "a0=S b0=S c0=S", "S" },
        { "an empty is failed like others", "a>e0", "a=F", "a=F e0=U", "F" },
    };

    [Theory]
    [MemberData(nameof(Table))]
    public void A_run_takes_its_course(string what, string dag, string ends, string expected, string result)
    {
        var graph = Parse(dag);
        var outcomes = ends.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToDictionary(end => end.Split('=')[0], end => end[(end.IndexOf('=') + 1)..]);

        var run = Course(graph, outcomes);

        var states = string.Join(' ', Enumerable.Range(0, graph.Count).OrderBy(task => expected.IndexOf(graph.Spec.Tasks[task].Id.Value + "=", StringComparison.Ordinal))
            .Select(task => $"{graph.Spec.Tasks[task].Id}={Letter(run.StateOf(task))}"));
        Assert.True(expected == states, $"{what}: {states}");
        Assert.Equal(result, run.Phase == RunState.Success ? "S" : "F");
    }

    [Fact]
    public void Fail_fast_stops_what_runs_skips_what_waits_and_leaves_teardowns_alone()
    {
        var graph = Parse("s!>a,b a>c s>t? b>t c>t a>d");
        var run = NewRun(new(graph.Spec with { FailFast = true }));
        DagRunDecider.Decide(run, new StartRun(Noon));
        End(run, "s", "S");
        DagRunDecider.Decide(run, new DispatchTasks("w", [Index(graph, "a"), Index(graph, "b")], Noon));

        var events = DagRunDecider.Decide(run, new ReportTask(Index(graph, "a"), 1, new() { Kind = OutcomeKind.Failed, Error = "no" }, Noon));

        Assert.Equal("a=F b=F c=K d=K s=S t=scheduled", string.Join(' ', graph.Spec.Tasks.Select((task, i) => $"{task.Id}={Letter(run.StateOf(i))}").Order()));
        Assert.Equal("fail_fast: a failed", events.OfType<TasksResolved>().First().Why);
        End(run, "t", "S");
        Assert.Equal(RunState.Failed, run.Phase);
    }

    [Fact]
    public void A_chain_of_ten_thousand_empties_ends_in_one_decision()
    {
        var tasks = Enumerable.Range(0, 10_000).Select(i => Task($"t{i}", i == 0 ? [] : [i - 1]) with { Operator = DagRunDecider.EmptyOperator }).ToArray();
        var run = NewRun(Of(tasks));

        DagRunDecider.Decide(run, new StartRun(Noon));

        Assert.Equal(RunState.Success, run.Phase);
    }

    internal static DagRunState Course(DagGraph graph, Dictionary<string, string> outcomes)
    {
        var run = NewRun(graph);
        DagRunDecider.Decide(run, new StartRun(Noon));
        while (run.Phase == RunState.Running)
        {
            var next = Enumerable.Range(0, graph.Count).First(task => run.StateOf(task) == TaskState.Scheduled);
            var name = graph.Spec.Tasks[next].Id.Value;
            End(run, name, outcomes.GetValueOrDefault(name, "S"));
        }

        return run;
    }

    internal static void End(DagRunState run, string task, string how)
    {
        var index = Index(run.Graph, task);
        DagRunDecider.Decide(run, new DispatchTasks("w", [index], Noon));
        var outcome = new TaskOutcome
        {
            Kind = how[0] switch { 'F' => OutcomeKind.Failed, 'K' => OutcomeKind.Skipped, _ => OutcomeKind.Success },
            Follow = how[0] == '>' ? how[1..].Split('+', StringSplitOptions.RemoveEmptyEntries) : null,
            SkipDownstream = how[0] switch { 'c' => SkipScope.All, 'C' => SkipScope.Direct, _ => null },
        };
        DagRunDecider.Decide(run, new ReportTask(index, run.TokenOf(index), outcome, Noon));
    }

    internal static int Index(DagGraph graph, string task) => graph.Spec.Tasks.ToList().FindIndex(spec => spec.Id.Value == task);

    internal static string Letter(TaskState state) => state switch
    {
        TaskState.Success => "S",
        TaskState.Failed => "F",
        TaskState.Skipped => "K",
        TaskState.UpstreamFailed => "U",
        _ => state.Name(),
    };

    internal static DagGraph Parse(string text)
    {
        var specs = new List<TaskSpec>();
        var upstreams = new List<List<int>>();
        foreach (var edge in text.Split(' '))
        {
            var ups = edge.Split('>');
            if (ups.Length == 1)
            {
                Find(edge);
                continue;
            }

            foreach (var down in ups[1].Split(','))
            {
                upstreams[Find(down)].Add(Find(ups[0]));
            }
        }

        return new(new() { Id = new("dag"), Tasks = [.. specs.Select((spec, i) => spec with { Upstream = [.. upstreams[i].Order()] })] });

        int Find(string name)
        {
            var id = name.Split(':')[0].TrimEnd('!', '?');
            var index = specs.FindIndex(spec => spec.Id.Value == id);
            if (index < 0)
            {
                index = specs.Count;
                specs.Add(Task(id));
                upstreams.Add([]);
            }

            var flags = name[id.Length..];
            specs[index] = flags switch
            {
                "!" => specs[index] with { Kind = Setup },
                "?" or "?!" => specs[index] with { Kind = Teardown, TriggerRule = TriggerRule.AllDoneSetupSuccess, OnFailureFailDagRun = flags.Length == 2 },
                [':', ..] => specs[index] with { TriggerRule = Enum.Parse<TriggerRule>(flags[1..]) },
                _ => specs[index],
            };
            specs[index] = id[^1] == '0' ? specs[index] with { Operator = DagRunDecider.EmptyOperator } : specs[index];
            return index;
        }
    }
}
