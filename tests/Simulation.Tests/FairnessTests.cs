using System.Globalization;
using Sluice.Cluster.Worker.Attempts;
using Sluice.Core.Backfills;
using Sluice.Core.Dags;
using Sluice.Core.Queues;
using Sluice.Core.Schedules;
using Sluice.Core.TaskInstances;
using Sluice.Scheduler;
using Sluice.Scheduler.Backfills;
using Sluice.Scheduler.Dags;

namespace Sluice.Simulation.Tests;

/// <summary>No starvation: what is large or stuck never holds up what is small.</summary>
public sealed class FairnessTests
{
    private static readonly TimeSpan MostDelay = TimeSpan.FromMilliseconds(100);
    private static readonly DateTimeOffset FirstDay = new(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>
    /// In virtual time, with messages of 0.2 to 2 ms and commits of 1 ms and 10 us a row. The delay of a task is from its run's trigger, or from the
    /// end of the task before it, to its start on a worker.
    /// </summary>
    [Theory]
    [InlineData(1, 15)]
    [InlineData(2, 40)]
    [InlineData(3, 1)]
    public void Twenty_small_Dags_wait_less_than_100_ms_beside_5000_tasks_a_full_pool_and_a_backfill(int seed, int longestMilliseconds)
    {
        var cluster = new SimulatedCluster(seed, new());
        cluster.Store.CommitTakes = batch => TimeSpan.FromMilliseconds(1) + (TimeSpan.FromMicroseconds(10) * (batch.Entries.Count + batch.Changes.Count));
        cluster.AddScheduler();
        var times = new Dictionary<TaskKey, (DateTimeOffset Start, DateTimeOffset End)>();
        for (var worker = 0; worker < 2; worker++)
        {
            cluster.AddWorker(slots: 8, (_, time) => new TimedTasks(time, () => TimeSpan.FromMilliseconds(1 + cluster.Simulation.NextRandom(longestMilliseconds)), times));
        }

        var big = Layered("big", layers: 5, width: 1_000);
        var stuck = Wide("stuck", tasks: 300, pool: "full", priority: 1_000);
        var history = Wide("history", tasks: 20, priority: 1_000) with { Schedule = Schedule.Daily, StartDate = FirstDay };
        var small = Enumerable.Range(0, 20).Select(i => Chain($"small-{i}", 3)).ToList();
        foreach (var dag in small.Prepend(history).Prepend(stuck).Prepend(big))
        {
            cluster.Define(dag);
        }

        // One at a time, and hundreds of high priority behind it.
        cluster.Ask<bool>(new SetPool("full", 1, IncludeDeferred: false, Description: null));

        // Only its backfill runs: its latest interval would be live work.
        cluster.Ask<bool>(new ToDag(history.Id, new SetPaused(true)));
        cluster.Trigger(stuck.Id, "r");
        cluster.Ask<BackfillAnswer>(new MakeBackfill(
            "b", history.Id, DagVersion.Of(history), new(FirstDay, FirstDay.AddDays(60)), new BackfillOptions { MaxActiveRuns = 50 }, "ann", null));
        cluster.Trigger(big.Id, "r");
        cluster.Simulation.RunFor(TimeSpan.FromMilliseconds(50));
        Assert.True(times.Count > 0, "nothing runs beside the small Dags");

        var triggered = new Dictionary<string, DateTimeOffset>();
        foreach (var dag in small)
        {
            triggered.Add(dag.Id.Value, cluster.Simulation.Now);
            cluster.Trigger(dag.Id, "r");
        }

        var runs = cluster.Runs().Where(run => triggered.ContainsKey(run.Facts.Dag.Value)).ToList();
        Assert.Equal(20, runs.Count);
        Assert.True(
            cluster.Simulation.RunUntil(() => runs.All(run => times.TryGetValue(new(run.Facts.Key, 2), out var last) && last.End != default), TimeSpan.FromSeconds(20)),
            "the small Dags did not end");
        Assert.All([big.Id, stuck.Id], dag => Assert.Contains(cluster.Runs(), run => run.Facts.Dag == dag && run.State == Core.DagRuns.RunState.Running));

        var delays = runs.SelectMany(run => Enumerable.Range(0, 3).Select(task =>
            times[new(run.Facts.Key, task)].Start - (task == 0 ? triggered[run.Facts.Dag.Value] : times[new(run.Facts.Key, task - 1)].End))).Order().ToList();
        Assert.True(delays[^1] < MostDelay, string.Create(
            CultureInfo.InvariantCulture, $"seed {seed}: delays of {delays[delays.Count / 2].TotalMilliseconds:0.0} ms in the median and {delays[^1].TotalMilliseconds:0.0} ms at most"));
    }

    private static DagSpec Layered(string id, int layers, int width) => new()
    {
        Id = new(id),
        Tasks = [.. Enumerable.Range(0, layers * width).Select(i => Task($"t{i}") with
        {
            Upstream = i < width ? [] : [.. new[] { i, i + 1, i + 2 }.Select(at => ((i / width) - 1) * width + (at % width)).Order()],
        })],
    };

    private static DagSpec Wide(string id, int tasks, string pool = DispatchQueue.DefaultPool, int priority = 1) => new()
    {
        Id = new(id),
        Tasks = [.. Enumerable.Range(0, tasks).Select(i => Task($"t{i}") with { Pool = pool, Priority = priority })],
    };

    private static DagSpec Chain(string id, int tasks) => new()
    {
        Id = new(id),
        Tasks = [.. Enumerable.Range(0, tasks).Select(i => Task($"t{i}") with { Upstream = i == 0 ? [] : [i - 1] })],
    };

    private static TaskSpec Task(string id) => new() { Id = new(id), Operator = "ShellOperator" };

    /// <summary>Tasks that take a while and succeed, with a record of when.</summary>
    private sealed class TimedTasks(TimeProvider time, Func<TimeSpan> length, Dictionary<TaskKey, (DateTimeOffset Start, DateTimeOffset End)> times) : IAttemptExecutor
    {
        public async Task<TaskOutcome> ExecuteAsync(AttemptWork work, CancellationToken kill)
        {
            var key = new TaskKey(work.Id.Run, work.Id.Task);
            var start = time.GetUtcNow();
            times[key] = (start, default);
            await System.Threading.Tasks.Task.Delay(length(), time, kill);
            var end = time.GetUtcNow();
            times[key] = (start, end);
            return new() { Kind = OutcomeKind.Success, StartedAt = start, EndedAt = end };
        }
    }
}
