using Sluice.Core.Dags;
using Sluice.Core.Queues;

namespace Sluice.Core.Tests.Queues;

public sealed class DispatchQueueTests
{
    [Fact]
    public void A_paused_Dag_gets_nothing_but_for_its_backfills_and_holds_up_nobody()
    {
        var (paused, other) = (new DagId("paused"), new DagId("other"));
        var queue = new DispatchQueue();
        queue.AddWorker("w", 10, ["default"]);
        queue.SetDagLimit(paused, 2, paused: true);
        ReadyTask Ready(DagId dag, long run, int task, bool backfill) => new(new(run, task), dag, DispatchQueue.DefaultPool, 1, "default", 1, backfill, true);
        for (var task = 0; task < 3; task++)
        {
            queue.Offer(Ready(paused, 1, task, backfill: false));
            queue.Offer(Ready(paused, 2, task, backfill: true));
        }

        queue.Offer(Ready(other, 3, 0, backfill: false));
        Assert.Equal([new TaskKey(3, 0), new(2, 0), new(2, 1)], queue.Assign().Select(grant => grant.Key));
        Assert.Equal("the Dag is paused", queue.Reasons(Ready(paused, 1, 0, backfill: false))[0].Text);
        queue.Free(new(2, 0), null);
        Assert.Equal([new TaskKey(2, 2)], queue.Assign().Select(grant => grant.Key));

        queue.SetDagLimit(paused, null);
        Assert.Equal([new TaskKey(1, 0), new(1, 1), new(1, 2)], queue.Assign().Select(grant => grant.Key));
    }

    /// <summary>Two runs of one Dag, each with two instances of each of two tasks; which limit, and how many become active in the first go and in all runs.</summary>
    [Theory]
    [InlineData(null, null, null, 8)]
    [InlineData(3, null, null, 6)]
    [InlineData(null, 1, null, 5)] // of task 0 one over both runs, of task 1 all four
    [InlineData(null, null, 1, 6)]
    [InlineData(2, 1, null, 4)]
    public void Limits_per_run_per_task_and_per_task_and_run_hold_and_block_nobody_else(int? perRun, int? perTask, int? perTaskAndRun, int expected)
    {
        _queue.AddWorker("w", 100, ["default"]);
        for (var run = 1; run <= 2; run++)
        {
            for (var instance = 0; instance < 4; instance++)
            {
                // Those that are limited most come first.
                _queue.Offer(Ready() with { Key = new(run, instance), Limits = new(instance / 2, perRun, instance < 2 ? perTask : null, instance < 2 ? perTaskAndRun : null) });
            }
        }

        var active = _queue.Assign().Select(grant => grant.Key).ToList();
        Assert.Equal(expected, active.Count);
        var done = new HashSet<TaskKey>(active);
        while (active.Count > 0)
        {
            _queue.Free(active[0], null);
            active.RemoveAt(0);
            var more = _queue.Assign().Select(grant => grant.Key).ToList();
            Assert.All(more, key => Assert.True(done.Add(key)));
            active.AddRange(more);
            Assert.True(perRun is null || active.GroupBy(key => key.Run).All(run => run.Count() <= perRun));
        }

        Assert.Equal(8, done.Count);
    }

    private readonly DispatchQueue _queue = new();
    private int _next;

    [Fact]
    public void Tasks_go_to_the_worker_with_most_idle_slots()
    {
        _queue.AddWorker("small", 1, ["default"]);
        _queue.AddWorker("large", 3, ["default"]);
        Offer(3);

        Assert.Equal(["large", "large"], _queue.Assign().Select(grant => grant.Worker).Take(2));
        Assert.Equal(3, _queue.Active);
    }

    [Fact]
    public void No_more_is_granted_than_there_are_slots()
    {
        _queue.AddWorker("w", 2, ["default"]);
        Offer(5);

        Assert.Equal(2, _queue.Assign().Count);
        Assert.Empty(_queue.Assign());
        Assert.Equal(3, _queue.Waiting);
    }

    [Fact]
    public void A_full_pool_holds_up_no_other_pool()
    {
        _queue.SetPool("narrow", 1);
        _queue.AddWorker("w", 10, ["default"]);
        Offer(5, pool: "narrow", priority: 100);
        Offer(3);

        Assert.Equal(4, _queue.Assign().Count);
    }

