using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Queues;
using Sluice.Core.TaskInstances;
using static Sluice.Core.Tests.DagRuns.Graphs;

namespace Sluice.Core.Tests.DagRuns;

/// <summary>Inside a mapped group a task looks at its own index; with one_success, one_failed and one_done at all of them (semantics.md, 4).</summary>
public sealed class MappedGroupTests
{
    private static readonly TriggerRule[] Rules = [.. Enum.GetValues<TriggerRule>().Where(rule => rule is not (TriggerRule.Always or TriggerRule.AllDoneSetupSuccess))];

    [Theory]
    [InlineData(TriggerRule.OneFailed, "0=failed", "scheduled scheduled scheduled")]
    [InlineData(TriggerRule.OneFailed, "2=success 0=success", "none none none")]
    [InlineData(TriggerRule.OneFailed, "2=success 0=success 1=success", "skipped skipped skipped")]
    [InlineData(TriggerRule.OneFailed, "2=success 0=skipped 1=failed", "scheduled scheduled scheduled")]
    [InlineData(TriggerRule.OneSuccess, "1=success", "scheduled scheduled scheduled")]
    [InlineData(TriggerRule.OneSuccess, "1=failed 0=skipped", "none none none")]
    [InlineData(TriggerRule.OneSuccess, "1=failed 0=skipped 2=failed", "upstream_failed upstream_failed upstream_failed")]
    [InlineData(TriggerRule.OneSuccess, "1=skipped 0=skipped 2=skipped", "skipped skipped skipped")]
    [InlineData(TriggerRule.OneDone, "0=skipped 2=skipped", "none none none")]
    [InlineData(TriggerRule.OneDone, "0=skipped 2=failed", "scheduled scheduled scheduled")]
    [InlineData(TriggerRule.OneDone, "0=skipped 2=skipped 1=skipped", "skipped skipped skipped")]
    [InlineData(TriggerRule.AllSuccess, "0=success 2=failed", "scheduled none upstream_failed")]
    [InlineData(TriggerRule.AllDone, "0=failed", "scheduled none none")]
    [InlineData(TriggerRule.AllFailed, "0=failed 1=success", "scheduled skipped none")]
    [InlineData(TriggerRule.AllDoneMinOneSuccess, "0=failed 1=success 2=skipped", "upstream_failed scheduled skipped")]
    [InlineData(TriggerRule.NoneFailed, "0=failed 1=success 2=skipped", "upstream_failed scheduled scheduled")]
    [InlineData(TriggerRule.NoneFailedMinOneSuccess, "0=failed 1=success 2=skipped", "upstream_failed scheduled skipped")]
    [InlineData(TriggerRule.NoneSkipped, "0=failed 1=success 2=skipped", "scheduled scheduled skipped")]
    [InlineData(TriggerRule.AllSkipped, "0=failed 1=success 2=skipped", "skipped skipped scheduled")]
    public void A_task_goes_by_its_own_index_unless_one_upstream_is_enough(TriggerRule rule, string ends, string expected)
    {
        var run = Started(Group(3, Task("g.a"), Task("g.b", 0) with { TriggerRule = rule }));
        foreach (var end in ends.Split(' '))
        {
            End(run, $"g.a[{end[0]}]", Enum.Parse<TaskState>(end[2..], ignoreCase: true));
        }

        Assert.Equal(expected, States(run, "g.b", 3));
    }

