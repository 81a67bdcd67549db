using Sluice.Cluster.Wire;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Core.TaskInstances;
using static Sluice.Scheduler.Tests.SimulatedScheduler;

namespace Sluice.Scheduler.Tests.DagRuns;

/// <summary>What the rules of a run ask of the actors around it.</summary>
public sealed class FlowTests
{
    private readonly SimulatedScheduler _cluster = new();

    [Fact]
    public void A_task_waits_for_itself_in_the_previous_run_also_across_a_takeover()
    {
        var dag = Daily() with
        {
            StartDate = Start.AddDays(-3),
            Catchup = CatchupMode.All,
            Tasks = [Task("free"), Task("bound") with { DependsOnPast = true }],
        };
        _cluster.Define(dag);
        var worker = _cluster.AddWorker(slots: 10);
        _cluster.RunUntil(() => worker.Held.Count == 4);
        var runs = _cluster.Runs().Select(run => run.Facts.Key).ToList();

        // Three runs, but one "bound" only: that of the first.
        Assert.Equal([(runs[0], 0), (runs[0], 1), (runs[1], 0), (runs[2], 0)], worker.Held.Select(id => (id.Run, id.Task)).Order());
        _cluster.TakeOver();
        worker.Join();
        worker.End(worker.Held.Single(id => id.Task == 1));
        Assert.True(_cluster.RunUntil(() => worker.Held.Any(id => id == new AttemptId(runs[1], 1, 1))), "the second did not come");
        Assert.DoesNotContain(worker.Held, id => id.Run == runs[2] && id.Task == 1);

        // A failure keeps those after it waiting.
        worker.End(new(runs[1], 1, 1), OutcomeKind.Failed);
        worker.BeatFor(TimeSpan.FromMinutes(1));
        Assert.DoesNotContain(worker.Held, id => id.Run == runs[2] && id.Task == 1);
        Assert.Equal(RunState.Running, _cluster.RunOf(runs[2]).State);
    }

    [Fact]
    public void Instances_of_a_mapped_task_have_rows_and_values_of_their_own()
    {
        var dag = Manual() with
        {
            Tasks = [Task("list"), Task("each", 0) with { Map = new() { Sources = [new() { Argument = "x", Task = 0 }] } }, Task("all", 1)],
        };
        _cluster.Define(dag);
        var worker = _cluster.AddWorker(slots: 10);
        worker.Pushes.Add(new("return_value", "[7,8]"));
        var run = _cluster.Trigger(dag, "r").Facts!.Key;
        _cluster.RunUntil(() => worker.Held.Count == 1);

        worker.End(worker.Held.Single());
        Assert.True(_cluster.RunUntil(() => worker.Held.Count == 2));
        Assert.Equal([new MapPosition(1, 0, 2), new(1, 1, 2)], worker.Told.OfType<RunTasks>().SelectMany(told => told.Tasks).Select(task => task.Map).OfType<MapPosition>());
        worker.WorkFor(TimeSpan.FromSeconds(10));

        Assert.Equal(RunState.Success, _cluster.RunOf(run).State);
        Assert.Equal(["all", "each[0]", "each[1]", "list"], _cluster.Attempts(run).Select(row => row.Task.Value));
        Assert.Equal(["all", "each[0]", "each[1]", "list"], _cluster.XComs(run).Select(row => row.Task.Value));
    }

    [Fact]
    public void Fail_fast_kills_what_runs_and_frees_its_slots()
    {
        var dag = Manual() with { FailFast = true, Tasks = [Task("a"), Task("b")] };
        _cluster.Define(dag);
        var worker = _cluster.AddWorker(slots: 2);
        var run = _cluster.Trigger(dag, "r").Facts!.Key;
        _cluster.RunUntil(() => worker.Held.Count == 2);

        worker.End(worker.Held.Single(id => id.Task == 0), OutcomeKind.Failed);
        Assert.True(_cluster.RunUntil(() => _cluster.RunOf(run).State == RunState.Failed));

        Assert.Equal(["b"], worker.Told.OfType<KillTasks>().SelectMany(kill => kill.Ids).Select(id => dag.Tasks[id.Task].Id.Value));
        Assert.Equal("fail_fast: a failed", _cluster.Attempts(run).Single(row => row.Task.Value == "b").Error);
    }
}