    [Fact]
    public void A_task_of_several_slots_is_not_overtaken_for_ever()
    {
        _queue.SetPool("p", 2);
        _queue.AddWorker("w", 10, ["default"]);
        Offer(1, pool: "p");
        var held = _queue.Assign().Single();
        Offer(1, pool: "p", poolSlots: 2);
        Offer(3, pool: "p");

        Assert.Empty(_queue.Assign());
        _queue.Free(held.Key, null);
        Assert.Single(_queue.Assign());
    }

    [Fact]
    public void Higher_priority_goes_first_and_backfills_after_all_live_work()
    {
        _queue.AddWorker("w", 1, ["default"]);
        var backfill = Offer(1, priority: 1000, backfill: true).Single();
        var low = Offer(1, priority: 1).Single();
        var high = Offer(1, priority: 9).Single();

        Assert.Equal([high, low, backfill], Drain());
    }

    [Fact]
    public void Dags_of_equal_priority_take_turns()
    {
        _queue.AddWorker("w", 1, ["default"]);
        var big = Offer(3, dag: "big");
        var small = Offer(1, dag: "small").Single();

        Assert.Equal(1, Drain().ToList().IndexOf(small));
        Assert.Equal(3, big.Count);
    }

    [Fact]
    public void A_dag_at_its_limit_lets_others_pass_and_goes_on_when_one_of_its_tasks_ends()
    {
        _queue.SetDagLimit(new DagId("big"), 1);
        _queue.AddWorker("w", 10, ["default"]);
        Offer(3, dag: "big");
        Offer(2, dag: "small");

        var grants = _queue.Assign();
        Assert.Equal(3, grants.Count);
        _queue.Free(grants[0].Key, null);
        Assert.Single(_queue.Assign());
    }

    [Fact]
    public void Only_workers_of_the_queue_are_asked_and_the_obstacle_says_so()
    {
        _queue.AddWorker("w", 10, ["default"]);
        var task = Ready(queue: "gpu");
        _queue.Offer(task);

        Assert.Empty(_queue.Assign());
        Assert.Equal("no worker serves queue 'gpu'", _queue.Reasons(task)[0].Text);
        _queue.AddWorker("g", 1, ["gpu"]);
        Assert.Single(_queue.Assign());
    }

    [Fact]
    public void An_unknown_pool_is_never_scheduled_and_the_obstacle_names_it()
    {
        _queue.AddWorker("w", 10, ["default"]);
        var task = Ready(pool: "nowhere");
        _queue.Offer(task);

        Assert.Empty(_queue.Assign());
        Assert.Equal("there is no pool 'nowhere'; make it: sluice pools set nowhere SLOTS", _queue.Reasons(task)[0].Text);
        Assert.Equal(new PoolOccupancy(0, 0, 1), _queue.Pools()["nowhere"]);

        _queue.SetPool("nowhere", 1);
        Assert.Single(_queue.Assign());
        Assert.Equal(new PoolOccupancy(1, 0, 0), _queue.Pools()["nowhere"]);
    }

    [Fact]
    public void A_removed_pool_keeps_back_what_waits_counts_what_runs_and_may_be_made_again()
    {
        _queue.SetPool("p", 2);
        _queue.AddWorker("w", 10, ["default"]);
        Offer(4, pool: "p");
        var running = _queue.Assign().Select(grant => grant.Key).ToList();
        Assert.Equal(2, running.Count);

        _queue.SetPool("p", null);
        _queue.Free(running[0], null);
        Assert.Empty(_queue.Assign());
        Assert.Equal(new PoolOccupancy(1, 0, 2), _queue.Pools()["p"]);

        _queue.SetPool("p", 2);
        Assert.Single(_queue.Assign());
        _queue.Free(running[1], null);
        Assert.Single(_queue.Assign());
        Assert.Equal(new PoolOccupancy(2, 0, 0), _queue.Pools()["p"]);
    }

    [Fact]
    public void In_a_Dag_the_heavier_goes_first_then_the_earlier_run_and_Dags_take_turns_all_the_same()
    {
        _queue.AddWorker("w", 1, ["default"]);
        ReadyTask Of(string dag, long run, int task, long weight, int day) =>
            new(new(run, task), new(dag), DispatchQueue.DefaultPool, 1, "default", 1, false, true) { Weight = weight, RunDate = day };
        ReadyTask[] tasks =
        [
            Of("big", 2, 0, 10, 2), Of("big", 1, 1, 500, 3), Of("big", 2, 1, 500, 2), Of("big", 1, 0, 900, 3), Of("big", 2, 2, 500, 2),
            Of("small", 7, 1, 1, 1), Of("small", 7, 0, 2, 1),
        ];
        foreach (var task in tasks)
        {
            _queue.Offer(task);
        }

        var order = new List<TaskKey>();
        while (_queue.Assign() is [var grant, ..])
        {
            order.Add(grant.Key);
            _queue.Free(grant.Key, null);
        }

        Assert.Equal([new(1, 0), new(7, 0), new(2, 1), new(7, 1), new(2, 2), new(1, 1), new(2, 0)], order);
    }