    /// <summary>Random groups: what the instances do is what plain tasks would, with the edges drawn one by one.</summary>
    [Fact]
    public void A_mapped_group_takes_the_course_of_the_same_tasks_drawn_one_by_one()
    {
        for (var seed = 0; seed < 2_000; seed++)
        {
            var chance = new Random(seed);
            var (inside, length) = (chance.Next(2, 5), chance.Next(1, 5));
            var tasks = new TaskSpec[inside + 2];
            for (var task = 0; task < tasks.Length; task++)
            {
                var upstream = Enumerable.Range(0, task).Where(_ => chance.Next(2) == 0).ToArray();
                tasks[task] = Task(task < inside ? $"g.t{task}" : $"t{task}", upstream) with
                {
                    TriggerRule = chance.Next(3) == 0 ? TriggerRule.AllSuccess : Rules[chance.Next(Rules.Length)],
                    Operator = chance.Next(6) == 0 ? DagRunDecider.EmptyOperator : "ShellOperator",
                };
            }

            var run = Started(new(new() { Id = new("dag"), Tasks = [.. Mapped(length, tasks[..inside]), .. tasks[inside..]] }));
            var oracle = new FlowOracle(Drawn(tasks, inside, length), []);
            while (true)
            {
                var names = Names(tasks, inside, length);
                for (var drawn = 0; drawn < names.Length; drawn++)
                {
                    Assert.True(
                        oracle.States[drawn] == run.StateOf(Number(run, names[drawn])),
                        $"seed {seed}: {names[drawn]} is {run.StateOf(Number(run, names[drawn]))}, and {oracle.States[drawn]} when drawn");
                }

                var ready = Enumerable.Range(0, names.Length).Where(drawn => oracle.States[drawn] == TaskState.Scheduled).ToArray();
                if (ready.Length == 0)
                {
                    break;
                }

                var next = ready[chance.Next(ready.Length)];
                var state = chance.Next(4) switch { 0 => TaskState.Failed, 1 => TaskState.Skipped, _ => TaskState.Success };
                oracle.End(next, state);
                End(run, names[next], state);
            }

            Assert.True(oracle.IsOver && run.Phase == (oracle.HasFailed ? RunState.Failed : RunState.Success), $"seed {seed}: {run.Phase}");
        }
    }

    [Fact]
    public void A_branch_inside_a_mapped_group_decides_for_its_own_index()
    {
        var run = Started(Group(3, Task("g.a"), Task("g.b", 0) with { TriggerRule = TriggerRule.OneSuccess }, Task("g.c", 0)));

        End(run, "g.a[1]", TaskState.Success, follow: "g.c");

        Assert.Equal(("scheduled skipped scheduled", "none scheduled none"), (States(run, "g.b", 3), States(run, "g.c", 3)));
    }

    [Fact]
    public void What_looks_at_all_is_cleared_with_each_of_them_and_waits_again()
    {
        var run = Started(Group(3, Task("g.a"), Task("g.b", 0) with { TriggerRule = TriggerRule.OneFailed }));
        End(run, "g.a[1]", TaskState.Failed);
        for (var index = 0; index < 3; index++)
        {
            End(run, $"g.b[{index}]", TaskState.Success);
        }

        Assert.Equal(["g.a[0]", "g.a[1]", "g.a[2]"], SelectedTasks.Before(run, Number(run, "g.b[0]")).Select(before => run.NameOf(before).Value));
        DagRunDecider.Decide(run, new ClearTasks(new() { Tasks = ["g.a[1]"], Downstream = true }, new("someone", null), Noon));
        Assert.Equal("none none none", States(run, "g.b", 3));
        End(run, "g.a[1]", TaskState.Success);
        End(run, "g.a[0]", TaskState.Success);
        Assert.Equal("none none none", States(run, "g.b", 3));
        End(run, "g.a[2]", TaskState.Success);
        Assert.Equal(("skipped skipped skipped", RunState.Success), (States(run, "g.b", 3), run.Phase));
    }

    [Fact]
    public void Marking_one_index_frees_what_failed_by_that_index_alone()
    {
        var run = Started(Group(2, Task("g.a"), Task("g.b", 0)));
        End(run, "g.a[0]", TaskState.Failed);
        End(run, "g.a[1]", TaskState.Failed);

        DagRunDecider.Decide(run, new MarkTasks(new() { Tasks = ["g.a[0]"] }, TaskState.Success, new("someone", null), Noon));
        DagRunDecider.Decide(run, new StartRun(Noon));

        Assert.Equal("scheduled upstream_failed", States(run, "g.b", 2));
    }

