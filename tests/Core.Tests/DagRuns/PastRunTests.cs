using Sluice.Core.Assets;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Core.TaskInstances;
using static Sluice.Core.Tests.DagRuns.Graphs;

namespace Sluice.Core.Tests.DagRuns;

/// <summary>What the run before must have come to (semantics.md, 7): every state of the task and of what comes after it, with each flag.</summary>
public sealed class PastRunTests
{
    private static readonly TaskState[] Passing = [TaskState.Success, TaskState.Skipped, TaskState.Removed];

    // Null: the task has no row yet.
    private static readonly TaskState?[] States = [null, .. Enum.GetValues<TaskState>().Cast<TaskState?>()];

    public enum Flag
    {
        None,
        DependsOnPast,
        WaitForDownstream,
        Both,
    }

    [Theory]
    [InlineData(Flag.None)]
    [InlineData(Flag.DependsOnPast)]
    [InlineData(Flag.WaitForDownstream)]
    [InlineData(Flag.Both)]
    public void A_task_goes_on_after_success_skips_and_what_was_no_part_of_the_run(Flag flag)
    {
        // a before b and c, which comes after b only.
        var task = Task("a") with { DependsOnPast = flag is Flag.DependsOnPast or Flag.Both, WaitForDownstream = flag is Flag.WaitForDownstream or Flag.Both };
        var graph = Of(task, Task("b", 0), Task("c", 1), Task("d", 0));
        foreach (var own in States)
        {
            foreach (var after in States)
            {
                foreach (var other in new TaskState?[] { TaskState.Success, TaskState.Removed, TaskState.Failed })
                {
                    var past = Past(graph.Spec, isOver: false, ("a", own), ("b", after), ("d", other), ("c", TaskState.Failed));
                    var expected = flag switch
                    {
                        Flag.None => false, // it waits for nothing, so there is nothing to be met
                        Flag.DependsOnPast => Passes(own),
                        _ => Passes(own) && Passes(after) && Passes(other),
                    };

                    Assert.True(expected == PastRun.Met(Started(graph), past).Contains(0), $"{flag}: a={own}, b={after}, d={other} should {(expected ? "" : "not ")}pass");
                }
            }
        }
    }

    [Fact]
    public void The_first_run_waits_for_nothing() =>
        Assert.Equal([0, 1], PastRun.Met(Started(Of(Task("a") with { DependsOnPast = true }, Task("b", 0) with { WaitForDownstream = true })), null));

    [Fact]
    public void A_task_that_the_run_before_did_not_know_waits_for_nothing()
    {
        var now = Of(Task("old") with { DependsOnPast = true }, Task("new") with { WaitForDownstream = true });
        var past = Past(Of(Task("old")).Spec, isOver: false, ("old", TaskState.Running));

        Assert.Equal([1], PastRun.Met(Started(now), past));
    }

    [Fact]
    public void Downstreams_are_those_of_the_run_before()
    {
        var now = Of(Task("a") with { WaitForDownstream = true }, Task("b", 0));
        var then = Of(Task("a"), Task("gone", 0), Task("b"));

        Assert.Empty(PastRun.Met(Started(now), Past(then.Spec, isOver: false, ("a", TaskState.Success), ("gone", TaskState.Running), ("b", TaskState.Success))));
        Assert.Equal([0], PastRun.Met(Started(now), Past(then.Spec, isOver: false, ("a", TaskState.Success), ("gone", TaskState.Success), ("b", TaskState.Running))));
    }

    /// <summary>State of the task's own number, states of its instances, whether the run is over; whether that passes.</summary>
    public static TheoryData<TaskState?, string, bool, bool> Mapped => new()
    {
        { null, "", false, false },
        { TaskState.Skipped, "", false, true }, // there was nothing to map over
        { TaskState.Removed, "", false, true }, // outside its dates
        { TaskState.UpstreamFailed, "", true, false },
        { TaskState.Failed, "", true, false },
        { null, "Success Success", false, false }, // more may come
        { null, "Success Success", true, true },
        { null, "Success Skipped Removed", true, true },
        { null, "Success Failed", true, false },
        { null, "UpstreamFailed Success", true, false },
        { TaskState.None, "Success Success", true, true }, // cleared, and expanded anew
        { TaskState.None, "Success Removed Removed", true, true }, // with fewer
        { TaskState.None, "Success Running", false, false },
        { TaskState.None, "", false, false },
    };

    [Theory]
    [MemberData(nameof(Mapped))]
    public void A_mapped_task_is_past_when_all_its_instances_are(TaskState? own, string instances, bool isOver, bool passes)
    {
        var mapped = Task("a") with { DependsOnPast = true, Map = new() { Sources = [new() { Argument = "x", Values = "[1,2,3]" }] } };
        var states = instances.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select((state, i) => ($"a[{i}]", (TaskState?)Enum.Parse<TaskState>(state)));
        var past = Past(Of(mapped).Spec, isOver, [("a", own), .. states]);

        Assert.Equal(passes, PastRun.Met(Started(Of(Task("a") with { DependsOnPast = true })), past).Contains(0));
    }

    [Fact]
    public void With_catchup_of_all_only_runs_of_intervals_count()
    {
        var asset = new Asset("a");
        Schedule[] byClock = [Schedule.Daily, Schedule.Every(TimeSpan.FromHours(1)), Schedule.EveryMonths(1), Schedule.At("0 2 * * *"), Schedule.Once, Schedule.AssetOrTime("@daily", asset)];
        Schedule[] others = [Schedule.None, Schedule.Assets(asset)];
        foreach (var catchup in Enum.GetValues<CatchupMode>())
        {
            foreach (var type in Enum.GetValues<RunType>())
            {
                foreach (var schedule in byClock.Concat(others))
                {
                    var dag = new DagSpec { Id = new("dag"), Schedule = schedule, Catchup = catchup, Tasks = [] };
                    var expected = catchup != CatchupMode.All || others.Contains(schedule) || type is RunType.Scheduled or RunType.Backfill;

                    Assert.True(expected == PastRun.Counts(type, dag), $"{type} with catchup {catchup} and {schedule}");
                }
            }
        }
    }

    private static bool Passes(TaskState? state) => state is { } known && Passing.Contains(known);

    private static DagRunState Started(DagGraph graph)
    {
        var run = NewRun(graph);
        DagRunDecider.Decide(run, new StartRun(Noon));
        return run;
    }

    private static PastRun Past(DagSpec spec, bool isOver, params IEnumerable<(string Task, TaskState? State)> states) =>
        new(spec, isOver, states.Where(entry => entry.State is not null).ToDictionary(entry => new TaskId(entry.Task), entry => entry.State!.Value));
}
