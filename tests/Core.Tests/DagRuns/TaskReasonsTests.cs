using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using static Sluice.Core.Tests.DagRuns.FlowTests;
using static Sluice.Core.Tests.DagRuns.Graphs;

namespace Sluice.Core.Tests.DagRuns;

/// <summary>Why a task is where it is, as far as its run knows.</summary>
public sealed class TaskReasonsTests
{
    /// <summary>Dag and ends as in <see cref="FlowTests"/>, in that order, "R" for one that is with worker w; the task asked for; kinds and words.</summary>
    public static TheoryData<string, string, string, string> Table => new()
    {
        { "a>b", "", "b", "upstream: by its rule all_success it waits for a (scheduled)" },
        { "a>b", "a=R", "a", "running: it is with w since 2021-02-06 12:00:00Z, try 1" },
        { "a>b", "a=R", "b", "upstream: by its rule all_success it waits for a (running)" },
        { "a>c b>c c:NoneFailed", "a=S", "c", "upstream: by its rule none_failed it waits for b (scheduled)" },
        { "a>g b>g c>g d>g e>g f>g h>g", "a=S", "g", "upstream: by its rule all_success it waits for b (scheduled), c (scheduled), d (scheduled), e (scheduled), f (scheduled) and 1 more" },
        { "a>b b>c x", "a=F", "b", "upstream: by its rule all_success, because of a (failed)" },
        { "a>b b>c x", "a=F", "c", "upstream: by its rule all_success, because of b (upstream_failed)" },
        { "a>b x", "a=K", "b", "upstream: by its rule all_success, because of a (skipped)" },
        { "a>c b>c x", "a=K b=K", "c", "upstream: by its rule all_success, because of a (skipped), b (skipped)" },
        { "b>x,y z", "b=>x", "y", "branch: b (success) decided that it is not to run" },
        { "c>x x>y y:AllDone z", "c=c", "y", "branch: c (success) decided that it is not to run" },
        { "s!>w w>v v>t? s>t", "", "v", "upstream: by its rule all_success it waits for w (none) | setup: it needs the setup of its scope: s (scheduled)" },
        { "a>b", "a=S", "b", "" }, // the dispatcher knows
        { "a>b x", "a=S", "a", "" }, // its row knows
    };

    [Theory]
    [MemberData(nameof(Table))]
    public void Each_state_has_its_reason(string dag, string ends, string task, string expected)
    {
        var run = NewRun(Parse(dag));
        DagRunDecider.Decide(run, new StartRun(Noon));
        foreach (var end in ends.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var name = end.Split('=')[0];
            var how = end[(name.Length + 1)..];
            if (how == "R")
            {
                DagRunDecider.Decide(run, new DispatchTasks("w", [Index(run.Graph, name)], Noon));
            }
            else
            {
                End(run, name, how);
            }
        }

        Assert.Equal(expected, Shown(run, Index(run.Graph, task)));
    }

    [Fact]
    public void Waits_for_a_time_for_the_past_and_for_what_is_mapped_are_told()
    {
        var run = NewRun(Of(
            Task("retries") with { Retries = 2, RetryDelay = TimeSpan.FromMinutes(5) },
            Task("pokes") with { Sensor = new() { Mode = SensorMode.Reschedule, Timeout = TimeSpan.FromHours(2) } },
            Task("past") with { DependsOnPast = true },
            Task("wait") with { DependsOnPast = true, WaitForDownstream = true },
            Task("list"),
            Task("each", 4) with { Map = new() { Sources = [new() { Argument = "x", Task = 4 }] }, TriggerRule = TriggerRule.AllDone }));
        DagRunDecider.Decide(run, new StartRun(Noon));
        DagRunDecider.Decide(run, new DispatchTasks("w", [0, 1], Noon));
        DagRunDecider.Decide(run, new ReportTask(0, 1, new() { Kind = OutcomeKind.Failed, StartedAt = Noon, EndedAt = Noon }, Noon));
        DagRunDecider.Decide(run, new ReportTask(1, 1, new() { Kind = OutcomeKind.Rescheduled, StartedAt = Noon, EndedAt = Noon, ResumeAt = Noon.AddMinutes(1) }, Noon));

        Assert.Equal("retry: try 1 failed or was lost; it is tried again at 2021-02-06 12:05:00Z, 2 tries left", Shown(run, 0));
        Assert.Equal(Noon.AddMinutes(5), TaskReasons.Of(run, 0)[0].Until);
        Assert.Equal("poke: it pokes again at 2021-02-06 12:01:00Z and times out at 2021-02-06 14:00:00Z", Shown(run, 1));
        Assert.Equal(Noon.AddMinutes(1), TaskReasons.Of(run, 1)[0].Until);
        Assert.Equal("past: it waits for itself in the run before (depends_on_past)", Shown(run, 2));
        Assert.Equal("past: it waits for itself and what comes after it in the run before (wait_for_downstream)", Shown(run, 3));
        Assert.Equal("upstream: by its rule all_done it waits for list (scheduled)", Shown(run, 5));

        DagRunDecider.Decide(run, new DispatchTasks("w", [4], Noon));
        DagRunDecider.Decide(run, new ClearTasks(new() { Tasks = ["list"] }, new("ann", "wrong"), Noon));
        Assert.Equal("stopping: its attempt with w is being stopped (cleared by ann: wrong); it runs again when that has ended", Shown(run, 4));
    }

    private static string Shown(DagRunState run, int instance) => string.Join(" | ", TaskReasons.Of(run, instance).Select(reason => $"{reason.Kind}: {reason.Text}"));
}