    /// <summary>By allocations, which a busy machine does not change.</summary>
    [Theory]
    [InlineData(TriggerRule.OneFailed)]
    [InlineData(TriggerRule.OneSuccess)]
    public void Looking_at_all_costs_no_more_for_each_of_ten_thousand_than_of_a_hundred(TriggerRule rule)
    {
        Measure(100, rule);
        var (hundred, tenThousand) = (Measure(100, rule), Measure(10_000, rule));

        Assert.True(tenThousand < hundred * 1.5, $"{hundred}, {tenThousand} bytes an index");
    }

    private static double Measure(int length, TriggerRule rule)
    {
        var run = Started(Group(length, Task("g.a"), Task("g.b", 0) with { TriggerRule = rule }));
        var before = GC.GetAllocatedBytesForCurrentThread();
        var first = run.InstancesOf(0).First;
        for (var index = 0; index < length; index++)
        {
            DagRunDecider.Decide(run, new DispatchTasks("w", [first + index], Noon));
            DagRunDecider.Decide(run, new ReportTask(first + index, 1, new() { Kind = OutcomeKind.Success }, Noon));
        }

        Assert.Equal(rule == TriggerRule.OneFailed ? TaskState.Skipped : TaskState.Scheduled, run.StateOf(run.InstancesOf(1).First));
        return (GC.GetAllocatedBytesForCurrentThread() - before) / (double)length;
    }

    private static DagGraph Group(int length, params TaskSpec[] tasks) => new(new() { Id = new("dag"), Tasks = Mapped(length, tasks), MaxMapLength = 10_000 });

    private static TaskSpec[] Mapped(int length, TaskSpec[] tasks)
    {
        var map = new MapSpec { Group = "g", Sources = [new() { Values = $"[{string.Join(',', Enumerable.Range(0, length))}]" }] };
        return Array.ConvertAll(tasks, task => task with { Map = map });
    }

    /// <summary>Each instance of a task inside as a task of its own, in the order of <see cref="Names"/>.</summary>
    private static DagSpec Drawn(TaskSpec[] tasks, int inside, int length)
    {
        var drawn = new List<TaskSpec>();
        int[] All(int task) => task < inside ? [.. Enumerable.Range(task * length, length)] : [(inside * length) + task - inside];
        for (var task = 0; task < tasks.Length; task++)
        {
            var looksAtAll = task >= inside || tasks[task].TriggerRule is TriggerRule.OneSuccess or TriggerRule.OneFailed or TriggerRule.OneDone;
            foreach (var at in All(task))
            {
                var upstream = tasks[task].Upstream.SelectMany(up => looksAtAll ? All(up) : [(up * length) + (at % length)]);
                drawn.Add(tasks[task] with { Upstream = [.. upstream] });
            }
        }

        return new() { Id = new("dag"), Tasks = drawn };
    }

    private static string[] Names(TaskSpec[] tasks, int inside, int length) =>
        [.. tasks.SelectMany((task, at) => at < inside ? Enumerable.Range(0, length).Select(index => $"{task.Id}[{index}]") : [task.Id.Value])];

    private static DagRunState Started(DagGraph graph)
    {
        var run = NewRun(graph);
        DagRunDecider.Decide(run, new StartRun(Noon));
        return run;
    }

    private static void End(DagRunState run, string name, TaskState state, string? follow = null)
    {
        var instance = Number(run, name);
        DagRunDecider.Decide(run, new DispatchTasks("w", [instance], Noon));
        var outcome = new TaskOutcome
        {
            Kind = state switch { TaskState.Failed => OutcomeKind.Failed, TaskState.Skipped => OutcomeKind.Skipped, _ => OutcomeKind.Success },
            Follow = follow is null ? null : [follow],
        };
        DagRunDecider.Decide(run, new ReportTask(instance, run.TokenOf(instance), outcome, Noon));
    }

    private static int Number(DagRunState run, string name) =>
        Enumerable.Range(0, run.Instances).First(instance => !run.IsGone(instance) && run.NameOf(instance).Value == name);

    private static string States(DagRunState run, string task, int length) =>
        string.Join(' ', Enumerable.Range(0, length).Select(index => run.StateOf(Number(run, $"{task}[{index}]")).Name()));
}
