using System.Diagnostics;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Queues;
using Sluice.Core.TaskInstances;
using Xunit.Abstractions;
using static Sluice.Core.Tests.DagRuns.Graphs;

namespace Sluice.Core.Tests.DagRuns;

[Collection(AloneCollection.Name)]
public sealed class MappingTests(ITestOutputHelper output)
{
    [Fact]
    public void A_mapped_task_becomes_its_instances_and_who_comes_after_waits_for_all()
    {
        var run = Started(Of(Task("list"), Mapped("each", 0), Task("all", 1)));
        End(run, "list", "[1,2,3]");

        Assert.Equal("each[0]=scheduled each[1]=scheduled each[2]=scheduled list=success all=none", Show(run));
        End(run, "each[2]");
        End(run, "each[0]");
        Assert.Equal(TaskState.None, run.StateOf(2));
        End(run, "each[1]");
        Assert.Equal(TaskState.Scheduled, run.StateOf(2));
    }

    [Theory]
    [InlineData("[]", "list=success each=skipped all=skipped", "nothing to map over is skipped")]
    [InlineData("{\"a\":1}", "each[0]=scheduled list=success all=none", "an object counts its properties")]
    [InlineData("7", "list=failed each=upstream_failed all=upstream_failed", "what is no list fails the task that returned it")]
    [InlineData("[1,2,3,4,5,6]", "list=failed each=upstream_failed all=upstream_failed", "and so does a list over the limit")]
    [InlineData(null, "list=failed each=upstream_failed all=upstream_failed", "and nothing at all")]
    public void The_output_decides_how_many_there_are(string? returned, string expected, string why)
    {
        var graph = Of(Task("list"), Mapped("each", 0), Task("all", 1));
        var run = Started(new(graph.Spec with { MaxMapLength = 5 }));

        End(run, "list", returned);

        Assert.True(expected == Show(run), $"{why}: {Show(run)}");
    }

    [Fact]
    public void A_list_over_the_limit_says_who_how_many_and_which_limit()
    {
        var run = Started(new(Of(Task("list"), Mapped("each", 0)).Spec with { MaxMapLength = 2 }));
        DagRunDecider.Decide(run, new DispatchTasks("w", [0], Noon));
        var ended = (TaskEnded)DagRunDecider.Decide(run, new ReportTask(0, 1, Returning("[1,2,3]"), Noon))[0];

        Assert.Equal("It returned 3 elements, more than the limit of 2 (max_map_length); other tasks are mapped over it.", ended.Error);
    }

    [Fact]
    public void In_a_mapped_group_each_index_goes_its_own_way()
    {
        var map = new MapSpec { Group = "g", Sources = [new() { Values = "[1,2]" }] };
        var run = Started(Of(Task("g.a") with { Map = map }, Task("g.b", 0) with { Map = map }, Task("end", 1)));

        End(run, "g.a[1]");

        Assert.Equal("g.a[0]=scheduled g.b[0]=none g.b[1]=scheduled g.a[1]=success end=none", Show(run, "g.a[0]", "g.b[0]", "g.b[1]", "g.a[1]", "end"));
        End(run, "g.b[1]");
        End(run, "g.a[0]", fails: true);
        Assert.Equal((TaskState.UpstreamFailed, TaskState.UpstreamFailed), (run.StateOf(Number(run, "g.b[0]")), run.StateOf(2)));
    }

    [Fact]
    public void A_task_may_be_mapped_over_what_a_mapped_task_returns()
    {
        var run = Started(Of(Task("a") with { Map = new() { Sources = [new() { Argument = "x", Values = "[1,2,3]" }] } }, Mapped("b", 0)));
        End(run, "a[0]", "1");
        End(run, "a[1]", null);
        End(run, "a[2]", "3");

        Assert.Equal((1, 2), (run.MapIndexOf(6), run.InstancesOf(1).Length));
    }

    [Theory]
    [InlineData(MapMode.Product, null, new[] { 2, 3 }, 6)]
    [InlineData(MapMode.Product, null, new[] { 2, 0 }, 0)]
    [InlineData(MapMode.Product, null, new[] { 70_000, 70_000 }, null)]
    [InlineData(MapMode.Zip, null, new[] { 2, 3 }, 2)]
    [InlineData(MapMode.Zip, "0", new[] { 2, 3 }, 3)]
    [InlineData(MapMode.Zip, "null", new[] { 0, 3 }, 3)]
    [InlineData(MapMode.Zip, null, new[] { 0, 3 }, 0)]
    [InlineData(MapMode.Arguments, null, new[] { 4 }, 4)]
    public void Several_sources_make_so_many_instances(MapMode mode, string? fill, int[] lengths, int? expected) =>
        Assert.Equal(expected, new MapSpec { Mode = mode, Fill = fill, Sources = [] }.LengthOf(lengths));

