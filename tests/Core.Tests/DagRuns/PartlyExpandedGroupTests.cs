using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using static Sluice.Core.Tests.DagRuns.Graphs;

namespace Sluice.Core.Tests.DagRuns;

/// <summary>A mapped group of which one task had ended before the others were expanded.</summary>
public sealed class PartlyExpandedGroupTests
{
    private static readonly ByHand Ann = new("ann", "wrong input");

    /// <summary>"g.a" fails with "x", unexpanded; "g.b" goes on without it. Cleared, both do the same again.</summary>
    [Theory]
    [InlineData(TriggerRule.AllDone)]
    [InlineData(TriggerRule.Always)]
    public void Instances_count_what_ends_unexpanded_in_their_group(TriggerRule rule)
    {
        var run = Started(Task("x"), Mapped("g.a", 0), Mapped("g.b", 1) with { TriggerRule = rule });
        EndAll(run, OutcomeKind.FailedFinally, "x");
        EndAll(run, OutcomeKind.Success, "g.b[0]", "g.b[1]");
        Assert.Equal("x=Failed g.a=UpstreamFailed g.b[0]=Success g.b[1]=Success", Shown(run));

        DagRunDecider.Decide(run, new ClearTasks(new() { Tasks = ["g"] }, Ann, Noon));
        DagRunDecider.Decide(run, new StartRun(Noon));

        Assert.Equal("x=Failed g.a=UpstreamFailed g.b[0]=Scheduled g.b[1]=Scheduled", Shown(run));
        AssertRestored(run);
    }

    /// <summary>"g.b" fails with "x", unexpanded, after "g.a" was expanded or before; when "x" is right it is expanded alone.</summary>
    [Fact]
    public void What_is_expanded_after_the_rest_of_its_group_looks_at_its_own_index_also_after_a_restart()
    {
        var run = Started(Task("x"), Mapped("g.a"), Mapped("g.b", 0, 1));
        EndAll(run, OutcomeKind.FailedFinally, "x");
        EndAll(run, OutcomeKind.Success, "g.a[0]", "g.a[1]");
        DagRunDecider.Decide(run, new ClearTasks(new() { Tasks = ["x"], Downstream = true }, Ann, Noon));
        DagRunDecider.Decide(run, new StartRun(Noon));
        EndAll(run, OutcomeKind.Success, "x");
        Assert.Equal("x=Success g.a[0]=Success g.a[1]=Success g.b[0]=Scheduled g.b[1]=Scheduled", Shown(run));
        AssertRestored(run);

        DagRunDecider.Decide(run, new ClearTasks(new() { Tasks = ["g.a"], Downstream = true }, Ann, Noon));
        EndAll(run, OutcomeKind.Success, "g.a[1]");

        Assert.Equal("x=Success g.a[0]=Scheduled g.a[1]=Success g.b[0]=None g.b[1]=Scheduled", Shown(run));
        AssertRestored(run);
    }

    /// <summary>The same with another version in between, in which the group has one instance more than what was expanded of it.</summary>
    [Theory]
    [InlineData(3)]
    [InlineData(1)]
    public void What_is_expanded_later_with_another_length_has_those_before_it_that_are_there(int length)
    {
        var run = Started(Task("x"), Mapped("g.a"), Mapped("g.b", 0, 1));
        EndAll(run, OutcomeKind.FailedFinally, "x");
        EndAll(run, OutcomeKind.Success, "g.a[0]", "g.a[1]");
        var values = $"[{string.Join(',', Enumerable.Range(0, length))}]";
        DagRunDecider.Decide(run, new UpgradeRun(Of(Task("x"), Mapped("g.a") with { Map = Map(values) }, Mapped("g.b", 0, 1) with { Map = Map(values) }), "v2", null, new Dictionary<OutputKey, int>(), Ann, Noon));
        DagRunDecider.Decide(run, new ClearTasks(new() { Tasks = ["x"], Downstream = true }, Ann, Noon));
        DagRunDecider.Decide(run, new StartRun(Noon));
        EndAll(run, OutcomeKind.Success, "x");
        AssertRestored(run);
        DagRunDecider.Decide(run, new ClearTasks(new() { Tasks = ["g.a"], Downstream = true }, Ann, Noon));
        AssertRestored(run);

        EndAll(run, OutcomeKind.Success, "g.a[0]", "g.a[1]");

        Assert.Equal(
            string.Join(' ', ["x=Success", "g.a[0]=Success", "g.a[1]=Success", .. Enumerable.Range(0, length).Select(index => $"g.b[{index}]=Scheduled")]), Shown(run));
        AssertRestored(run);
    }

    private static MapSpec Map(string values) => new() { Group = "g", Sources = [new() { Argument = "n", Values = values }] };

    private static TaskSpec Mapped(string id, params int[] upstream) => Task(id, upstream) with { Map = Map("[1,2]") };

    private static DagRunState Started(params TaskSpec[] tasks)
    {
        var run = NewRun(Of(tasks));
        DagRunDecider.Decide(run, new StartRun(Noon));
        return run;
    }

    private static void EndAll(DagRunState run, OutcomeKind kind, params string[] names)
    {
        foreach (var name in names)
        {
            var instance = Enumerable.Range(0, run.Instances).Single(number => !run.IsGone(number) && run.NameOf(number).Value == name);
            DagRunDecider.Decide(run, new DispatchTasks("w", [instance], Noon));
            DagRunDecider.Decide(run, new ReportTask(instance, run.TokenOf(instance), new() { Kind = kind, StartedAt = Noon, EndedAt = Noon }, Noon));
        }
    }

    private static void AssertRestored(DagRunState run) =>
        DagRunDeciderTests.AssertSame(run, new(run.Graph, DagRunJson.DeserializeSnapshot(DagRunJson.Serialize(run.Snapshot()))), 0);

    private static string Shown(DagRunState run) => string.Join(' ', Enumerable.Range(0, run.Instances).Where(instance => !run.IsGone(instance))
        .OrderBy(run.TaskOf).ThenBy(run.MapIndexOf).Select(instance => $"{run.NameOf(instance)}={run.StateOf(instance)}"));
}
