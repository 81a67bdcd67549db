using Sluice.Cluster.Wire;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Core.TaskInstances;

namespace Sluice.Scheduler.Tests;

public sealed class RunTimeoutTests
{
    private static readonly DagSpec Limited = SimulatedScheduler.Manual() with
    {
        Tasks = [SimulatedScheduler.Task("a"), SimulatedScheduler.Task("b", 0)],
        DagRunTimeout = TimeSpan.FromMinutes(5),
    };

    [Fact]
    public void A_run_over_its_limit_fails_its_attempt_is_killed_and_the_rest_is_skipped()
    {
        var cluster = new SimulatedScheduler();
        var worker = cluster.AddWorker();
        cluster.Define(Limited);
        var run = cluster.Trigger(Limited, "r").Facts!.Key;

        worker.BeatFor(TimeSpan.FromMinutes(4.9));
        Assert.Equal(RunState.Running, cluster.RunOf(run).State);
        worker.BeatFor(TimeSpan.FromSeconds(12));

        Assert.Equal((RunState.Failed, "timed_out"), (cluster.RunOf(run).State, cluster.RunOf(run).Reason));
        Assert.All(cluster.Attempts(run), attempt => Assert.Equal(TaskState.Skipped, attempt.State));
        // This worker does not listen, so it is told again and again.
        var kill = worker.Told.OfType<KillTasks>().First();
        Assert.Equal("The run took longer than its limit of 00:05:00.", kill.Reason);
    }

    [Fact]
    public void The_limit_counts_on_through_a_takeover()
    {
        var cluster = new SimulatedScheduler();
        var worker = cluster.AddWorker();
        cluster.Define(Limited);
        var run = cluster.Trigger(Limited, "r").Facts!.Key;
        worker.BeatFor(TimeSpan.FromMinutes(3));

        cluster.TakeOver();
        worker.Join();
        worker.BeatFor(TimeSpan.FromMinutes(2.1));

        Assert.Equal((RunState.Failed, "timed_out"), (cluster.RunOf(run).State, cluster.RunOf(run).Reason));
    }

    [Fact]
    public void A_continuous_dag_always_has_one_run_that_begins_where_the_last_one_ended()
    {
        var cluster = new SimulatedScheduler();
        var worker = cluster.AddWorker();
        var dag = SimulatedScheduler.Manual("loop") with { Schedule = Schedule.Continuous, StartDate = SimulatedScheduler.Start, MaxActiveRuns = 1 };
        cluster.Define(dag);
        for (var i = 0; i < 3; i++)
        {
            cluster.RunUntil(() => worker.Held.Count > 0);
            worker.BeatFor(TimeSpan.FromMinutes(2));
            worker.End(worker.Held.Single());
        }

        cluster.RunUntil(() => worker.Held.Count > 0);
        var runs = cluster.Runs();
        Assert.Equal(4, runs.Count);
        Assert.Single(runs, run => run.State == RunState.Running);
        Assert.All(runs.Zip(runs.Skip(1)), pair => Assert.Equal(pair.First.Facts.Interval.End, pair.Second.Facts.Interval.Start));
        Assert.All(runs.Skip(1), run => Assert.InRange(run.Facts.CreatedAt - run.Facts.Interval.End, TimeSpan.Zero, TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public void A_task_outside_its_dates_is_removed_from_the_run()
    {
        var cluster = new SimulatedScheduler();
        var worker = cluster.AddWorker();
        var dag = SimulatedScheduler.Manual() with
        {
            Tasks = [SimulatedScheduler.Task("later") with { StartDate = SimulatedScheduler.Start.AddYears(1) }, SimulatedScheduler.Task("now", 0)],
        };
        cluster.Define(dag);
        var run = cluster.Trigger(dag, "r").Facts!.Key;
        worker.WorkFor(TimeSpan.FromSeconds(2));

        Assert.Equal(RunState.Success, cluster.RunOf(run).State);
        Assert.Equal([TaskState.Removed, TaskState.Success], cluster.Attempts(run).OrderBy(attempt => attempt.Task.Value).Select(attempt => attempt.State));
    }
}