    [Fact]
    public void Async_sensors_take_slots_of_a_pool_that_includes_them()
    {
        _queue.SetPool("p", 3, includeDeferred: true);
        _queue.AddWorker("w", 10, ["default"]);
        for (var i = 0; i < 5; i++)
        {
            _queue.Offer(Ready(pool: "p") with { NeedsSlot = false });
        }

        var waiting = _queue.Assign().Select(grant => grant.Key).ToList();
        Assert.Equal(3, waiting.Count);
        Assert.Equal(new PoolOccupancy(0, 3, 2), _queue.Pools()["p"]);
        Offer(1, pool: "p", priority: 9);
        Assert.Empty(_queue.Assign());
        _queue.Free(waiting[0], null);
        Assert.Single(_queue.Assign());
        Assert.Equal(new PoolOccupancy(1, 2, 2), _queue.Pools()["p"]);

        _queue.SetPool("p", 3, includeDeferred: false);
        Assert.Equal(2, _queue.Assign().Count);
        Assert.Equal(new PoolOccupancy(1, 4, 0), _queue.Pools()["p"]);
    }

    [Fact]
    public void An_async_sensor_takes_no_slot()
    {
        _queue.SetPool("p", 0);
        _queue.AddWorker("w", 1, ["default"]);
        Offer(1);
        Assert.Single(_queue.Assign());
        for (var i = 0; i < 100; i++)
        {
            _queue.Offer(Ready(pool: "p") with { NeedsSlot = false });
        }

        Assert.Equal(100, _queue.Assign().Count);
    }

    [Fact]
    public void Short_tasks_are_given_ahead_and_long_ones_are_not()
    {
        _queue.AddWorker("w", 2, ["default"]);
        Offer(100);
        foreach (var grant in _queue.Assign())
        {
            _queue.Free(grant.Key, TimeSpan.FromMilliseconds(1));
        }

        Assert.InRange(_queue.Assign().Count, 20, 64);

        var slow = new DispatchQueue();
        slow.AddWorker("w", 2, ["default"]);
        for (var i = 0; i < 10; i++)
        {
            slow.Offer(Ready());
        }

        slow.Free(slow.Assign()[0].Key, TimeSpan.FromSeconds(5));
        Assert.Single(slow.Assign());
    }

    [Fact]
    public void A_worker_that_hands_back_is_given_nothing_ahead_until_a_task_has_ended_there()
    {
        _queue.AddWorker("w", 1, ["default"]);
        Offer(100);
        _queue.Free(_queue.Assign().Single().Key, TimeSpan.FromMilliseconds(1));
        var ahead = _queue.Assign();
        Assert.True(ahead.Count > 1);

        foreach (var grant in ahead.Skip(1))
        {
            _queue.HandBack(grant.Key);
        }

        Assert.Empty(_queue.Assign());
        _queue.Free(ahead[0].Key, TimeSpan.FromMilliseconds(1));
        Assert.True(_queue.Assign().Count > 1);
    }

    [Fact]
    public void What_a_worker_held_before_a_takeover_counts_when_it_registers()
    {
        _queue.Hold(Ready(), "w");
        _queue.AddWorker("w", 2, ["default"]);
        Offer(5);

        Assert.Single(_queue.Assign());
    }

    [Fact]
    public void A_run_that_is_cut_short_leaves_nothing_behind()
    {
        _queue.SetDagLimit(new("dag"), 2);
        _queue.AddWorker("w", 3, ["default"]);
        Offer(4);
        Offer(1, pool: "unknown");
        Offer(1, poolSlots: 1000);
        Assert.Equal(2, _queue.Assign().Count);

        _queue.Leave(1);

        Assert.Equal((0, 0), (_queue.Waiting, _queue.Active));
        var again = Ready() with { Key = new(1, 0) };
        _queue.Offer(again);
        Assert.Equal([new Grant(again.Key, "w")], _queue.Assign());
        _queue.Free(again.Key, null);
        Assert.Empty(_queue.Assign());
    }