    /// <summary>By allocations, which a busy machine does not change; times are printed.</summary>
    [Fact]
    public void Ten_thousand_instances_cost_no_more_each_than_a_hundred_and_wait_in_less_than_a_kilobyte()
    {
        Measure(100);
        var (hundred, _) = Measure(100);
        var (thousand, _) = Measure(1_000);
        var (tenThousand, waiting) = Measure(10_000);

        Assert.True(thousand < hundred * 1.5 && tenThousand < hundred * 1.5, $"{hundred}, {thousand}, {tenThousand} bytes an instance");
        Assert.True(waiting < 1024, $"{waiting} bytes a waiting instance");
    }

    private (double Allocated, double Waiting) Measure(int count)
    {
        var graph = new DagGraph(Of(Task("list"), Mapped("each", 0), Task("all", 1)).Spec with { MaxMapLength = 10_000 });
        var list = $"[{string.Join(',', Enumerable.Range(0, count))}]";
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var run = Started(graph);
        var queue = new DispatchQueue();
        queue.AddWorker("w", 1, ["default"]);
        DagRunDecider.Decide(run, new DispatchTasks("w", [0], Noon));
        var clock = Stopwatch.StartNew();
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        DagRunDecider.Decide(run, new ReportTask(0, 1, Returning(list), Noon));
        var (first, length) = run.InstancesOf(1);
        Assert.Equal(count, length);
        for (var instance = first; instance < first + length; instance++)
        {
            queue.Offer(ReadyTask.Of(run, instance));
        }

        var waiting = (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)count;
        var done = Returning("1");
        while (queue.Assign() is [var grant, ..])
        {
            DagRunDecider.Decide(run, new DispatchTasks("w", [grant.Key.Task], Noon));
            DagRunDecider.Decide(run, new ReportTask(grant.Key.Task, 1, done, Noon));
            queue.Free(grant.Key, null);
        }

        Assert.Equal(TaskState.Scheduled, run.StateOf(2));
        var each = (GC.GetAllocatedBytesForCurrentThread() - allocated) / (double)count;
        output.WriteLine($"{count} instances: {clock.Elapsed.TotalMicroseconds / count:0.0} us and {each:0} bytes allocated each, {waiting:0} bytes while waiting");
        return (each, waiting);
    }

    private static TaskSpec Mapped(string id, int over) =>
        Task(id, over) with { Map = new() { Sources = [new() { Argument = "x", Task = over }] } };

    private static TaskOutcome Returning(string? value) =>
        new() { Kind = OutcomeKind.Success, XComs = value is null ? null : [new("return_value", value)] };

    private static DagRunState Started(DagGraph graph)
    {
        var run = NewRun(graph);
        DagRunDecider.Decide(run, new StartRun(Noon));
        return run;
    }

    private static void End(DagRunState run, string name, string? returns = "1", bool fails = false)
    {
        var instance = Number(run, name);
        DagRunDecider.Decide(run, new DispatchTasks("w", [instance], Noon));
        var outcome = fails ? new() { Kind = OutcomeKind.Failed } : Returning(returns);
        DagRunDecider.Decide(run, new ReportTask(instance, run.TokenOf(instance), outcome, Noon));
    }

    private static int Number(DagRunState run, string name) =>
        Enumerable.Range(0, run.Instances).First(instance => !run.IsGone(instance) && run.NameOf(instance).Value == name);

    private static string Show(DagRunState run, params string[] names)
    {
        var shown = Enumerable.Range(0, run.Instances).Where(instance => !run.IsGone(instance)).Select(instance => (Name: run.NameOf(instance).Value, State: run.StateOf(instance).Name()));
        var order = names.Length > 0 ? names : [.. shown.Where(x => x.Name.Contains('[', StringComparison.Ordinal)).Select(x => x.Name), "list", "each", "all"];
        return string.Join(' ', order.Join(shown, name => name, x => x.Name, (name, x) => $"{name}={x.State}"));
    }
}
