using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Core.TaskInstances;
using Sluice.Scheduler.Dags;
using static Sluice.Scheduler.Tests.SimulatedScheduler;

namespace Sluice.Scheduler.Tests.DagRuns;

/// <summary>Runs that wait for the one before, in virtual time (semantics.md, 7).</summary>
public sealed class PastRunTests
{
    private readonly SimulatedScheduler _cluster = new();

    /// <summary>What becomes of <c>after</c> in the first run, and whether <c>bound</c> of the second goes on.</summary>
    [Theory]
    [InlineData("running", false)]
    [InlineData("failed", false)]
    [InlineData("success", true)]
    [InlineData("skipped", true)]
    [InlineData("removed", true)]
    public void A_task_that_waits_for_downstream_goes_on_when_what_came_after_it_is_done(string state, bool goesOn)
    {
        var after = Task("after", 0) with { StartDate = state == "removed" ? Start : null };
        var (worker, runs) = TwoRuns([Task("bound") with { WaitForDownstream = true }, after]);
        Assert.Equal([(runs[0], 0)], Held(worker)); // the second waits for the first

        worker.End(worker.Held.Single());
        if (state == "removed")
        {
            Assert.Equal(TaskState.Removed, StateOf(runs[0], "after"));
        }
        else
        {
            Assert.Equal([(runs[0], 1)], Held(worker)); // its own success is not enough
            if (state != "running")
            {
                worker.End(worker.Held.Single(), state switch { "failed" => OutcomeKind.FailedFinally, "skipped" => OutcomeKind.Skipped, _ => OutcomeKind.Success });
                Assert.Equal(state, StateOf(runs[0], "after").Name());
            }
        }

        worker.BeatFor(TimeSpan.FromMinutes(1));
        Assert.Equal(goesOn, Held(worker).Contains((runs[1], 0)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_task_does_not_wait_for_itself_where_it_was_outside_its_dates(bool waitsForDownstream)
    {
        var bound = Task("bound") with { StartDate = Start.AddDays(-1), DependsOnPast = true, WaitForDownstream = waitsForDownstream };
        var (worker, runs) = TwoRuns([bound, Task("free")]);

        Assert.True(_cluster.RunUntil(() => Held(worker).Contains((runs[1], 0))), "it waits for a task that never ran");
        Assert.Equal(TaskState.Removed, StateOf(runs[0], "bound"));
    }

    [Fact]
    public void Runs_by_hand_in_between_do_not_stand_in_for_the_interval_before()
    {
        // So many of one date that they fill a page of the list, before the run that counts.
        var (worker, runs) = TwoRuns([Task("bound") with { DependsOnPast = true }], dag => dag with { MaxActiveRuns = 50 }, onlyFirst: true);
        for (var i = 0; i < 30; i++)
        {
            Assert.NotNull(_cluster.Ask<CreateRunAnswer>(new ToDag(new("daily"), new TriggerRun(_cluster.RunOf(runs[0]).Facts.LogicalDate, $"by-hand-{i}", "{}"))).Facts);
        }

        // The first of its date, so they wait for nothing; the next interval comes.
        worker.BeatFor(TimeSpan.FromSeconds(5));
        foreach (var id in worker.Held.Where(id => id.Run != runs[0]).ToList())
        {
            worker.End(id);
        }

        _cluster.RunFor(TimeSpan.FromDays(1));
        worker.JoinWhoeverLeads();
        var second = _cluster.Runs()[^1].Facts;
        Assert.Equal((RunType.Scheduled, _cluster.RunOf(runs[0]).Facts.LogicalDate.AddDays(1)), (second.Type, second.LogicalDate));
        worker.BeatFor(TimeSpan.FromMinutes(1));
        Assert.DoesNotContain((second.Key, 0), Held(worker));

        worker.End(worker.Held.Single(id => id.Run == runs[0]));
        Assert.True(_cluster.RunUntil(() => Held(worker).Contains((second.Key, 0))), "the second did not come");
    }

    [Fact]
    public void Without_catchup_of_all_any_run_is_the_run_before()
    {
        var dag = Daily() with { Catchup = CatchupMode.Latest, StartDate = Start.AddDays(-1), Tasks = [Task("bound") with { DependsOnPast = true }] };
        _cluster.Define(dag);
        var worker = _cluster.AddWorker(slots: 10);
        Assert.True(_cluster.RunUntil(() => worker.Held.Count == 1));
        worker.End(worker.Held.Single());
        var byHand = _cluster.Ask<CreateRunAnswer>(new ToDag(dag.Id, new TriggerRun(Start.AddHours(-1), "by-hand", "{}"))).Facts!.Key;
        Assert.True(_cluster.RunUntil(() => Held(worker).Contains((byHand, 0))));

        _cluster.RunFor(TimeSpan.FromDays(1));
        worker.JoinWhoeverLeads();
        worker.BeatFor(TimeSpan.FromMinutes(1));
        var second = _cluster.Runs()[^1].Facts;
        Assert.Equal(Start, second.LogicalDate);
        Assert.DoesNotContain((second.Key, 0), Held(worker));

        worker.End(worker.Held.Single(id => id.Run == byHand));
        Assert.True(_cluster.RunUntil(() => Held(worker).Contains((second.Key, 0))), "the second did not come");
    }

    private (PlayedWorker Worker, List<long> Runs) TwoRuns(TaskSpec[] tasks, Func<DagSpec, DagSpec>? change = null, bool onlyFirst = false)
    {
        var dag = Daily() with { StartDate = Start.AddDays(onlyFirst ? -1 : -2), Catchup = CatchupMode.All, Tasks = tasks };
        _cluster.Define(change?.Invoke(dag) ?? dag);
        var worker = _cluster.AddWorker(slots: 100);
        Assert.True(_cluster.RunUntil(() => _cluster.Runs().Count == (onlyFirst ? 1 : 2) && worker.Held.Count > 0));
        worker.BeatFor(TimeSpan.FromSeconds(5));
        return (worker, [.. _cluster.Runs().Select(run => run.Facts.Key)]);
    }

    private static IEnumerable<(long Run, int Task)> Held(PlayedWorker worker) => worker.Held.Select(id => (id.Run, id.Task));

    private TaskState StateOf(long run, string task) => _cluster.Attempts(run).Last(row => row.Task.Value == task).State;
}