    [Fact]
    public void The_runs_that_stay_keep_their_order_when_one_leaves()
    {
        _queue.Offer(Ready() with { Key = new(1, 0), Dag = new("a") });
        _queue.Offer(Ready() with { Key = new(2, 0), Dag = new("a") });
        _queue.Offer(Ready() with { Key = new(3, 0), Dag = new("b"), Priority = 0 });
        _queue.Leave(1);
        _queue.AddWorker("w", 1, ["default"]);

        Assert.Equal([new(2, 0), new(3, 0)], Drain());
    }

    [Fact]
    public void A_task_larger_than_its_pool_holds_up_nobody_and_goes_when_the_pool_grows()
    {
        _queue.SetPool("p", 2);
        _queue.AddWorker("w", 10, ["default"]);
        var large = Offer(1, pool: "p", poolSlots: 3, priority: 9).Single();
        Offer(1, pool: "p");

        Assert.Single(_queue.Assign());
        Assert.Contains("2 in all", _queue.Reasons(Ready("p") with { Key = large, PoolSlots = 3 })[0].Text, StringComparison.Ordinal);
        _queue.SetPool("p", 4);
        Assert.Equal(large, _queue.Assign().Single().Key);
    }

    [Fact]
    public void A_worker_that_is_about_to_stop_gets_no_sensor_either()
    {
        _queue.AddWorker("stopping", 0, ["default"]);
        _queue.Offer(Ready() with { NeedsSlot = false });

        Assert.Empty(_queue.Assign());
        _queue.AddWorker("w", 1, ["default"]);
        Assert.Equal("w", _queue.Assign().Single().Worker);
    }

    [Fact]
    public void A_Dag_at_its_limit_goes_on_by_priority_and_a_blocked_lane_of_it_holds_up_no_other()
    {
        _queue.SetPool("p", 1);
        _queue.SetDagLimit(new("dag"), 1);
        _queue.AddWorker("w", 10, ["default"]);
        var first = Offer(1).Single();
        Assert.Equal(first, _queue.Assign().Single().Key);
        var blocked = Offer(1, pool: "p", priority: 5).Single();
        var low = Offer(1, priority: 1).Single();
        var high = Offer(1, priority: 3).Single();
        Assert.Empty(_queue.Assign());
        var other = Offer(1, pool: "p", dag: "other", priority: 9).Single();
        Assert.Equal(other, _queue.Assign().Single().Key);

        _queue.Free(first, null);
        Assert.Equal(high, _queue.Assign().Single().Key);
        _queue.Free(high, null);
        Assert.Equal(low, _queue.Assign().Single().Key);
        _queue.Free(low, null);
        Assert.Empty(_queue.Assign());
        _queue.Free(other, null);
        Assert.Equal(blocked, _queue.Assign().Single().Key);
    }

    [Fact]
    public void A_completion_of_a_Dag_at_its_limit_does_not_look_at_all_that_wait()
    {
        const int Tasks = 20_000;
        _queue.SetPool("p", -1);
        _queue.SetDagLimit(new("dag"), 4);
        _queue.AddWorker("w", 100, ["default"]);
        Offer(Tasks, pool: "p");
        var before = GC.GetAllocatedBytesForCurrentThread();
        var running = new Queue<TaskKey>(_queue.Assign().Select(grant => grant.Key));
        var ended = 0;
        while (running.TryDequeue(out var key))
        {
            ended++;
            _queue.Free(key, null);
            _queue.Assign().ForEach(grant => running.Enqueue(grant.Key));
        }

        Assert.Equal(Tasks, ended);

        // Moving all that wait with each completion would allocate gigabytes.
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < Tasks * 4000L);
    }

    private List<TaskKey> Drain()
    {
        var order = new List<TaskKey>();
        for (var grants = _queue.Assign(); grants.Count > 0; grants = _queue.Assign())
        {
            order.Add(grants.Single().Key);
            _queue.Free(grants[0].Key, TimeSpan.FromMinutes(1));
        }

        return order;
    }

    private List<TaskKey> Offer(
        int count, string pool = DispatchQueue.DefaultPool, int poolSlots = 1, int priority = 1, bool backfill = false, string dag = "dag")
    {
        var keys = new List<TaskKey>();
        for (var i = 0; i < count; i++)
        {
            var task = Ready(pool) with { PoolSlots = poolSlots, Priority = priority, IsBackfill = backfill, Dag = new(dag) };
            _queue.Offer(task);
            keys.Add(task.Key);
        }

        return keys;
    }

    private ReadyTask Ready(string pool = DispatchQueue.DefaultPool, string queue = "default") =>
        new(new(1, _next++), new("dag"), pool, 1, queue, 1, false, true);
}
